-- sent: bytes may leave from now on. Stores the exact request and the send among the unanswered ones, unless the fleet pauses. Where there is a
-- limit, the caller has its permit already (permit.lua).
-- KEYS[4] the fleet's pause
-- ARGV[6] token  [7] number of the send, unique for the key (random)  [8] lease, ms  [9] ms until when the send may be applied
-- ARGV[10] F  [11] request  [12] summary  [13] the process that sends  [14] goods of F  [15] money of F
-- What takes credit (credit.lua) reserves it in this step. KEYS[5] order  KEYS[6] position  ARGV[16] K  [17] stamp that it was decided on  [18] the table's next offset
-- by then -> moved: it is to be decided again, and nothing is stored
-- -> sent, how many sends of the key are on record that were not answered "not applied"
local tok, number, lease, window = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local ghost = stale()
if ghost then return ghost end
if not rec then return {'lost'} end
if rec[TOK] ~= tok then return {'lost'} end --mutant token_compare
if rec[ST] ~= 'c' and rec[ST] ~= 's' then return {'lost'} end

local exact -- nil: what is stored goes once more
local last = rec[OUTS][#rec[OUTS]]
if not (last and last[3] == number) then
    local wait = paused(KEYS[4])
    if wait > 0 then return {'wait', wait} end
    local is_new = rec[ST] == 'c' or rec[CODE] == 'anew'
    local moved = credit and credit.reserve(not is_new, ARGV[16], ARGV[17], ARGV[18], ARGV[7], is_new and ARGV[12] or rec[SUM])
    if moved then return moved end
    if is_new then
        rec[ST], rec[F], rec[SUM], rec[CODE] = 's', ARGV[10], ARGV[12], ''
        set_parts(ARGV[14], ARGV[15])
        exact = ARGV[11]
    end
    last = {rec[F], 0, number, tok, ARGV[13], slot, epoch}
    rec[OUTS][#rec[OUTS] + 1] = last
    rec[SENDS] = (rec[SENDS] or 0) + 1
end
last[2] = now + window
rec[LEASE] = now + lease
store(exact)
return {'sent', rec[SENDS] or 1}
