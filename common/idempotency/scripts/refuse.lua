-- refuse: Prima definitely refused the send. Clean only when nothing earlier is unanswered; else it is a person's turn.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] number of the send, -1 when nothing was sent  [8] code  [9] delivery  [10] code when parked
-- [11] '1' when what was refused is the delivery's own content; else it may try that afterwards, and the refusal is nobody's to publish
-- What takes credit gives it back when the refusal is clean: KEYS[5] order  KEYS[6] position  ARGV[12] K  [13] the table's next offset by which it was found that too little
-- remains, else -1 -> moved: it is to be decided again, and nothing is stored; parked, and the number of its reservation, 0 for none
local tok, number = ARGV[6], tonumber(ARGV[7])
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if (rec[ST] == 'r' or rec[ST] == 'k') and rec[TOK] == tok then
    return {rec[ST] == 'r' and 'refused' or 'parked', credit and credit.kept(ARGV[12])}
end
if rec[TOK] ~= tok then return {'lost'} end --mutant token_compare
if rec[ST] ~= 's' and rec[ST] ~= 'c' then return {'lost'} end
local moved = credit and rec[ST] == 'c' and tonumber(ARGV[13]) >= 0 and credit.is_said(ARGV[13])
if moved then return moved end
for i, out in ipairs(rec[OUTS]) do
    if out[3] == number then
        table.remove(rec[OUTS], i)
        break
    end
end
local mine = ARGV[11] == '1'
rec[DLV], rec[LEASE], rec[AT] = mine and ARGV[9] or '', 0, now
if mine or #rec[OUTS] > 0 then redis.call('ZREM', KEYS[4], ARGV[9]) end
if #rec[OUTS] > 0 then rec[ST], rec[CODE] = 'k', ARGV[10] store() return {'parked', credit and credit.kept(ARGV[12])} end --mutant clean_refusal
if credit then credit.give_back(ARGV[12]) end --mutant refused_gives_back
if credit then credit.unmark(ARGV[12], ARGV[9]) end
rec[ST], rec[CODE], rec[SUM], rec[OUTS] = 'r', ARGV[8], '', {}
store('')
return {'refused', credit and 0}
