-- creditunblock: the amendment's transaction has ended; tables must read behind it.
-- KEYS[2] order  KEYS[3] position  KEYS[4] what this command has written
-- ARGV[2] who amends  [3] the offset behind the new entry, or -1: there is none
-- -> released; lost: another one's block is there by now, and stays; suspect; unreadable
ORDER, POSITION = 2, 3
if not is_counted(KEYS[4]) then return {'suspect', ''} end
credit.raise(ARGV[3]) --mutant amend_position
return credit.unblock(ARGV[2])
