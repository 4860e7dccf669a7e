-- release: the holder gives its claim back, nothing was sent.
-- KEYS[4] deferrals
-- ARGV[6] token  [7] delivery  [8] '1' when the record ends here, or lets later ones of its key pass: its deferral mark goes, too
-- [9] source version, when it waits by policy: older versions of the key are superseded by it for as long as it may wait, [10] ms; else ''
-- What takes credit (credit.lua), and ends here: KEYS[5] order  KEYS[6] position  ARGV[11] K  [12] its source version  [13] the table's next offset  [14] summary of what it leaves
-- owed, or '' -> with a summary: moved: it is to be decided again; lost: somebody else has the key; nothing is stored then
local ghost = stale()
if ghost then return ghost end
local mine = rec and rec[TOK] == ARGV[6] and rec[ST] == 'c'
local moved = credit and ARGV[14] ~= '' and credit.owe(mine, ARGV[11], ARGV[7], ARGV[12], ARGV[13], ARGV[14])
if moved then return moved end
if credit and ARGV[14] == '' then credit.unmark(ARGV[11], ARGV[7]) end --mutant owed_gives_back
local version, life = tonumber(ARGV[9]), ARGV[10]
if mine and rec[CODE] == 'w' and ARGV[8] ~= '1' then version, life = rec[VER], ttl end -- it waited by policy, and comes back once more
if mine and version then
    redis.call('SET', KEYS[3], cmsgpack.pack({'c', '', '', 0, fence, '', 0, ARGV[7], '', version, '', {}, 'w', now}), 'PX', life) -- record.lua, waits
elseif mine then
    redis.call('DEL', KEYS[3])
end
if ARGV[8] == '1' then redis.call('ZREM', KEYS[4], ARGV[7]) end
return {'released'}
