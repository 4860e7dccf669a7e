-- creditdone: a refund's record is in the ledger, committed: its reservation goes, and the position rises behind the record, in one step. A fact, whoever says it.
-- Where its result was committed with it, K keeps of the summary what the ledger has not: nobody writes the record from it again.
-- KEYS[3] record  KEYS[4] order  KEYS[5] position
-- ARGV[6] K  [7] number of the reservation, 0 for none; or the delivery of an edit that left something owed  [8] the offset behind the record  [9] the delivery whose result was committed, or ''  [10] what K keeps
ORDER, POSITION = 4, 5
if tonumber(ARGV[7]) then credit.drop(ARGV[6], ARGV[7]) else credit.unmark(ARGV[6], ARGV[7]) end
credit.raise(ARGV[8]) --mutant position_with_drop
credit.told(ARGV[9], ARGV[10])
return {'released'}
