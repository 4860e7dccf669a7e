-- creditblock: nobody reserves of an order from before its amendment is judged until tables must have it.
-- KEYS[2] order  KEYS[3] position
-- ARGV[2] who amends  [3] ms that its transaction may be under way
-- -> known, and what is reserved (credit.lua); busy, ms for which another one may be at it; suspect; unreadable
ORDER, POSITION = 2, 3
return credit.block(ARGV[2], tonumber(ARGV[3]))
