-- The layout of a key's record, and the one reader of it. Asks nothing and writes nothing.
--
-- The record is a packed array (a third of a hash's size) and, while there is one, the exact request behind it. Lua hashes every string that it makes, byte by
-- byte: a request of 4 KB within the array took a quarter of Redis' time. So the array alone is read, from a beginning that most fit in.
local ST, F, TOK, LEASE, FENCE, SLOT, EPOCH, DLV, MARK, VER, SUM, OUTS, CODE, AT, SENDS, LAYOUT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
local GOODS, MONEY, LIFE = 17, 18, 19
-- ST    c claimed, s sent, p posted, r refused, k parked, d discarded, x cancelled before posting, w as `waits` below
-- F     identity of the content that is (to be) sent; TOK, LEASE (ms by Redis' clock) of who works on it
-- FENCE group epoch × 2^32 + generation of the last writer; claimed, sent: SLOT and EPOCH its slot
-- DLV   claimed, sent, refused, parked: the delivery that it happens for; posted: the delivery that publishes it, '' while nobody does
-- MARK  claimed, sent: marker under which it was written; VER source version; SUM the flow's summary; CODE reason; AT ms it became final
-- OUTS  unanswered sends: {F, ms until when it may still be applied, number of the send, token of who sent it, or OVER, process that sent it, its slot,
--       its slot's epoch, NO when it was answered in words that prove nothing, UNASKED while Prima was not asked since its end came on record}
--       OVER in place of the token: the sender itself said that its transfer has ended. No byte of it can leave any more.
--       LOST in place of the process: all that Redis may have lost of the key, by whomever, as one send of unknown content.
-- SENDS sends that were not answered "not applied"; LAYOUT absent: this one. What a later version writes in another layout is unreadable, not misread.
-- GOODS digest of the goods that F has; MONEY digest of the money that was accepted last (life.lua). Absent: an earlier version's record, of which F alone is known.
-- LIFE  posted: what came afterwards, absent while nothing did (life.lua)
-- Items are only ever appended: the scripts of the previous version read the records of these, and these read theirs.
local OVER, NO, UNASKED, LOST = 'over', 'no', 1, '*'
local STATES, LAYOUT_MAX = 'csprkdxw', 1

-- A value that no script of ours wrote: another tool's, or a later version's. Its key alone stands still, for a person; its neighbours go on.
local UNREADABLE = {}
local function is_record(record)
    return type(record) == 'table' and type(record[ST]) == 'string' and #record[ST] == 1 and string.find(STATES, record[ST], 1, true) ~= nil and
        type(record[LEASE]) == 'number' and type(record[FENCE]) == 'number' and type(record[VER]) == 'number' and type(record[AT]) == 'number' and
        type(record[OUTS]) == 'table' and type(record[DLV]) == 'string' and (record[LAYOUT] or LAYOUT_MAX) <= LAYOUT_MAX
end

-- Waits by policy: it is in a retry topic, and nobody has it; or has nothing left, and CODE says so. Written as a claim that nobody holds, which is what a release that does not know it (before
-- *Robustness*) makes of it: it claims it. That one made `w` into a send whose fate is unknown, and asked Prima about it for ever.
local function waits(record)
    return record[ST] == 'w' or record[ST] == 'c' and record[TOK] == ''
end

-- The record, and where the request begins behind it.
local function read(key)
    local raw = redis.pcall('GETRANGE', key, '0', '511')
    if raw == '' then return nil end
    if type(raw) ~= 'string' then return UNREADABLE end
    local whole, at, record = pcall(cmsgpack.unpack_one, raw)
    if not whole then
        raw = redis.call('GET', key)
        whole, at, record = pcall(cmsgpack.unpack_one, raw)
    end
    if not whole or not is_record(record) then return UNREADABLE end
    return record, at < 0 and #raw or at
end

-- A document that is found is ours only if a send is unanswered, every unanswered one had the content that the record names, and one of them at least got no
-- answer: who was told no may have been told so because of somebody else's document.
local function proves(record)
    local told_no = 0
    for _, out in ipairs(record[OUTS]) do
        if out[1] ~= record[F] then return 0 end --mutant found_proof
        if out[8] == NO then told_no = told_no + 1 end
    end
    if told_no == #record[OUTS] then return 0 end --mutant told_no
    return #record[OUTS] > 0 and 1 or 0
end

-- Of LIFE:
local MONEY_DLV, MONEY_VER, OPEN, OPEN_DLV, LAST_DLV, LAST_VER, END_DLV, CANCEL_DLV, DOC_DLV = 1, 2, 3, 4, 5, 6, 7, 8, 9
-- MONEY_DLV, MONEY_VER  the delivery that moved the money last ('' the one that was posted), its version or that of the newest that said the same
-- OPEN      goods of the newest version that differs from the document ('' none): one open amendment
-- OPEN_DLV  the delivery that opened it, and is its dead letter; LAST_DLV, LAST_VER the newest that has a say about goods (LAST_VER: or that says the same)
-- END_DLV   the delivery that had the document's goods again; CANCEL_DLV the one that told of a cancellation
-- DOC_DLV   the delivery of the version that the document holds by a person's word. Absent: nobody has said so, or an earlier version of ours took the word
local function life_of(rec)
    return rec[LIFE] or {'', rec[VER], '', '', '', rec[VER], '', ''}
end

-- The document holds this version now, by a person's word.
local function take(rec, dlv, content, version, goods)
    local l = life_of(rec)
    rec[F], rec[VER], rec[GOODS], rec[LIFE] = content, version, goods, l
    l[DOC_DLV] = dlv
    if l[OPEN] == goods then l[OPEN] = '' end
end
