-- claimsent: claim and `sent` in one step, for a record that is decided already and has its turn at Prima: of a key of which Redis has nothing, it stores
-- what both together would. Whatever Redis has of the key, or a pause of the fleet, is the claim's to answer, and then nothing is stored as sent.
-- KEYS[4] deferrals of the key  KEYS[5] the fleet's pause
-- ARGV[6..16] as for claim; [12] ms until when the send may be applied, too  [17] number of the send, unique for the key (random)  [18] request
-- [19] summary  [20] the process that sends
-- -> sent, how many sends of the key are on record (1); or what `claim` says
local ghost = stale()
if ghost then return ghost end
local tok, lease, window, number = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[12]), tonumber(ARGV[17])

-- This very send: our answer was lost. No byte has left, so that its time begins anew.
local last = rec and rec[ST] == 's' and rec[TOK] == tok and rec[OUTS][#rec[OUTS]]
if last and last[3] == number then
    last[2], rec[LEASE] = now + window, now + lease
    store()
    return {'sent', rec[SENDS] or 1}
end

local is_known = false
if rec then is_known = true end --mutant fresh_alone
if is_known or redis.pcall('ZCARD', KEYS[4]) ~= 0 or paused(KEYS[5]) > 0 then return claim_key() end
rec = {'s', ARGV[6], tok, now + lease, 0, '', 0, ARGV[9], '', tonumber(ARGV[11]), ARGV[19], {{ARGV[6], now + window, number, tok, ARGV[20], slot, epoch}},
    '', 0, 1}
set_parts(ARGV[14], ARGV[15])
store(ARGV[18])
return {'sent', 1}
