-- show: what a key's record says, for people. Behind record.lua alone: asks for no marker, writes nothing, and never gives the request away.
-- KEYS[1] record  KEYS[2] deferrals of the key
-- → state ('' none, '?' unreadable), code, delivery, version, ms it became final, unanswered sends, ms left of the lease, ms left of the record, deferrals,
--   F and behind a newline the slots whose sends are unanswered, but for those that have ended or were answered in words that prove nothing
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local deferred, left = redis.pcall('ZCARD', KEYS[2]), redis.call('PTTL', KEYS[1])
if type(deferred) ~= 'number' then deferred = 0 end -- not a set: another tool wrote it
local rec = read(KEYS[1])
if not rec then return {'', '', '', 0, 0, 0, 0, 0, deferred, ''} end
if rec == UNREADABLE then return {'?', '', '', 0, 0, 0, 0, left, deferred, ''} end
local slots = {}
for _, out in ipairs(rec[OUTS]) do
    if out[4] ~= OVER and out[8] ~= NO and out[6] then slots[#slots + 1] = out[6] end
end
local state, code = rec[ST], rec[CODE] or ''
if waits(rec) then state, code = 'w', code == 'w' and '' or code end
return {state, code, rec[DLV], rec[VER], rec[AT], #rec[OUTS], rec[LEASE] - now, left, deferred, (rec[F] or '') .. '\n' .. table.concat(slots, ', ')}
