-- renew: the holder needs more time.
-- ARGV[6] token  [7] lease, ms  [8] ms a send may take
-- -> renewed, ms until an absence counts, senders (common.lua)
local ghost = stale()
if ghost then return ghost end
if not rec or rec[TOK] ~= ARGV[6] or rec[ST] ~= 'c' and rec[ST] ~= 's' then return {'lost'} end
rec[LEASE] = now + tonumber(ARGV[7])
mend_clock(nil, tonumber(ARGV[8]))
asks_now()
store()
return {'renewed', absence_wait(), senders()}
