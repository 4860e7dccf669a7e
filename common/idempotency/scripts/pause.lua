-- pause: Prima said Retry-After; the whole fleet obeys. KEYS[4] pause  ARGV[6] ms
if redis.call('PTTL', KEYS[4]) < tonumber(ARGV[6]) then redis.call('SET', KEYS[4], '1', 'PX', ARGV[6]) end
return {'paused'}
