-- load: a job's share of the fleet's limit on Prima, by the same bucket and pause as the workers' (../idempotency/scripts/permit.lua), without their slots.
-- KEYS[1] bucket  KEYS[2] pause  ARGV[1] ask, or hold: Prima said Retry-After  ask: [2] class  [3] weight  [4] rate  [5] burst  hold: [2] ms
-- → go, µs until it may be used (negative: that long ago), now · wait, ms · held
if ARGV[1] == 'hold' then
    if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
    return {'held'}
end
local wait, rate = paused(KEYS[2]), tonumber(ARGV[4])
if wait > 0 then return {'wait', wait} end
if rate <= 0 then return {'go', 0, now} end
local count, first = take(KEYS[1], ARGV[2], tonumber(ARGV[3]), rate, tonumber(ARGV[5]), 1)
if count == 0 then return {'wait', math.ceil(first / 1000)} end
return {'go', first, now}
