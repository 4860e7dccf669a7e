-- park: a person's turn. What was sent and what is unanswered stays on record.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] code  [8] delivery  [9] '1' when the content that exists is not known to be any of ours
-- What takes credit keeps it: KEYS[5] order  ARGV[10] K -> parked, and the number of its reservation, 0 for none
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if rec[ST] == 'k' and rec[TOK] == ARGV[6] then return {'parked', credit and credit.kept(ARGV[10])} end
if rec[TOK] ~= ARGV[6] then return {'lost'} end --mutant token_compare
if rec[ST] ~= 's' and rec[ST] ~= 'c' then return {'lost'} end
rec[ST], rec[LEASE], rec[CODE], rec[DLV], rec[AT] = 'k', 0, ARGV[7], ARGV[8], now
if ARGV[9] == '1' then rec[F] = '' end
store()
redis.call('ZREM', KEYS[4], ARGV[8])
return {'parked', credit and credit.kept(ARGV[10])}
