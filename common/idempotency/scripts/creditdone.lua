-- creditdone: a refund's record is in the ledger, committed: its reservation goes, and the position rises behind the record, in one step. A fact, whoever says it.
-- KEYS[3] position (it stands where others have a record, and is read as none)  KEYS[4] order
-- ARGV[6] K  [7] number of the reservation, 0 for none  [8] the offset behind the record
ORDER, POSITION = 4, 3
credit.drop(ARGV[6], ARGV[7])
credit.raise(ARGV[8]) --mutant position_with_drop
return {'released'}
