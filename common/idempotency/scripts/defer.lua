-- defer: this delivery goes to a retry topic; later ones of its key must follow it there. Adding twice changes nothing.
-- KEYS[4] deferrals
-- ARGV[6] delivery  [7] ms that a mark may live: nothing stays in retry for longer  [8] token of the holder that lets go, or '': none of its transfers
-- is under way, and its unanswered sends are marked as such for whoever resolves them next  [9] prima.max_apply_delay, ms
local ghost = stale() --mutant defer_fence
if ghost then return ghost end --mutant defer_fence
local tok, dlv = ARGV[8], ARGV[6]
if rec and rec[DLV] == dlv and string.find('prkdx', rec[ST], 1, true) then return {'lost'} end -- it has ended meanwhile, the claim says how --mutant defer_fence
if rec and rec[ST] == 's' and rec[TOK] == tok then
    for _, out in ipairs(rec[OUTS]) do
        if out[4] == tok then
            out[4] = OVER
            has_ended(out, tonumber(ARGV[9]))
        end
    end
    store()
end
-- In the order of their coming; a mark's score is also the time of it, for claim.lua to forget those that nothing will remove.
local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[4], 'NX', string.format('%d', math.max((tonumber(last[2]) or 0) + 1, now)), dlv)
redis.call('PEXPIRE', KEYS[4], ARGV[7])
return {'deferred'}
