-- cancel: the channel took the order back before it was posted; it must never be posted after this.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] delivery
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if rec[ST] == 'x' and rec[TOK] == ARGV[6] then return {'cancelled'} end
if rec[TOK] ~= ARGV[6] or rec[ST] ~= 'c' then return {'lost'} end
rec[ST], rec[LEASE], rec[DLV], rec[AT] = 'x', 0, ARGV[7], now
store('')
redis.call('ZREM', KEYS[4], ARGV[7])
return {'cancelled'}
