-- release: the holder gives its claim back, nothing was sent.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] delivery  [8] '1' when the record ends here, or lets later ones of its key pass: its deferral mark goes, too
if rec and rec[TOK] == ARGV[6] and rec[ST] == 'c' then redis.call('DEL', KEYS[3]) end
if ARGV[8] == '1' then redis.call('ZREM', KEYS[4], ARGV[7]) end
return {'released'}
