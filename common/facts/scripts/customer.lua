-- customer: one account for one person, whichever channel or worker meets them first. The record has the layout of record.lua; its SUM is the account.
-- KEYS[3] by e-mail (or by channel id when there is no e-mail)  KEYS[4] by channel id, may be the same as KEYS[3]
-- ARGV[6] step  [7] token  [8] lease, ms  [9] ms that a send may take  [10] account; of `sent`: for which time
-- [11] the process that sends  [12] prima.max_apply_delay, ms
--   claim  → known account · claimed · busy ms · unsure ms, senders, ms (whole seconds) since, how often it was sent (a NewCustomer may be under way: search after so many ms, and
--            create only when every sender of it is over, common.lua)
--   sent   NewCustomer leaves now   ended  its transfer has ended, without an answer that tells   known  the account is this
--   release  nothing was sent, somebody else may try
-- A claim holds both keys, and each remembers what was sent: the same person may come with one of them only, or with another e-mail.
local step, tok, lease, window, account = ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local two = KEYS[4] ~= KEYS[3]
local alias = two and read(KEYS[4])

if step == 'ended' then -- a fact, whoever has the keys by now, who stays who it is
    local function ended(key, record)
        if not record or record == UNREADABLE then return end
        local found = false
        for _, out in ipairs(record[OUTS]) do
            if out[4] == tok then
                out[4], found = OVER, true
                has_ended(out, tonumber(ARGV[12]))
            end
        end
        if found then redis.call('SET', key, cmsgpack.pack(record)) end
    end
    ended(KEYS[3], rec)
    if two then ended(KEYS[4], alias) end
    return {'ended'}
end

local ghost = stale()
if ghost then return ghost end
if alias == UNREADABLE then return {'unreadable'} end

local function put(key, record)
    local open = record[ST] ~= 'p'
    record[FENCE], record[SLOT], record[EPOCH], record[MARK] = fence, open and slot or '', open and epoch or 0, open and marker or ''
    redis.call('SET', key, cmsgpack.pack(record)) -- no TTL: an account is ours in Prima for good, and so is a creation of which nobody knows
end

local function is_final(record) return record and record[ST] == 'p' end
local function is_ours(record) return record and record[ST] ~= 'p' and record[TOK] == tok end

local function left(record) -- ms for which somebody else has it; a former self of our own slot has nothing
    if not record or is_final(record) or record[TOK] == tok or (record[SLOT] == slot and record[EPOCH] < epoch) then return 0 end
    return record[LEASE] > now and record[LEASE] - now or 0
end

if step == 'claim' then
    -- The channel's customer id outlives a changed e-mail, so it is asked first.
    if is_final(alias) then return {'known', alias[SUM]} end
    local busy = left(rec)
    if left(alias) > busy then busy = left(alias) end --mutant customer_both_keys
    if busy > 0 then return {'busy', busy} end
    if is_final(rec) then
        if two then put(KEYS[4], rec) end
        return {'known', rec[SUM]}
    end
    local outs = rec and rec[OUTS] or {}
    if alias and #alias[OUTS] > 0 and (#outs == 0 or alias[OUTS][1][2] > outs[1][2]) then outs = alias[OUTS] end --mutant customer_both_keys
    rec = {#outs > 0 and 's' or 'c', '', tok, now + lease, 0, '', 0, '', '', 0, '', outs, '', 0, #outs > 0 and math.max(rec and rec[SENDS] or 1, alias and alias[SENDS] or 1) or 0}
    put(KEYS[3], rec)
    if two then put(KEYS[4], rec) end
    if #outs > 0 then return {'unsure', absence_wait(), senders(), math.floor(math.max(0, now - outs[#outs][2]) / 1000) * 1000, rec[SENDS]} end --mutant customer_unsure
    return {'claimed'}
end

if step == 'known' then -- a fact, whoever has the keys by now; the first one stays
    if is_final(rec) and rec[SUM] ~= account then return {'lost'} end
    local final = {'p', '', '', 0, 0, '', 0, '', '', 0, account, {}, '', now}
    if not is_final(rec) then put(KEYS[3], final) end
    if two and not is_final(alias) then put(KEYS[4], final) end
    return {'known', account}
end

if step == 'release' and not rec and not is_ours(alias) then return {'released'} end
if step == 'sent' and not is_ours(rec) then return {'lost'} end
if step == 'sent' and two and not is_ours(alias) then return {'lost'} end --mutant customer_both_keys
if not is_ours(rec) and not is_ours(alias) then return {'lost'} end

local function change(key, record)
    if not is_ours(record) then return end
    record[LEASE] = step == 'release' and 0 or now + lease
    if step == 'sent' then
        record[ST], record[OUTS], record[SENDS] = 's', {{'', now + window, 1, tok, ARGV[11], slot, epoch}}, tonumber(account) or 1
    end
    if step == 'answered' then record[ST], record[OUTS] = 'c', {} end
    if step == 'release' and record[ST] == 'c' then redis.call('DEL', key) else put(key, record) end
end
change(KEYS[3], rec)
if two then change(KEYS[4], alias) end
return {step == 'release' and 'released' or step}
