-- refuse: Prima definitely refused the send. Clean only when nothing earlier is unanswered; else it is a person's turn.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] number of the send, 0 when nothing was sent  [8] code  [9] delivery  [10] code when parked
local tok, number = ARGV[6], tonumber(ARGV[7])
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if (rec[ST] == 'r' or rec[ST] == 'k') and rec[DLV] == ARGV[9] and rec[TOK] == tok then return {rec[ST] == 'r' and 'refused' or 'parked'} end
if rec[TOK] ~= tok then return {'lost'} end --mutant token_compare
if rec[ST] ~= 's' and rec[ST] ~= 'c' then return {'lost'} end
for i, out in ipairs(rec[OUTS]) do
    if out[3] == number then
        table.remove(rec[OUTS], i)
        break
    end
end
rec[DLV], rec[LEASE], rec[AT] = ARGV[9], 0, now
redis.call('ZREM', KEYS[4], ARGV[9])
if #rec[OUTS] > 0 then rec[ST], rec[CODE] = 'k', ARGV[10] store() return {'parked'} end --mutant clean_refusal
rec[ST], rec[CODE], rec[SUM], rec[OUTS] = 'r', ARGV[8], '', {}
store('')
return {'refused'}
