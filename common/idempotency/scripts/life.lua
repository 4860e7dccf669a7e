-- A posted order's life goes on: its channel sends it whole again at each step. Behind common.lua, in claim and restore.
--
-- A version is compared in two parts with what the ones before it left behind: GOODS, of which the document was made, and MONEY, accepted last. All
-- else is the rest, and no news. LIFE keeps by which deliveries a part moved, so that the same delivery, come again after a crash, hears the same again.
local function life() return life_of(rec) end

-- Is this version older than another one? Of two with one version (whole seconds, in some channels) the one that came later is the newer one, and of
-- two topics nobody can tell.
local function came_before(dlv, version, other_dlv, other_version)
    if version == 0 or other_version == 0 then return false end
    if version ~= other_version then return version < other_version end --mutant life_version
    local here, at = string.match(dlv, '^(.*)/(%d+)$')
    local there, its = string.match(other_dlv, '^(.*)/(%d+)$')
    return here ~= nil and here == there and tonumber(at) < tonumber(its) --mutant life_arrival
end

-- The delivery that the newest word about the money, about the goods, came from.
local function money_from(l) return l[MONEY_DLV] ~= '' and l[MONEY_DLV] or rec[DLV] end
local function goods_from(l) return l[LAST_DLV] ~= '' and l[LAST_DLV] or rec[DLV] end
-- ... the version that the document holds.
local function document_from(l) return l[DOC_DLV] or rec[DLV] end

local function keep_life(l)
    rec[LIFE] = l
    store()
end

local function moves_money(l, dlv, version, money)
    if money == rec[MONEY] or came_before(dlv, version, money_from(l), l[MONEY_VER]) then return false end
    rec[MONEY], l[MONEY_DLV], l[MONEY_VER] = money, dlv, version
    return true
end

-- What this delivery was told before, when its answer was lost: nil for news.
local function told_before(l, dlv)
    if l[CANCEL_DLV] == dlv then return 'cancelled' end --mutant life_redelivery
    if l[OPEN_DLV] == dlv then return 'amended' end --mutant life_redelivery
    if l[LAST_DLV] == dlv then return l[END_DLV] == dlv and 'ended' or 'added' end --mutant life_redelivery
    if l[MONEY_DLV] == dlv then return 'money' end --mutant life_redelivery
end

local function ends_amendment(l, dlv, version, money)
    moves_money(l, dlv, version, money)
    l[OPEN], l[LAST_DLV], l[LAST_VER], l[END_DLV] = '', dlv, version, dlv
    keep_life(l)
    return 'ended'
end

-- A newer version says what is known already: of what is older than that one nothing is news any more, however late it comes.
local function confirms(l, item, version)
    if version <= l[item] then return false end
    l[item] = version
    return true
end

local function with_goods_of_document(l, dlv, version, money)
    local is_news = not came_before(dlv, version, goods_from(l), l[LAST_VER])
    if l[OPEN] ~= '' and is_news then return ends_amendment(l, dlv, version, money) end --mutant life_ends
    local goods_again = l[OPEN] == '' and confirms(l, LAST_VER, version)
    if money == rec[MONEY] then
        if confirms(l, MONEY_VER, version) or goods_again then keep_life(l) end
        return 'same'
    end
    if not moves_money(l, dlv, version, money) then return 'older' end
    keep_life(l)
    return 'money'
end

local function repeats_amendment(l, dlv, version, money)
    local goods_again = confirms(l, LAST_VER, version)
    local moved = moves_money(l, dlv, version, money)
    if moved or money == rec[MONEY] and confirms(l, MONEY_VER, version) or goods_again then keep_life(l) end
    return moved and 'money' or 'known'
end

local function with_other_goods(l, dlv, version, goods, money)
    if came_before(dlv, version, document_from(l), rec[VER]) or came_before(dlv, version, goods_from(l), l[LAST_VER]) then return 'older' end
    if l[OPEN] == goods then return repeats_amendment(l, dlv, version, money) end --mutant life_repeat
    local verdict = 'amended'
    if l[OPEN] ~= '' then verdict = 'added' end --mutant life_one_open
    moves_money(l, dlv, version, money)
    if verdict == 'amended' then l[OPEN_DLV] = dlv end
    l[OPEN], l[LAST_DLV], l[LAST_VER] = goods, dlv, version
    keep_life(l)
    return verdict
end

-- same  money  older  amended  added  known  ended  cancelled  told (a cancellation that was told of before)
local function life_verdict(dlv, version, goods, money, cancels)
    local l = life()
    local before = told_before(l, dlv)
    if before then return before end
    if not cancels and goods == rec[GOODS] then return with_goods_of_document(l, dlv, version, money) end
    if not cancels then return with_other_goods(l, dlv, version, goods, money) end
    if l[CANCEL_DLV] ~= '' then return 'told' end
    if came_before(dlv, version, document_from(l), rec[VER]) then return 'older' end
    l[CANCEL_DLV] = dlv
    keep_life(l)
    return 'cancelled'
end

-- The delivery whose dead letter an answer names.
local function life_names(verdict)
    local l = life()
    return (verdict == 'told' or verdict == 'cancelled') and l[CANCEL_DLV] or l[OPEN_DLV]
end

-- After a loss of Redis: the same, out of what was committed, in whatever order that is read.
local function restoring(change)
    return function(dlv, version, goods, money)
        if not rec or rec == UNREADABLE or rec[ST] ~= 'p' or not rec[GOODS] then return {'kept'} end
        rec[LIFE] = life()
        change(rec[LIFE], dlv, version, goods, money)
        store()
        return {'restored'}
    end
end
local function restore_money(l, dlv, version, money)
    if version >= l[MONEY_VER] then rec[MONEY], l[MONEY_DLV], l[MONEY_VER] = money, dlv, version end
end
local function restore_goods(l, dlv, version, goods, money)
    if money ~= rec[MONEY] then restore_money(l, dlv, version, money) end
    if version < l[LAST_VER] then return end
    l[OPEN], l[LAST_DLV], l[LAST_VER] = goods, dlv, version
end
local life_restored = {
    m = restoring(function(l, dlv, version, goods, money) restore_money(l, dlv, version, money) end),
    a = restoring(function(l, dlv, version, goods, money)
        if version >= l[LAST_VER] or l[OPEN_DLV] == '' then l[OPEN_DLV] = dlv end
        restore_goods(l, dlv, version, goods, money)
    end),
    b = restoring(restore_goods),
    e = restoring(function(l, dlv, version, goods, money)
        if version < l[LAST_VER] then return end
        restore_goods(l, dlv, version, '', money)
        l[END_DLV] = dlv
    end),
    n = restoring(function(l, dlv) l[CANCEL_DLV] = dlv end),
    v = restoring(function(l, dlv, version, goods) if version >= rec[VER] then take(rec, dlv, ARGV[7], version, goods) end end), -- a person's word: amend.lua
}
