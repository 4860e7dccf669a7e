-- absent: Prima, asked after every unanswered send was past its time, and every end on record was so, does not have the document.
-- Sends are answered thereby whose bytes cannot leave any more: our own, for their transfers have ended, those of which the sender itself said so or that were answered, and
-- those of senders that are known to be over. The others stay on record, for their senders may only be asleep with their bytes unsent; a refusal of a resend would
-- not be clean then, and "exists" would still be ours.
-- ARGV[6] token  [7] lease, ms  [8] '1' when the stored request is not to go again: another one, or none, follows  [9] ms a send may take
-- [10] senders that are over: "\n<process> <slot> <epoch>\n...", and "*" when all are who sent before Redis was lost
-- What takes credit, and has nothing under way by that, gives it back: KEYS[5] order  ARGV[11] K
-- -> absent, how many stay on record, ms (whole seconds) since the last of them was past its time
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if rec[TOK] ~= ARGV[6] then return {'lost'} end --mutant token_compare
if rec[ST] == 'c' and #rec[OUTS] == 0 and ARGV[8] == '1' then return {'absent', 0, 0} end
if rec[ST] ~= 's' then return {'lost'} end
mend_clock(nil, tonumber(ARGV[9]))
local wait = absence_wait()
if wait > 0 then return {'wait', wait} end --mutant resolve_wait
for _, out in ipairs(rec[OUTS]) do
    if out[9] == UNASKED and out[4] ~= rec[TOK] then return {'wait', 1} end -- its transfer ended while Prima was being asked, or behind that
end
local function is_over(out)
    if out[4] == rec[TOK] or out[4] == OVER or out[8] == NO then return true end
    if out[5] == LOST then return string.find(ARGV[10], '\n*\n', 1, true) ~= nil end
    if not out[5] or out[5] == '' then return false end
    return string.find(ARGV[10], '\n' .. out[5] .. ' ' .. out[6] .. ' ' .. string.format('%d', out[7]) .. '\n', 1, true) ~= nil
end
local kept, last = {}, 0
for _, out in ipairs(rec[OUTS]) do
    if not is_over(out) then kept[#kept + 1], last = out, math.max(last, out[2]) end --mutant sends_stay
end
rec[OUTS], rec[LEASE] = kept, now + tonumber(ARGV[7])
if ARGV[8] == '1' then
    rec[CODE] = 'anew'
    if #kept == 0 then rec[ST], rec[CODE], rec[SUM] = 'c', '', '' end -- nothing is under way: as if nothing had been sent
end
if credit and rec[ST] == 'c' then credit.give_back(ARGV[11]) end --mutant ended_gives_back
store(rec[ST] == 'c' and '' or nil)
return {'absent', #kept, #kept > 0 and math.floor((now - last) / 1000) * 1000 or 0}
