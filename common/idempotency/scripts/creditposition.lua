-- creditposition: after a loss of Redis, where the ledger ends now: up to there a table must have been read by whoever decides. Whatever stood there.
-- KEYS[3] position  ARGV[6] offset
redis.call('SET', KEYS[3], ARGV[6])
return {'restored'}
