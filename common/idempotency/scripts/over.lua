-- over: the transfers of this token have ended, however they ended: no byte of them can leave any more. A fact, whoever holds the key by now.
-- ARGV[6] token  [7] prima.max_apply_delay, ms
if rec and rec ~= UNREADABLE then
    local found = false
    for _, out in ipairs(rec[OUTS]) do
        if out[4] == ARGV[6] then
            out[4], found = OVER, true
            has_ended(out, tonumber(ARGV[7]))
        end
    end
    if found then put(request()) end -- the holder stays who it is
end
return {'over'}
