-- absent: Prima, asked after every unanswered send was past its time, does not have the document: it may be sent again.
-- Our own sends are answered thereby: their transfers have ended; and so are those of which an earlier holder said that they have. The others of an
-- earlier holder stay on record, for it may only be asleep with its bytes unsent; a refusal of the resend would not be clean then, and "exists" would
-- still be ours.
-- ARGV[6] token  [7] lease, ms  [8] '1' when the stored request is not to go again: the next `sent` brings another
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if rec[TOK] ~= ARGV[6] then return {'lost'} end --mutant token_compare
if rec[ST] ~= 's' then return {'lost'} end
local wait = absence_wait()
if wait > 0 then return {'wait', wait} end --mutant resolve_wait
local kept = {}
for _, out in ipairs(rec[OUTS]) do
    if out[4] ~= rec[TOK] and out[4] ~= OVER then kept[#kept + 1] = out end --mutant sends_stay
end
rec[OUTS], rec[LEASE] = kept, now + tonumber(ARGV[7])
if ARGV[8] == '1' then rec[CODE] = 'anew' end
store()
return {'absent'}
