-- renew: the holder needs more time.
-- ARGV[6] token  [7] lease, ms
local ghost = stale()
if ghost then return ghost end
if not rec or rec[TOK] ~= ARGV[6] or rec[ST] ~= 'c' and rec[ST] ~= 's' then return {'lost'} end
rec[LEASE] = now + tonumber(ARGV[7])
store()
return {'renewed'}
