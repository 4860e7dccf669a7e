-- creditshow: what is reserved of an order, for people. Writes nothing.
-- KEYS[2] order  KEYS[3] position
-- -> known, and what is reserved (credit.lua); suspect; unreadable
ORDER, POSITION = 2, 3
return credit.look('known')
