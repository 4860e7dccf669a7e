-- What every script begins with that works for a slot: the clock, and whether this Redis still has everything that it told us it has.
--
-- A slot's key holds its epoch, the number of the last command of the process that has the slot, and when that ran: "EPOCH NUMBER SECONDS". ARGV ends with the
-- number of this command and that of the last one whose answer arrived, both of one length, so that they compare as they are: a command costs Redis a hundredth more
-- that way, and a twentieth when all is read as numbers. A Redis that has seen fewer than it answered has lost something, whatever the way: a replica that was behind
-- was promoted, a machine was set back to a snapshot, an old file was loaded. Its run id and the marker may well be the right ones. Then the marker goes, so that
-- everybody hears of it with the next command, and whoever starts, too. What a connection that was given up still carried may arrive behind the commands of the
-- next one: it takes the number back from nobody. A command that nobody would miss, as a slot's renewal, has the number of the last one
-- that counts: it looks, and leaves the time.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local holder_epoch = 0 -- of the slot, as Redis has it; a higher one than ours: another process has it

local function counts(value, epoch, marker_key, slot_key)
    local ours, lost = epoch .. ' ', false
    value = value or ''
    if string.sub(value, 1, #ours) == ours then
        holder_epoch = tonumber(epoch)
        if value < ours .. ARGV[#ARGV] then lost = true end --mutant command_counter
    else
        holder_epoch = tonumber(string.match(value, '^%d+')) or 0
        if holder_epoch > tonumber(epoch) then return true end -- a ghost counts nothing
        lost = true --mutant marker_key
    end
    if lost then
        redis.call('DEL', marker_key)
        return false
    end
    local mine = ours .. ARGV[#ARGV - 1] .. ' ' .. t[1]
    if value > mine then return true end --mutant late_command
    redis.call('SET', slot_key, mine)
    return true
end
