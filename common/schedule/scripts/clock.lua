-- What the scripts of this folder begin with: Redis' clock, in milliseconds. They stand apart from those of slots and keys: nothing here is lost
-- that a record's fate depends on.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
