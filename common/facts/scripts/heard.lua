-- heard: what Prima said about products. KEYS[4] known  KEYS[5] questions (known.lua)
-- ARGV[6] ms when the question was taken up, by Redis' clock: whoever sleeps over the answer does not make it younger
-- ARGV[7] tags of those that it has  [8] of those that it lacks  [9] how many may be known  [10] max age, ms
local asked, has, lacks, room, age = tonumber(ARGV[6]), ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10]
local ghost = stale()
if ghost then return ghost end

local function at(tag) return tonumber(redis.call('ZSCORE', KEYS[4], tag) or '-1') end

for i = 1, #has, 16 do
    local tag = string.sub(has, i, i + 15)
    if at(tag) < asked then redis.call('ZADD', KEYS[4], asked, tag) end
    redis.call('HDEL', KEYS[5], tag)
end
for i = 1, #lacks, 16 do
    local tag = string.sub(lacks, i, i + 15)
    if at(tag) <= asked then redis.call('ZREM', KEYS[4], tag) end
    redis.call('HSET', KEYS[5], tag, cmsgpack.pack({'', asked, true}))
end
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(room + 1))
if redis.call('HLEN', KEYS[5]) > room then redis.call('DEL', KEYS[5]) end
redis.call('PEXPIRE', KEYS[4], age)
redis.call('PEXPIRE', KEYS[5], 60000)
return {'heard'}
