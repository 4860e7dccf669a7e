-- parked: a person's word about a key that is parked, and what there is to know before it. Behind record.lua and person.lua: it has no slot. A parked key is nobody's
-- work; what somebody works on is theirs. To be released it is claimed first, as by a worker: until its ledger record and the copy of its dead letter are committed nobody sends it,
-- and who dies in between leaves a claim that runs out, of which nothing was sent.
-- KEYS[1] marker  KEYS[2] record  of what takes credit KEYS[3] order
-- ARGV[1] TTL, ms  [2] what  [3] token  [4] lease, ms  [5] ms to wait behind the last send  [6] F of the dead letter's content  [7] its delivery  [8] source version
-- [9] goods  [10] money  [11] summary by today's rules, or ''  [12] K
-- look     -> known, state, code, found proves (0/1), ms until it may be released, what was sent: 'own' content, 'other', '' not known; bytes of its summary,
--             the delivery that it is for; of a posted one that publishes it, '' when nobody does yet
-- adopt    -> finished: whoever comes with that content publishes it; unproven: there is no summary of it
-- take     -> claimed, and nothing is reserved any more; wait, ms
-- free     -> released
-- discard  -> discarded
-- Else posted, and the delivery that publishes it; busy, ms; cancelled; discarded; lost: it is not parked; suspect; unreadable
if credit then ORDER = 3 end
local what, tok, dlv = ARGV[2], ARGV[3], ARGV[7]
local rec = read(KEYS[2])
if rec == UNREADABLE then return {'unreadable'} end
local st = rec and rec[ST] or ''
local function put(exact)
    redis.call('SET', KEYS[2], cmsgpack.pack(rec), 'PX', ttl)
    if exact then redis.call('APPEND', KEYS[2], exact) end
end

-- Its last bytes are applied by then or never; what Redis lost of it was sent before it was parked.
local function wait_left()
    local last = rec[AT]
    for _, out in ipairs(rec[OUTS]) do last = math.max(last, out[2]) end
    return math.max(last + tonumber(ARGV[5]) - now, 0)
end

if what == 'look' then
    if not rec then return {'known', '', '', 0, 0, '', 0, ''} end
    local whose = rec[F] == '' and '' or rec[F] == ARGV[6] and 'own' or 'other'
    return {'known', st, rec[CODE] or '', proves(rec), st == 'k' and wait_left() or 0, whose, #rec[SUM], rec[DLV]}
end

local held = (st == 's' or st == 'c') and rec[TOK] ~= '' and rec[LEASE] - now or 0
if what == 'free' then
    if st == 'r' and rec[TOK] == tok then return {'released'} end
    if st ~= 'c' or rec[TOK] ~= tok then return {'lost'} end
    rec[ST], rec[LEASE], rec[DLV], rec[MARK], rec[CODE], rec[AT] = 'r', 0, '', '', 'released', now
    put()
    return {'released'}
end
if st == 'p' and rec[DLV] == '' and what == 'adopt' then return {'finished', rec[AT]} end
if st == 'p' then return {'posted', rec[DLV]} end
if st == 'x' then return {'cancelled'} end
if held > 0 and not (what == 'take' and st == 'c' and rec[TOK] == tok) then return {'busy', held} end --mutant parked_is_nobodys

if what == 'take' then
    if st == 'd' then return {'discarded'} end
    if st == 'k' and wait_left() > 0 then return {'wait', wait_left()} end --mutant release_waits
    if st ~= 'k' and st ~= 'r' and not (st == 'c' and not waits(rec)) then return {'lost'} end
    if credit then credit.give_back(ARGV[12]) end
    rec = {'c', ARGV[6], tok, now + tonumber(ARGV[4]), rec[FENCE], '', 0, dlv, marker, tonumber(ARGV[8]), '', {}, '', 0}
    put()
    return {'claimed'}
end

if what == 'discard' then
    if st ~= 'k' and st ~= 'd' then return {'lost'} end
    if credit then credit.give_back(ARGV[12]) end
    rec[ST], rec[TOK], rec[LEASE] = 'd', '', 0
    put()
    return {'discarded'}
end

if st == 'd' then return {'discarded'} end
if st ~= 'k' then return {'lost'} end
local content, summary, version = rec[F], rec[SUM], rec[VER]
if content == '' then content, summary = ARGV[6], ARGV[11] end
if content == ARGV[6] and summary == '' then summary = ARGV[11] end
if summary == '' then return {'unproven'} end
if version == 0 and content == ARGV[6] then version = tonumber(ARGV[8]) end
rec = {'p', content, '', 0, rec[FENCE], '', 0, '', '', version, summary, {}, '', now}
if content == ARGV[6] and ARGV[9] ~= '' then rec[SENDS], rec[LAYOUT], rec[GOODS], rec[MONEY] = 0, LAYOUT_MAX, ARGV[9], ARGV[10] end
put()
return {'finished', now}
