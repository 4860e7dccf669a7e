-- claim: who has this key, and may this delivery work on it?
-- KEYS[4] deferrals of the key
-- ARGV[6] F  [7] token  [8] lease, ms  [9] delivery  [10] the dead delivery that this one redrives, or ''  [11] source version  [12] ms a send may take
local want, tok, lease, dlv, parent, version, window = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
local ghost = stale()
if ghost then return ghost end

-- What ended for this very delivery stays so, whoever was deferred behind it: its answer was lost, or its holder died before the commit.
local ended = rec and rec[DLV] == dlv and rec[ST] ~= 'c' and rec[ST] ~= 's'
local deferred = ended and 0 or redis.call('ZCARD', KEYS[4])
local before = deferred > 0 and redis.call('ZRANK', KEYS[4], dlv) or deferred
if before > 0 then return {'deferred'} end --mutant key_order

local function claim()
    rec = {'c', want, tok, now + lease, 0, '', 0, dlv, '', version, '', {}, '', 0}
    store('')
    return {'claimed'}
end

if not rec then return claim() end
local st = rec[ST]

if st == 'p' then
    redis.call('ZREM', KEYS[4], dlv)
    local same = rec[F] == want
    if same and rec[DLV] ~= dlv and (rec[DLV] == '' or (parent ~= '' and rec[DLV] == parent)) then
        rec[DLV] = dlv
        store()
    end
    local verdict = same and 'own' or 'other'
    if same and rec[DLV] ~= dlv then verdict = 'same' end --mutant publisher_delivery
    return {'posted', verdict, rec[DLV], rec[SUM], rec[VER], rec[AT]}
end
if st == 'x' then
    redis.call('ZREM', KEYS[4], dlv)
    return {'cancelled', rec[DLV]}
end
if st == 'd' then
    redis.call('ZREM', KEYS[4], dlv)
    return {'discarded'}
end
if st == 'r' then
    if rec[DLV] == dlv then return {'refused', rec[CODE]} end
    return claim()
end
if st == 'k' then
    local same = (rec[F] == '' or rec[F] == want) and 1 or 0
    if same == 0 then redis.call('ZREM', KEYS[4], dlv) end -- it ends behind the parked one
    return {'parked', same, rec[CODE], rec[F], rec[SUM], absence_wait(), proven()}
end

-- claimed or sent: by us already (our answer was lost), by a holder who cannot come back (our own slot's former self), or by somebody else
if rec[TOK] == tok then
    if st == 'c' then return {'claimed'} end
else
    local dead = rec[SLOT] == slot and rec[EPOCH] < epoch
    local old = rec[MARK] ~= marker
    if not dead and not old and rec[LEASE] > now then return {'busy', rec[LEASE] - now} end
    if st == 'c' then return claim() end
    if old then rec[OUTS][#rec[OUTS] + 1] = {'', now + window, 0, ''} end --mutant old_marker
end
local exact = request()
rec[TOK], rec[LEASE] = tok, now + lease
store(exact)
local lost = 0
for _, out in ipairs(rec[OUTS]) do
    if out[1] == '' then lost = 1 end
end
return {'takeover', rec[F] == want and 1 or 0, rec[F], exact, rec[SUM], rec[VER], absence_wait(), proven(), lost}
