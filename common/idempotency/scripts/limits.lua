-- The fleet's limit on Prima.
-- paused(key): ms for which nobody asks Prima anything, because it said Retry-After; it holds for the whole fleet.
-- take(bucket, class, weight, rate, burst, want): permits for `class`, and when → how many, µs until the first may be used (negative: that long
-- ago), µs between one and the next; none: µs after which to ask again.
--
-- A bucket a class, refilled with its share of the rate among the classes whose permits were used within the last second or are still to be: who is
-- alone has all of it, and nobody who asks gets less than its weight's share. Permits are given before their time: the bucket goes below zero, and
-- who asks next gets later ones. So whoever waits, waits once and until its own turn, and nobody asks in vain. A batch is what 100 ms let through,
-- two at least: a worker that dies with one costs the fleet no more.
local BATCH_MS, AHEAD_MAX_MS = 100, 60000
local paused_ms -- asked once
local function paused(key)
    paused_ms = paused_ms or redis.call('PTTL', key)
    return paused_ms > 0 and paused_ms or 0
end

local function take(bucket, class, weight, rate, burst, want)
    local all = redis.call('HGETALL', bucket)
    local h = {}
    for i = 1, #all, 2 do h[all[i]] = all[i + 1] end
    local weights = weight
    for field, seen in pairs(h) do -- seen: when its last permit is due, which may be to come, but not further than anybody is given one
        local other, w = string.match(field, '^seen:(%w+):(%d+)$')
        local ago = now - tonumber(seen)
        if other and other ~= class and ago < 1000 and ago > -2 * AHEAD_MAX_MS then weights = weights + tonumber(w) end
    end
    local share = rate * weight / weights
    local room = math.max(1, burst * weight / weights)
    local tokens, at = tonumber(h['tokens:' .. class] or room), tonumber(h['at:' .. class] or now)
    -- A clock that was set back has let nothing flow in, and takes nothing away.
    tokens = math.min(room, tokens + math.max(0, now - at) * share / 1000)
    local each = 1000000 / share
    local first = (1 - tokens) * each
    local count = math.min(want, math.max(2, math.floor(share * BATCH_MS / 1000)))
    if first > AHEAD_MAX_MS * 1000 then count, first = 0, first - AHEAD_MAX_MS * 1000 end
    local due = math.max(0, math.ceil((first + math.max(0, count - 1) * each) / 1000))
    redis.call('HSET', bucket, 'tokens:' .. class, tokens - count, 'at:' .. class, now, 'seen:' .. class .. ':' .. weight, now + due)
    redis.call('PEXPIRE', bucket, 60000 + due)
    return count, math.ceil(first), math.ceil(each)
end
