-- mark: the marker becomes another one, if it is what the caller saw last, and this Redis is the one in which the caller took its slot: whatever it did since
-- then is there. Stands alone.
-- KEYS[1] marker  KEYS[2] our slot's epoch          ARGV[1] marker as seen, '' when there was none  [2] the new one, '' for none  [3] our epoch
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return {'suspect'} end --mutant marker_swap
if string.match(redis.call('GET', KEYS[2]) or '', '^%d+') ~= ARGV[3] then return {'suspect'} end --mutant marker_swap
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return {'renewed'}
