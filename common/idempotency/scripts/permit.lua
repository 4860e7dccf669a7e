-- permit: may a read go to Prima now? KEYS[4] bucket  KEYS[5] pause  ARGV[6..9] class, weight, rate, burst
local wait = take(KEYS[4], KEYS[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]))
if wait > 0 then return {'wait', wait} end
return {'go'}
