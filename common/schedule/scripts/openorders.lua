-- openorders: a company's orders that are asked for again and again, by whoever holds the lease; each is found again from Kafka when Redis was lost.
-- KEYS[1] lease  [2] due: keys by next time  [3] about: facts by key, "flags since number"  [4] last: "version record" by key  [5] closed: keys that are
-- over, by when that is forgotten  [6] places: how far topics were read
-- ARGV[1] what  [2] the lease's token  [3] key, topic/partition, or how many  [4]...
-- → lost · add: added, known, closed · mark: marked, unknown · told: told, old, closed · wait: waits, unknown · due: due, now, keys · look: look, facts,
-- last · place: placed · where: where, offset · sums: sums, now, open, first, closed
local what, key = ARGV[1], ARGV[3]
if string.match(redis.call('GET', KEYS[1]) or '', ' (%d+)$') ~= ARGV[2] then return {'lost'} end
if what == 'due' then
    local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, key)
    table.insert(found, 1, now)
    table.insert(found, 1, 'due')
    return found
end
if what == 'look' then return {'look', redis.call('HGET', KEYS[3], key) or '', redis.call('HGET', KEYS[4], key) or ''} end
if what == 'where' then return {'where', redis.call('HGET', KEYS[6], key) or ''} end
if what == 'place' then
    redis.call('HSET', KEYS[6], key, ARGV[4])
    return {'placed'}
end
if what == 'sums' then
    local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
    return {'sums', now, redis.call('ZCARD', KEYS[2]), tonumber(first[2] or -1), redis.call('ZCARD', KEYS[5])}
end
if what == 'wait' then
    if redis.call('HEXISTS', KEYS[3], key) == 0 then return {'unknown'} end
    redis.call('ZADD', KEYS[2], ARGV[4], key)
    return {'waits'}
end
if what == 'mark' then
    local about = redis.call('HGET', KEYS[3], key)
    if not about then return {'unknown'} end
    if not string.find(string.match(about, '^%S*'), ARGV[4], 1, true) then redis.call('HSET', KEYS[3], key, ARGV[4] .. about) end
    return {'marked'}
end
if redis.call('ZSCORE', KEYS[5], key) then return {'closed'} end
-- add: [4] facts  [5] next time
if what == 'add' then
    if redis.call('HSETNX', KEYS[3], key, ARGV[4]) == 0 then return {'known'} end
    redis.call('ZADD', KEYS[2], ARGV[5], key)
    return {'added'}
end
-- told: [4] version  [5] record  [6] facts, where there are none yet  [7] next time; or, of what is over, ''  [8] then: when that is forgotten
local last = redis.call('HGET', KEYS[4], key)
if last and tonumber(string.match(last, '^%d+')) >= tonumber(ARGV[4]) then return {'old'} end
if ARGV[7] == '' then
    redis.call('ZREM', KEYS[2], key)
    redis.call('HDEL', KEYS[3], key)
    redis.call('HDEL', KEYS[4], key)
    redis.call('ZADD', KEYS[5], ARGV[8], key)
    return {'told'}
end
redis.call('HSET', KEYS[4], key, ARGV[4] .. ' ' .. ARGV[5])
redis.call('HSETNX', KEYS[3], key, ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[7], key)
return {'told'}
