-- lock: a lease that its holder, or anybody once it is free, may take or renew. Stands alone.
-- KEYS[1] lock  ARGV[1] holder  [2] lease, ms
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {'busy', redis.call('PTTL', KEYS[1])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'renewed'}
