-- cancel: the channel took the order back before it was posted; it must never be posted after this. Or every unit was taken back: then no older version
-- is posted any more, and a newer one may bring something back.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] delivery  [8] '' for good; else why it has nothing left  [9] its source version
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
local empty = ARGV[8]
if empty == '' and rec[ST] == 'x' and rec[TOK] == ARGV[6] then return {'cancelled'} end
if empty ~= '' and waits(rec) and rec[CODE] == empty and rec[DLV] == ARGV[7] then return {'cancelled'} end
if rec[TOK] ~= ARGV[6] or rec[ST] ~= 'c' then return {'lost'} end
rec[LEASE], rec[DLV], rec[AT] = 0, ARGV[7], now
if empty == '' then
    rec[ST] = 'x'
else -- record.lua, waits
    rec[TOK], rec[CODE], rec[VER] = '', empty, tonumber(ARGV[9])
end
store('')
redis.call('ZREM', KEYS[4], ARGV[7])
return {'cancelled'}
