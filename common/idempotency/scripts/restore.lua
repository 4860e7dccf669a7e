-- restore: after Redis was lost, a committed result or dead letter says what became of a key. `posted` overrides everything else, `parked` what is
-- not final. The content of a parked key's unanswered sends is not known any more, so nothing that is found later proves it.
-- ARGV[6] 'p', 'x', 'k', 'd' of a parked one that a person discarded, or 'w' of a version that had nothing left; of a posted order what came afterwards (life.lua): 'm' its money, 'a' an amendment that was opened, 'b' one that was added to,
-- 'e' one that ended, 'n' a cancellation, 'v' a version that a person says the document has  [7] F  [8] delivery  [9] source version  [10] code  [11] ms of its result  [12] goods  [13] money
local st, content, dlv = ARGV[6], ARGV[7], ARGV[8]
if life_restored[st] then return life_restored[st](dlv, tonumber(ARGV[9]), ARGV[12], ARGV[13]) end
if rec == UNREADABLE then rec = nil end -- what was committed is more than what nobody can read
if rec and rec[ST] == 'p' and st == 'p' then
    if rec[F] ~= content or rec[DLV] == dlv then return {'kept'} end
    if not rec[GOODS] then set_parts(ARGV[12], ARGV[13]) end
    rec[DLV], rec[AT] = dlv, tonumber(ARGV[11]) -- whoever published it did so after what Redis was rolled back to
    store()
    return {'restored'}
end
if st == 'd' then
    if not rec or rec[ST] ~= 'k' or rec[DLV] ~= dlv then return {'kept'} end
    rec[ST] = 'd'
    store('')
    return {'restored'}
end
-- Parked more than once: people decide about the last one. What waits behind it has a letter, too.
if rec and rec[ST] == 'k' and st == 'k' and rec[DLV] ~= dlv and ARGV[10] ~= 'parked_behind' and ARGV[10] ~= 'discarded' then
    rec[DLV] = dlv
    store()
    return {'restored'}
end
if rec and (rec[ST] == 'p' or st ~= 'p' and (rec[ST] == 'k' or rec[ST] == 'x' or rec[ST] == 'd')) then return {'kept'} end
if rec and st == 'w' and (waits(rec) and rec[VER] > tonumber(ARGV[9]) or not waits(rec) and (rec[ST] == 'c' or rec[ST] == 's')) then return {'kept'} end
if rec and rec[FENCE] > fence then fence = rec[FENCE] end
rec = {st == 'w' and 'c' or st, content, '', 0, 0, '', 0, dlv, '', tonumber(ARGV[9]), '', {}, ARGV[10], tonumber(ARGV[11])}
if st == 'p' then set_parts(ARGV[12], ARGV[13]) end
if st == 'k' then rec[OUTS] = {{'', 0, 0, ''}} end
store('')
return {'restored'}
