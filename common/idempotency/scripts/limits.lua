-- take(bucket, pause, class, weight, rate, burst): one request to Prima for `class`; 0 = go, else ms to wait.
-- A bucket a class, refilled with its share of the rate among the classes that asked within the last second: who is alone has all of it, and
-- nobody who asks gets less than its weight's share. `pause` is set when Prima said Retry-After; it holds for the whole fleet.
local paused_ms -- asked once
local function take(bucket, pause, class, weight, rate, burst)
    paused_ms = paused_ms or redis.call('PTTL', pause)
    if paused_ms > 0 then return paused_ms end
    if rate <= 0 then return 0 end
    local all = redis.call('HGETALL', bucket)
    local h = {}
    for i = 1, #all, 2 do h[all[i]] = all[i + 1] end
    local weights = weight
    for field, seen in pairs(h) do
        local other, w = string.match(field, '^seen:(%w+):(%d+)$')
        if other and other ~= class and now - tonumber(seen) < 1000 then weights = weights + tonumber(w) end
    end
    local share = rate * weight / weights
    local room = math.max(1, burst * weight / weights)
    local tokens = tonumber(h['tokens:' .. class] or room)
    local at = tonumber(h['at:' .. class] or now)
    tokens = math.min(room, tokens + (now - at) * share / 1000)
    local wait = 0
    if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * 1000 / share) end
    redis.call('HSET', bucket, 'tokens:' .. class, tokens, 'at:' .. class, now, 'seen:' .. class .. ':' .. weight, now)
    redis.call('PEXPIRE', bucket, 60000)
    return wait
end
