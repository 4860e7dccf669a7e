-- creditlook: what is reserved of an order, and how far a table must have read. Writes nothing.
-- KEYS[3] order  KEYS[4] position
-- -> known, and what is reserved (credit.lua); unreadable
ORDER, POSITION = 3, 4
return credit.look('known')
