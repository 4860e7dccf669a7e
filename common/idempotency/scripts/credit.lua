-- What is reserved of an order while refunds of it are under way: ../README.md, *The reservation of credit*. Behind common.lua (or person.lua), in the scripts
-- of what takes credit. There is no arithmetic here: a reservation is the flow's own summary of what it sent, and who decided before the last one was made
-- decides again.
--
-- KEYS[5] o:<order>  KEYS[6] at:<flow>:<partition>, the position, where it is asked for: up to there a table of the ledger must have been read. None: nobody may decide.
-- o:<order> is a hash. m: the marker under which it was written; under another one it is as if empty. s: the stamp, another one with each reservation.
-- b: while the order's entry is amended, the ms until when nobody else may do so, and who does. By each refund's K its reservation, "<number> <summary>". And by ~K what an
-- edit without money left owed, until the ledger has it: "0 <delivery> <version> <summary>".
local ORDER, POSITION = 5, 6
local field, mine, stamp, blocks -- K that is asked about, its reservation, and the order's
local is_foreign -- another tool's value: it stays as it is, and nobody reserves
local ROW = '%10d%6d%10d%20s' -- where its K begins behind all rows, bytes of K, bytes of the summary, number
credit = {}

local function credit_of(natural)
    local has = redis.pcall('HMGET', KEYS[ORDER], 'm', 's', 'b', natural)
    local is_of_today = true
    is_foreign = has.err ~= nil
    if has[1] ~= marker then is_of_today = false end --mutant holds_of_today
    if not is_of_today then has = {} end
    field, stamp, blocks, mine = natural, has[2], has[3], has[4]
end

local function write(name, value, by)
    if not stamp then redis.call('DEL', KEYS[ORDER]) end
    redis.call('HSET', KEYS[ORDER], 'm', marker, 's', by or stamp or '', name, value)
    redis.call('PEXPIRE', KEYS[ORDER], ttl)
end
local function remove(name)
    redis.call('HDEL', KEYS[ORDER], name)
    if redis.call('HLEN', KEYS[ORDER]) == 2 then redis.call('DEL', KEYS[ORDER]) end -- nothing but m and s is left
end
local function reserve(number, summary, by) write(field, number .. ' ' .. summary, by) end
local function parts_of(value) return string.match(value, '^(%d+) (.*)$') end

local function position()
    local at = redis.pcall('GET', KEYS[POSITION])
    return type(at) == 'string' and tonumber(at) or nil
end
local function is_behind(read_to)
    local at = position()
    if not at or at > tonumber(read_to) then return true end --mutant position_compare
    return false
end

-- What a decision needs to know: the word, position or -1, stamp, blocked (0/1), how many reservations; a row for each, and behind all of them K and summary of each.
local function credit_answer(word)
    if is_foreign then return {'unreadable'} end
    local all, rows, bytes, at = stamp and redis.call('HGETALL', KEYS[ORDER]) or {}, {}, {}, 0
    for i = 1, #all, 2 do
        local name = all[i]
        if #name > 1 then
            local number, summary = parts_of(all[i + 1])
            if not number then return {'unreadable'} end
            rows[#rows + 1] = string.format(ROW, at, #name, #summary, number)
            bytes[#bytes + 1] = name .. summary
            at = at + #name + #summary
        end
    end
    return {word, position() or -1, stamp or '', blocks and 1 or 0, #rows, table.concat(rows) .. table.concat(bytes)}
end
function credit.look(word)
    credit_of('')
    return credit_answer(word)
end

-- `sent` of a request that was decided on this stamp, by a table that has read so far; nil: it is reserved. The stored request goes once more with the reservation that it has.
function credit.reserve(is_stored, natural, seen, read_to, number, summary)
    credit_of(natural)
    if is_stored and mine then return nil end
    if is_foreign then return credit_answer('moved') end
    if blocks then return credit_answer('moved') end --mutant amend_blocks
    if seen ~= (stamp or '') then return credit_answer('moved') end --mutant stamp_compare
    if is_behind(read_to) then return credit_answer('moved') end
    reserve(number, summary, number) --mutant reserve_with_sent
    return nil
end

-- "More than remains" is said by the ledger's newest state alone; nil: it is.
function credit.is_said(read_to)
    credit_of('')
    if is_foreign or blocks or is_behind(read_to) then return credit_answer('moved') end --mutant refusal_at_position
    return nil
end

-- Nothing of K is under way, and nothing will be.
function credit.give_back(natural)
    credit_of(natural)
    if mine then remove(natural) end
end

-- A person's turn: it keeps what it has → its number, 0 for none.
function credit.kept(natural)
    credit_of(natural)
    return tonumber(parts_of(mine or '') or 0)
end

-- What finance has open of the order itself, by its own record (life.lua): its document and the channel's order part, and a credit note is part of that.
function credit.related()
    local order = read(KEYS[6])
    local life = order and order[LIFE]
    if not life then return '' end
    return life[OPEN] ~= '' and 'order_amended' or life[CANCEL_DLV] ~= '' and 'cancelled_after_posting' or ''
end

-- CODE of a posted K whose ledger record is committed, and whose summary is what `told` left.
local TOLD = 'told'

-- What the note says stays reserved until the ledger has it → the reservation's number, 0 for none. Where it is missing (Redis was set back) it is made again. A record that was
-- rebuilt has no summary, and needs none: it was committed, and the ledger with it. Nor has what was told.
function credit.hold(natural, summary)
    credit_of(natural)
    local number, has = parts_of(mine or '')
    if summary == '' or rec[CODE] == TOLD or is_foreign or has == summary then return tonumber(number or 0) end
    local us = string.format('%.0f', t[1] * 1000000 + t[2])
    reserve(number or us, summary, us .. ' ' .. natural)
    return tonumber(number or us)
end

-- The delivery's result and K's record are committed: of the summary this stays.
function credit.told(dlv, summary)
    if dlv == '' or not rec or rec == UNREADABLE or rec[ST] ~= 'p' then return end
    if rec[DLV] ~= dlv then return end --mutant told_is_its_own
    rec[SUM], rec[CODE] = summary, TOLD
    put('')
end

-- The ledger has K's record: the reservation that it was written for goes.
function credit.drop(natural, number)
    credit_of(natural)
    if not mine then return end
    if parts_of(mine) ~= number then return end --mutant drop_is_its_own
    remove(natural)
end
-- ... and tables must have read as far. Without a position, whoever sets it asks the ledger.
function credit.raise(behind)
    local at = position()
    if at and at < tonumber(behind) then redis.call('SET', KEYS[POSITION], behind) end
end

-- An edit without money ends, and leaves owed what the summary says: from this step on whoever reserves of the order knows that there is something that the ledger must have
-- first. nil: so it is; else what the caller answers.
local function mark_of(natural)
    credit_of('~' .. natural)
    return string.match(mine or '', '^0 (%S+) (%-?%d+) ')
end
function credit.owe(is_holder, natural, dlv, version, read_to, summary)
    local by, before = mark_of(natural)
    local value = '0 ' .. dlv .. ' ' .. version .. ' ' .. summary
    if not is_holder then return mine ~= value and {'lost'} or nil end -- the same again: our answer was lost
    if is_foreign or blocks or is_behind(read_to) or by and by ~= dlv and tonumber(before) > tonumber(version) then return credit_answer('moved') end
    if by and by ~= dlv then credit.raise(read_to) end -- an earlier one's, which we have read: nobody else sees it any more
    if mine == value then return nil end
    write(field, value, string.format('%.0f ', t[1] * 1000000 + t[2]) .. natural) --mutant owed_with_end
    return nil
end
-- The ledger has it; or this delivery came again, and ends as something else.
function credit.unmark(natural, dlv)
    if mark_of(natural) == dlv then remove(field) end
end

-- While the order's entry is amended.
function credit.block(holder, lease, again)
    credit_of('')
    local ends, by = parts_of(blocks or '')
    if is_foreign then return {'unreadable'} end
    if again and by ~= holder then return {'lost'} end --mutant amend_holds
    if by and by ~= holder and tonumber(ends) > now then return {'busy', ends - now} end
    write('b', string.format('%d %s', now + lease, holder))
    return credit.look('known')
end
function credit.unblock(holder)
    credit_of('')
    local _, by = parts_of(blocks or '')
    if is_foreign then return {'unreadable'} end
    if by and by ~= holder then return {'lost'} end
    if by then remove('b') end
    return {'released'}
end
