-- cancel: the channel took the order back before it was posted; it must never be posted after this. Or every unit was taken back: then no older version
-- is posted any more, and a newer one may bring something back.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] delivery  [8] '' for good; else why it has nothing left  [9] its source version
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
local state = ARGV[8] == '' and 'x' or 'w'
if rec[ST] == state and rec[TOK] == ARGV[6] then return {'cancelled'} end
if rec[TOK] ~= ARGV[6] or rec[ST] ~= 'c' then return {'lost'} end
rec[ST], rec[LEASE], rec[DLV], rec[AT] = state, 0, ARGV[7], now
if state == 'w' then rec[CODE], rec[VER] = ARGV[8], tonumber(ARGV[9]) end
store('')
redis.call('ZREM', KEYS[4], ARGV[7])
return {'cancelled'}
