-- What a script of the command line begins with, which has no slot, before credit.lua: the marker is the one that Redis has, and while Redis is being
-- rebuilt, or nobody has cleared it yet, it waits: suspect, and 'rebuild' in the first case.
-- KEYS[1] marker  ARGV[1] TTL, ms
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local marker, ttl, credit = redis.call('GET', KEYS[1]), ARGV[1], nil
if not marker or string.sub(marker, 1, 8) == 'rebuild:' then return {'suspect', marker and 'rebuild' or ''} end
