-- lease: one holder at a time, and a fencing token that grows with each.
-- KEYS[1] lease, "holder token", gone when it expires  KEYS[2] the last token, for ever  KEYS[3] note, for ever
-- ARGV[1] take, renew, note or release  [2] holder  [3] lease, ms  [4] token; 'take': a holder that is known dead, or ''  [5] note
-- → taken, token, now, note · busy, ms left, holder · renewed, now · noted · lost · released
-- A token is the clock, or one more than the last one where that is not less. So it grows while Redis has the counter, whatever the clock does; and
-- where Redis has lost everything, it grows as long as the clock was not set back besides, for no token was ever ahead of the clock by more than
-- the number of leases taken within one millisecond.
local holder, token = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%d+)$')
if ARGV[1] == 'take' then
    if holder and holder ~= ARGV[2] and holder ~= ARGV[4] then return {'busy', redis.call('PTTL', KEYS[1]), holder} end
    local next_token = math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now)
    redis.call('SET', KEYS[2], string.format('%d', next_token))
    redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. string.format('%d', next_token), 'PX', ARGV[3])
    return {'taken', next_token, now, redis.call('GET', KEYS[3]) or ''}
end
-- The token decides, too: a former self's command that arrives late is no word of the present holder.
if holder ~= ARGV[2] or token ~= ARGV[4] then return {'lost'} end
if ARGV[1] == 'release' then
    redis.call('DEL', KEYS[1])
    return {'released'}
end
if ARGV[1] == 'note' then
    redis.call('SET', KEYS[3], ARGV[5])
    return {'noted'}
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'renewed', now}
