-- slot: one process at a time has a slot. Stands alone (no marker is known yet when a slot is taken).
-- KEYS[1] lease  KEYS[2] epoch          ARGV[1] token  [2] lease, ms  [3] 'take' or 'renew'  [4] a holder that is known dead, or ''
-- Epochs follow Redis' clock, so that they rise even when Redis lost the last one.
local holder = redis.call('GET', KEYS[1])
if ARGV[3] == 'renew' then
    if holder and holder ~= ARGV[1] then return {'slot_lost'} end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return {'renewed'}
end
if holder and holder ~= ARGV[1] and holder ~= ARGV[4] then return {'busy', redis.call('PTTL', KEYS[1]), holder} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local epoch = math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], string.format('%d', epoch))
return {'taken', epoch}
