-- What every script begins with, behind record.lua: the four questions that are asked before anything is written:
-- is this the Redis that we know (marker), is our slot still ours (epoch), is nobody newer (fence), whose claim is it (token, in each script).
--
-- KEYS[1] marker  KEYS[2] our slot's epoch  KEYS[3] record           ARGV[1] marker  ARGV[2] fence  ARGV[3] slot  ARGV[4] epoch  ARGV[5] TTL, ms
-- ARGV's last two: see counter.lua, which stands before this.
local marker, fence, slot, epoch, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]

local known = redis.call('MGET', KEYS[1], KEYS[2])
if known[1] ~= marker then return {'suspect'} end --mutant marker_key
if not counts(known[2], ARGV[4], KEYS[1], KEYS[2]) then return {'suspect'} end

local rec, request_at -- of KEYS[3]: one.lua, many.lua
-- In the scripts of what takes credit of an order: credit.lua's functions.
local credit

local function request()
    return rec and request_at and redis.call('GETRANGE', KEYS[3], request_at, '-1') or ''
end

-- Somebody newer than us wrote this record, or has our slot: we are a ghost.
local function stale()
    if rec == UNREADABLE then return {'unreadable'} end
    if holder_epoch > epoch then return {'slot_lost'} end
    if rec and rec[FENCE] > fence then return {'stale', rec[FENCE]} end --mutant generation_compare
    return nil
end

-- Whose claim it is, and under which marker, matters until the record is final; without it a settled key is a fifth smaller. Without `exact` the request
-- stays as it is.
local function put(exact)
    redis.call('SET', KEYS[3], cmsgpack.pack(rec), 'PX', ttl)
    if exact ~= '' then redis.call('APPEND', KEYS[3], exact) end
end
local function store(exact)
    local open = (rec[ST] == 'c' or rec[ST] == 's') and not waits(rec)
    exact = exact or request()
    rec[FENCE], rec[SLOT], rec[EPOCH], rec[MARK] = fence, open and slot or '', open and epoch or 0, open and marker or ''
    put(exact)
end

-- What F is made of. Items before it are filled, for a table with holes is packed as a map, which is larger.
local function set_parts(goods, money)
    if goods == '' then return end
    rec[SENDS], rec[LAYOUT] = rec[SENDS] or 0, rec[LAYOUT] or LAYOUT_MAX
    rec[GOODS], rec[MONEY] = goods, money
end

local function proven() return proves(rec) end

-- How long until an absence counts: every unanswered send must be past the time until which it may be applied.
local function absence_wait()
    local last = 0
    for _, out in ipairs(rec[OUTS]) do
        if out[2] > last then last = out[2] end
    end
    return last > now and last - now or 0
end

-- Redis' clock was set back: a time that lies further ahead than it was ever put is moved to where it would have been put now.
local function mend_clock(lease, window)
    local moved = false
    if lease and rec[LEASE] - now > lease then rec[LEASE], moved = now + lease, true end
    for _, out in ipairs(rec[OUTS]) do
        if window and out[2] - now > window then out[2], moved = now + window, true end
    end
    if moved then put(request()) end
end

-- A transfer that has ended: its last bytes may have left just now, and are applied within max_apply_delay from now or never.
-- A question that is under way was asked before, and proves no absence: its bytes may have slept until then.
local function has_ended(out, apply_delay)
    out[2] = math.max(out[2], now + apply_delay)
    out[5], out[6], out[7], out[8], out[9] = out[5] or '', out[6] or '', out[7] or 0, out[8] or '', UNASKED
end
-- Whoever hears this asks behind it.
local function asks_now()
    for _, out in ipairs(rec[OUTS]) do out[9] = nil end
end

-- The processes whose sends are unanswered, but for the caller's own and those whose transfers have ended: a line each of name, slot, epoch, and of the
-- slot's epoch and holder now; a lone '*' for all that Redis lost of this key; a lone '?' for a send whose
-- sender nobody knows (a version that did not say).
local function sender_line(out)
    if out[5] == LOST then return LOST end
    if not out[5] or out[5] == '' then return '?' end
    local prefix, flow = string.match(KEYS[1], '^(.*):marker:([^:]*)$')
    local at = ':' .. flow .. ':' .. out[6]
    local its = redis.call('MGET', prefix .. ':e' .. at, prefix .. ':s' .. at)
    return out[5] .. ' ' .. out[6] .. ' ' .. string.format('%d', out[7]) .. ' ' .. (string.match(its[1] or '', '^%d+') or '0') .. ' ' .. (its[2] or '-')
end
local function senders()
    local lines, seen = {}, {}
    for _, out in ipairs(rec[OUTS]) do
        if out[4] ~= rec[TOK] and out[4] ~= OVER and out[8] ~= NO then
            local line = sender_line(out)
            if not seen[line] then lines[#lines + 1], seen[line] = line, true end
        end
    end
    return table.concat(lines, '\n')
end
