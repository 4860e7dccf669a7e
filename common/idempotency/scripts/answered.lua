-- answered: the send is known not to have been applied (429, not accepted, no byte left, "exists"). Earlier unanswered sends stay on record.
-- ARGV[6] token  [7] number of the send
-- "exists" says more: with [8], the code under which to park, a key of which no send of its own is unanswered is parked in the same step (a crash
-- between the two would forget that the number is somebody else's).  [9] delivery  KEYS[4] deferrals
-- [10] 'no': it was answered, in words that do not say whether it was applied. It stays unanswered, and proves nothing when the number is found: those may
-- have been the words for a number that somebody else has.  [11] prima.max_apply_delay, ms
-- What takes credit, and has nothing under way by that, gives it back: KEYS[5] order  ARGV[12] K; parked it keeps it -> parked, and the number of its reservation, 0 for none
local tok, number = ARGV[6], tonumber(ARGV[7])
local ghost = stale()
if ghost then return ghost end
if rec and rec[ST] == 'k' and rec[TOK] == tok and ARGV[8] ~= '' then return {'parked', credit and credit.kept(ARGV[12])} end
if not rec or rec[TOK] ~= tok or rec[ST] ~= 's' and rec[ST] ~= 'c' then return {'lost'} end
for i, out in ipairs(rec[OUTS]) do
    if out[3] == number then
        if ARGV[10] == NO then
            out[5], out[6], out[7], out[8] = out[5] or '', out[6] or '', out[7] or 0, NO
            has_ended(out, tonumber(ARGV[11]))
        else
            table.remove(rec[OUTS], i)
            rec[SENDS] = math.max(0, (rec[SENDS] or 1) - 1)
        end
        break
    end
end
if ARGV[8] ~= '' and proven() == 0 then
    rec[ST], rec[LEASE], rec[CODE], rec[DLV], rec[AT], rec[F] = 'k', 0, ARGV[8], ARGV[9], now, ''
    store()
    redis.call('ZREM', KEYS[4], ARGV[9])
    return {'parked', credit and credit.kept(ARGV[12])}
end
if #rec[OUTS] == 0 then rec[ST] = 'c' end
if credit and rec[ST] == 'c' then credit.give_back(ARGV[12]) end --mutant unapplied_gives_back
store()
return {rec[ST] == 'c' and 'claimed' or 'sent', absence_wait(), proven()}
