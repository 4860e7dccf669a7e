-- claim_key(): who has this key, and may this delivery work on it? What `claim` is, and `creditclaim`, and what `claimsent` leaves to it.
-- KEYS[4] deferrals of the key
-- ARGV[6] F  [7] token  [8] lease, ms  [9] delivery  [10] the dead delivery that this one redrives, or ''  [11] source version  [12] ms a send may take
-- [13] ms that a deferral mark may live  [14] goods  [15] money  [16] '1' when the event takes the order back
-- Of what takes credit: KEYS[5] order  ARGV[17] K -> parked; posted, own: behind the rest the number of its reservation, 0 for none
local function claim_key()
    local want, tok, lease, dlv, parent, version, window = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
    local ghost = stale()
    if ghost then return ghost end

    -- What ended for this very delivery stays so, whoever was deferred behind it: its answer was lost, or its holder died before the commit.
    local ended = rec and rec[DLV] == dlv and rec[ST] ~= 'c' and rec[ST] ~= 's' and rec[ST] ~= 'w'
    local deferred = ended and 0 or redis.pcall('ZCARD', KEYS[4])
    if type(deferred) ~= 'number' then return {'unreadable'} end
    -- A mark whose record can be in no retry topic any more holds nobody back (an older version's marks are no times).
    if deferred > 0 then
        deferred = deferred - redis.call('ZREMRANGEBYSCORE', KEYS[4], '1000000000000', now - tonumber(ARGV[13]))
    end
    local before = deferred > 0 and redis.call('ZRANK', KEYS[4], dlv) or deferred
    if before > 0 then return {'deferred'} end --mutant key_order

    local function claim(code)
        rec = {'c', want, tok, now + lease, 0, '', 0, dlv, '', version, '', {}, code or '', 0}
        store('')
        return {'claimed'}
    end

    if not rec then return claim() end
    local st = rec[ST]

    -- A delivery ends here without a change to the record: that a newer generation was here stays known, or a ghost could still leave a mark for it.
    local function seen()
        if rec[FENCE] >= fence then return end
        rec[FENCE] = fence
        local exact = request()
        redis.call('SET', KEYS[3], cmsgpack.pack(rec), 'KEEPTTL')
        if exact ~= '' then redis.call('APPEND', KEYS[3], exact) end
    end

    if st == 'p' then
        redis.call('ZREM', KEYS[4], dlv)
        local same = rec[F] == want
        if same and rec[DLV] ~= dlv and (rec[DLV] == '' or (parent ~= '' and rec[DLV] == parent)) then
            rec[DLV] = dlv
            store()
        end
        seen()
        local verdict = same and 'own' or nil
        if same and rec[DLV] ~= dlv then verdict = nil end --mutant publisher_delivery
        if not verdict and rec[GOODS] then
            verdict = life_verdict(dlv, version, ARGV[14], ARGV[15], ARGV[16] == '1')
            if same and verdict == 'older' then verdict = 'same' end
        elseif not verdict and same then -- an earlier version's record, and this content is the one that it knows
            verdict = 'same'
            set_parts(ARGV[14], ARGV[15])
            store()
        end
        verdict = verdict or 'other'
        local answer = {'posted', verdict, rec[DLV], rec[SUM], rec[VER], rec[AT], rec[GOODS] and life_names(verdict) or '', life()[DOC_DLV]}
        if credit and verdict == 'own' then answer[8], answer[9] = answer[8] or '', credit.hold(ARGV[17], rec[SUM]) end --mutant publisher_holds
        return answer
    end
    if st == 'x' then
        seen()
        redis.call('ZREM', KEYS[4], dlv)
        return {'cancelled', rec[DLV]}
    end
    if st == 'd' then
        seen()
        redis.call('ZREM', KEYS[4], dlv)
        return {'discarded'}
    end
    if st == 'r' then
        if rec[DLV] == dlv then
            seen()
            return {'refused', rec[CODE]}
        end
        return claim()
    end
    -- A newer version waits beside this one, and is the one to be posted, or has nothing left; also while it is being looked at again, should that holder die.
    local function is_older() return rec[DLV] ~= dlv and came_before(dlv, version, rec[DLV], rec[VER]) end
    local function superseded()
        seen()
        redis.call('ZREM', KEYS[4], dlv)
        return {'superseded', rec[DLV]}
    end
    if waits(rec) then
        if is_older() then return superseded() end
        return claim('w')
    end
    mend_clock(rec[TOK] ~= tok and lease, window)
    if st == 'k' then
        local same = (rec[F] == '' or rec[F] == want) and 1 or 0
        seen()
        if same == 0 then redis.call('ZREM', KEYS[4], dlv) end -- it ends behind the parked one
        return {'parked', same, rec[CODE], rec[F], rec[SUM], absence_wait(), proven(), credit and credit.kept(ARGV[17])}
    end

    -- claimed or sent: by us already (our answer was lost), by a holder who cannot come back (our own slot's former self), or by somebody else
    if rec[TOK] == tok then
        if st == 'c' then
            -- it was another's that we took over, and is free for ours now
            if rec[DLV] ~= dlv or rec[F] ~= want or rec[VER] ~= version then return claim() end
            return {'claimed'}
        end
    else
        local dead = rec[SLOT] == slot and rec[EPOCH] < epoch
        local old = rec[MARK] ~= marker
        if not dead and not old and rec[LEASE] > now then return {'busy', rec[LEASE] - now} end
        if st == 'c' and rec[CODE] == 'w' and is_older() then return superseded() end
        if st == 'c' then return claim(rec[DLV] == dlv and rec[CODE] or nil) end
        if old then rec[OUTS][#rec[OUTS] + 1] = {'', now + window, 0, '', LOST, '', 0} end --mutant old_marker
    end
    local exact = request()
    rec[TOK], rec[LEASE] = tok, now + lease
    asks_now()
    store(exact)
    local lost = 0
    for _, out in ipairs(rec[OUTS]) do
        if out[1] == '' then lost = 1 end
    end
    return {'takeover', rec[F] == want and 1 or 0, rec[F], exact, rec[SUM], rec[VER], absence_wait(), proven(), lost, senders()}
end
