-- known: which of these products is Prima known to have, and who asks Prima about the others? Only so many at a time ask for the same one.
-- KEYS[4] known: tag of a product → ms of the question to which Prima said that it has it
-- KEYS[5] questions: tag → {token of who asks, ms since when, true once Prima said that it lacks it}. About load alone: nothing is wrong without it.
-- ARGV[6] token  [7] tags, 16 bytes each  [8] ms of this record's first look, 0: this is it  [9] max age, ms  [10] ms that a question may take
-- → known, now, for each tag its age in ms, or -1: ask Prima, -2: somebody asks, -3: Prima, asked after this record's first look, lacks it
local tok, tags, since, age, patience = ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local ghost = stale()
if ghost then return ghost end

local function look(tag)
    local at = tonumber(redis.call('ZSCORE', KEYS[4], tag) or '-1')
    if at >= 0 and at <= now and now - at < age then return now - at end --mutant catalogue_age
    local question = redis.call('HGET', KEYS[5], tag)
    question = question and cmsgpack.unpack(question)
    if question and question[3] and since > 0 and question[2] > since then return -3 end
    if question and not question[3] and question[1] ~= tok and question[2] <= now and now - question[2] < patience then return -2 end --mutant catalogue_question
    redis.call('HSET', KEYS[5], tag, cmsgpack.pack({tok, now, false}))
    return -1
end

if redis.call('HLEN', KEYS[5]) > 10000 then redis.call('DEL', KEYS[5]) end -- they cost a question each, at worst
local ages = {}
for i = 1, #tags, 16 do ages[#ages + 1] = string.format('%d', look(string.sub(tags, i, i + 15))) end
redis.call('PEXPIRE', KEYS[5], 60000)
return {'known', now, table.concat(ages, ' ')}
