-- defer: this delivery goes to a retry topic; later ones of its key must follow it there. Adding twice changes nothing.
-- KEYS[4] deferrals
-- ARGV[6] delivery  [7] ms that a mark may live: nothing stays in retry for longer  [8] token of the holder that lets go, or '': none of its transfers
-- is under way, and its unanswered sends are marked as such for whoever resolves them next
if rec and rec[ST] == 's' and rec[TOK] == ARGV[8] and not stale() then
    for _, out in ipairs(rec[OUTS]) do
        if out[4] == ARGV[8] then out[4] = OVER end
    end
    store()
end
local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[4], 'NX', (tonumber(last[2]) or 0) + 1, ARGV[6])
redis.call('PEXPIRE', KEYS[4], ARGV[7])
return {'deferred'}
