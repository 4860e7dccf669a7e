-- permit: may something go to Prima? KEYS[4] bucket  KEYS[5] pause  ARGV[6..9] class, weight, rate, burst  [10] permits wanted; 0: is there a pause?
-- → wait ms · go, permits, µs until the first may be used (negative: that long ago), µs between one and the next (limits.lua)
local wait, want, rate = paused(KEYS[5]), tonumber(ARGV[10]), tonumber(ARGV[8])
if wait > 0 then return {'wait', wait} end
if rate <= 0 or want <= 0 then return {'go', want, 0, 0} end
local count, first, each = take(KEYS[4], ARGV[6], tonumber(ARGV[7]), rate, tonumber(ARGV[9]), want)
if count == 0 then return {'wait', math.ceil(first / 1000)} end
return {'go', count, first, each}
