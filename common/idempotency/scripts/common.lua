-- What every script begins with: the layout of a key's record, and the four questions that are asked before anything is written:
-- is this the Redis that we know (marker), is our slot still ours (epoch), is nobody newer (fence), whose claim is it (token, in each script).
--
-- KEYS[1] marker  KEYS[2] our slot's epoch  KEYS[3] record           ARGV[1] marker  ARGV[2] fence  ARGV[3] slot  ARGV[4] epoch  ARGV[5] TTL, ms
--
-- The record is a packed array (a third of a hash's size) and, while there is one, the exact request behind it. Lua hashes every string that it makes, byte by
-- byte: a request of 4 KB within the array took a quarter of Redis' time. So the array alone is read, from a beginning that most fit in.
local ST, F, TOK, LEASE, FENCE, SLOT, EPOCH, DLV, MARK, VER, SUM, OUTS, CODE, AT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
-- ST    c claimed, s sent, p posted, r refused, k parked, d discarded, x cancelled before posting
-- F     identity of the content that is (to be) sent; TOK, LEASE (ms by Redis' clock) of who works on it
-- FENCE group epoch × 2^32 + generation of the last writer; claimed, sent: SLOT and EPOCH its slot
-- DLV   claimed, sent, refused, parked: the delivery that it happens for; posted: the delivery that publishes it, '' while nobody does
-- MARK  claimed, sent: marker under which it was written; VER source version; SUM the flow's summary; CODE reason; AT ms it became final
-- OUTS  unanswered sends: {F, ms until when it may still be applied, number of the send, token of who sent it, or OVER}
--       OVER in place of the token: the sender itself said, before it let go of the key, that its transfer has ended. No byte of it can leave any more.
local OVER = 'over'
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local marker, fence, slot, epoch, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]

local known = redis.call('MGET', KEYS[1], KEYS[2])
if known[1] ~= marker then return {'suspect'} end --mutant marker_key

-- The record, and where the request begins behind it.
local function read(key)
    local raw = redis.call('GETRANGE', key, '0', '511')
    if raw == '' then return nil end
    local whole, at, record = pcall(cmsgpack.unpack_one, raw)
    if not whole then
        raw = redis.call('GET', key)
        at, record = cmsgpack.unpack_one(raw)
    end
    return record, at < 0 and #raw or at
end
local rec, request_at -- of KEYS[3]: one.lua, many.lua

local function request()
    return rec and request_at and redis.call('GETRANGE', KEYS[3], request_at, '-1') or ''
end

-- Somebody newer than us wrote this record, or has our slot: we are a ghost.
local function stale()
    if tonumber(known[2] or '0') > epoch then return {'slot_lost'} end
    if rec and rec[FENCE] > fence then return {'stale'} end --mutant generation_compare
    return nil
end

-- Whose claim it is, and under which marker, matters until the record is final; without it a settled key is a fifth smaller. Without `exact` the request
-- stays as it is.
local function store(exact)
    local open = rec[ST] == 'c' or rec[ST] == 's'
    exact = exact or request()
    rec[FENCE], rec[SLOT], rec[EPOCH], rec[MARK] = fence, open and slot or '', open and epoch or 0, open and marker or ''
    redis.call('SET', KEYS[3], cmsgpack.pack(rec), 'PX', ttl)
    if exact ~= '' then redis.call('APPEND', KEYS[3], exact) end
end

-- A document that is found is ours only if a send is unanswered and every unanswered one had the content that the record names.
local function proven()
    for _, out in ipairs(rec[OUTS]) do
        if out[1] ~= rec[F] then return 0 end --mutant found_proof
    end
    return #rec[OUTS] > 0 and 1 or 0
end

-- How long until an absence counts: every unanswered send must be past the time until which it may be applied.
local function absence_wait()
    local last = 0
    for _, out in ipairs(rec[OUTS]) do
        if out[2] > last then last = out[2] end
    end
    return last > now and last - now or 0
end
