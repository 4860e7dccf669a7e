-- slot: one process at a time has a slot. No marker is known yet when one is taken.
-- KEYS[1] lease  KEYS[2] epoch (counter.lua)  KEYS[3] marker
-- ARGV[1] token  [2] lease, ms  [3] 'take', 'keep' (by whoever starts) or 'renew' (by whoever works)  [4] take: a holder that is known dead, or ''
-- ARGV[5] renew: epoch  [6] renew: marker
-- Epochs follow Redis' clock, so that they rise even when Redis lost the last one. Who takes a slot hears what its former holder left: epoch, number, seconds.
local holder = redis.call('GET', KEYS[1])
if ARGV[3] ~= 'take' then
    if holder and holder ~= ARGV[1] then return {'slot_lost'} end
    if ARGV[3] == 'renew' then
        if redis.call('GET', KEYS[3]) ~= ARGV[6] then return {'suspect'} end --mutant marker_key
        if not counts(redis.call('GET', KEYS[2]), ARGV[5], KEYS[3], KEYS[2]) then return {'suspect'} end
        if holder_epoch > tonumber(ARGV[5]) then return {'slot_lost'} end
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return {'renewed'}
end
if holder and holder ~= ARGV[1] and holder ~= ARGV[4] then return {'busy', redis.call('PTTL', KEYS[1]), holder} end
local former, number, seconds = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) ?(%d*) ?(%d*)')
former = tonumber(former) or 0
local epoch = math.max(former + 1, now)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], string.format('%d %s %s', epoch, string.rep('0', 14), t[1]))
return {'taken', epoch, former, tonumber(number) or 0, tonumber(seconds) or 0}
