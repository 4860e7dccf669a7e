-- What a script of the command line begins with, behind counter.lua and before credit.lua: the marker is the one that Redis has, and while Redis is being
-- rebuilt, or nobody has cleared it yet, it waits: suspect, and 'rebuild' in the first case.
-- A command has no slot: what it writes counts in a key of its own, so that a Redis that is set back behind it is found out by its next script, as by a worker's.
-- KEYS[1] marker  ARGV[1] TTL, ms
local marker, ttl, credit = redis.call('GET', KEYS[1]), ARGV[1], nil
if not marker or string.sub(marker, 1, 8) == 'rebuild:' then return {'suspect', marker and 'rebuild' or ''} end
local function is_counted(key, is_first)
    if is_first then redis.call('SET', key, '1 ' .. ARGV[#ARGV - 1] .. ' ' .. t[1]) end
    local has_all = counts(redis.call('GET', key), '1', KEYS[1], key)
    redis.call('PEXPIRE', key, '86400000') -- longer than any command
    return has_all
end
