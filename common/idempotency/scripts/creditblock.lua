-- creditblock: nobody reserves of an order from before its amendment is judged until tables must have it.
-- KEYS[2] order  KEYS[3] position  KEYS[4] what this command has written
-- ARGV[2] who amends  [3] ms that its transaction may be under way, from now on  [4] '1': it has blocked the order, and is about to commit
-- -> known, and what is reserved (credit.lua); busy, ms for which another one may be at it; lost: the block is not its own any more; suspect; unreadable
ORDER, POSITION = 2, 3
local again = ARGV[4] == '1'
if not is_counted(KEYS[4], not again) then return {'suspect', ''} end
return credit.block(ARGV[2], tonumber(ARGV[3]), again)
