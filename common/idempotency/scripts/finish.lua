-- finish: the document exists and is ours → posted.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] how: 'ok' Prima said OK to our send, 'found' it was found and is proven, 'adopt' by other evidence  [8] F of the document
-- ARGV[9] delivery  [10] '1' when the delivery's own content is F  [11] summary  [12] source version of the delivery
-- [13] goods of the delivery's own content  [14] its money
-- What takes credit keeps it: KEYS[5] order  KEYS[6] record of the order itself  ARGV[15] K
-- -> finished, ms, and of what takes credit the number of its reservation, 0 for none, and which exception of its order is open
local tok, how, content, dlv, mine = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10] == '1'
-- A definite OK is a fact, also where the record was lost meanwhile, or spoilt.
if how == 'ok' and (not rec or rec == UNREADABLE) then
    rec = {'s', content, tok, 0, 0, '', 0, dlv, '', mine and tonumber(ARGV[12]) or 0, '', {}, '', 0}
end
if not rec then return {'lost'} end
if rec == UNREADABLE then return {'unreadable'} end
if rec[ST] == 'p' then
    -- our own answer was lost: the same again
    if rec[F] == content and rec[DLV] == (mine and dlv or '') then return {'finished', rec[AT], credit and credit.hold(ARGV[15], rec[SUM]), credit and credit.related()} end
    return {'lost'}
end
-- A definite OK is a fact whoever holds the key now; everything else must be the holder's.
if how ~= 'ok' then
    local ghost = stale()
    if ghost then return ghost end
    if rec[ST] == 's' and rec[TOK] ~= tok then return {'lost'} end --mutant token_compare
    if rec[ST] ~= 's' and rec[ST] ~= 'k' and how ~= 'adopt' then return {'lost'} end
    if how == 'found' and (rec[F] ~= content or proven() == 0) then return {'unproven'} end
end
if rec[FENCE] > fence then fence = rec[FENCE] end
local goods, money = '', ''
if mine then goods, money = ARGV[13], ARGV[14] elseif rec[F] == content and rec[GOODS] then goods, money = rec[GOODS], rec[MONEY] end
rec = {'p', content, '', 0, 0, '', 0, mine and dlv or '', '', rec[VER], ARGV[11], {}, '', now}
set_parts(goods, money)
store('')
redis.call('ZREM', KEYS[4], dlv)
return {'finished', now, credit and credit.hold(ARGV[15], ARGV[11]), credit and credit.related()}
