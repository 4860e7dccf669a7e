-- What a script ends with that is called for several keys at once. `one` is its body; marker, epoch, clock and pause are asked once for all of them.
-- KEYS[3..]  of each call in turn, as `one` knows them: its record, and what it has behind that
-- ARGV[6..]  of each call in turn; behind the last one's, how many calls there are, and what counter.lua reads
local calls = tonumber(ARGV[#ARGV - 2])
local keys, args, answers = (#KEYS - 2) / calls, (#ARGV - 8) / calls, {}
for i = 0, calls - 1 do
    -- the first call's place was read, and is the next one's now
    for j = 1, i > 0 and keys or 0 do KEYS[2 + j] = KEYS[2 + i * keys + j] end
    for j = 1, i > 0 and args or 0 do ARGV[5 + j] = ARGV[5 + i * args + j] end
    fence = tonumber(ARGV[2])
    rec, request_at = read(KEYS[3])
    answers[i + 1] = one()
end
return answers
