-- amend: a person says that Prima's document holds this version now. Behind record.lua alone: it comes from the command line, which has no slot. A posted
-- key is nobody's work, so that no lease is in the way; while Redis is being rebuilt, or nobody has cleared it yet, it waits.
-- KEYS[1] record  KEYS[2] marker
-- ARGV[1] F  [2] source version  [3] goods  [4] money  [5] the delivery that brought it
-- -> finished, or lost (nobody posted this key), unreadable, suspect
local marker = redis.call('GET', KEYS[2])
if not marker or string.sub(marker, 1, 8) == 'rebuild:' then return {'suspect'} end
local rec, at = read(KEYS[1])
if rec == UNREADABLE then return {'unreadable'} end
if not rec or rec[ST] ~= 'p' then return {'lost'} end
local exact = at and redis.call('GETRANGE', KEYS[1], at, '-1') or ''
if not rec[GOODS] then rec[SENDS], rec[LAYOUT], rec[MONEY] = rec[SENDS] or 0, rec[LAYOUT] or LAYOUT_MAX, ARGV[4] end
take(rec, ARGV[5], ARGV[1], tonumber(ARGV[2]), ARGV[3])
redis.call('SET', KEYS[1], cmsgpack.pack(rec) .. exact, 'KEEPTTL')
return {'finished', 0}
