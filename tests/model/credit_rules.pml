/* The rules of the reservation of credit, one switch each; what breaks without it stands beside it. `check` removes them one at a time. */

/* ---- reserve ------------------------------------------------------------------------------------- */
#ifndef RESERVE_WITH_SENT    /* what a refund may credit is reserved in the step that stores `sent`. Else two refunds that were decided side by side both go */
#define RESERVE_WITH_SENT 1
#endif
#ifndef STAMP_COMPARE        /* ... and only while no reservation was added since it was decided. Else the same: each saw the order without the other */
#define STAMP_COMPARE 1
#endif
#ifndef POSITION_COMPARE     /* ... and by whoever has read the ledger as far as any reservation was taken off for being there. Else a lagging table credits
                              * once more what it has not read yet */
#define POSITION_COMPARE 1
#endif
#ifndef LACK_WAITS           /* what only another one's reservation, or its note that may yet turn out not to be, leaves no room for waits. Else a refund is
                              * refused for one that was refused itself */
#define LACK_WAITS 1
#endif
#ifndef REFUSAL_AT_POSITION  /* "exceeds" is said by the ledger's newest state. Else a refund is refused that fits what the order was amended to */
#define REFUSAL_AT_POSITION 1
#endif
#ifndef COUNTED_ONCE         /* of each refund counts the larger of what the ledger and what Redis says. Their sum would leave no room for others when a worker
                              * died before it took its reservation off */
#define COUNTED_ONCE 1
#endif

/* ---- keep, give back, make final ------------------------------------------------------------------- */
#ifndef TAKEOVER_KEEPS       /* a lease that ran out frees no credit: the bytes may be on their way */
#define TAKEOVER_KEEPS 1
#endif
#ifndef FORWARD_KEEPS        /* ... nor does the way to a retry topic */
#define FORWARD_KEEPS 1
#endif
#ifndef PARKED_KEEPS         /* ... nor being parked: a note may be there, or come to be */
#define PARKED_KEEPS 1
#endif
#ifndef PARKED_IN_LEDGER     /* parked is written down in the ledger, too. Else a loss of Redis frees the credit of a note that may be there */
#define PARKED_IN_LEDGER 1
#endif
#ifndef PARKED_ALL           /* ... and, after a loss of Redis, with all that remains: which version of it was applied, nobody knows */
#define PARKED_ALL 1
#endif
#ifndef HOLDER_GIVES_BACK    /* only the holder's refusal gives back. Else a zombie's does, while its successor's request is under way */
#define HOLDER_GIVES_BACK 1
#endif
#ifndef REFUSED_GIVES_BACK   /* a clean refusal gives back. Else the credit is lost for good, and others wait for it for ever */
#define REFUSED_GIVES_BACK 1
#endif
#ifndef REFUSED_NEEDS_CLEAN  /* ... not one behind an unanswered send: that is parked, and keeps it */
#define REFUSED_NEEDS_CLEAN 1
#endif
#ifndef ENDED_GIVES_BACK     /* a newer version without money gives back what an earlier one reserved */
#define ENDED_GIVES_BACK 1
#endif
#ifndef ENDED_NEEDS_PROOF    /* ... known absent, and with every sender over: else the earlier version's bytes come later, where others have its credit */
#define ENDED_NEEDS_PROOF 1
#endif
#ifndef RELEASE_CLOSES       /* a person's release takes the parked refund off the ledger. Else its credit is lost for good */
#define RELEASE_CLOSES 1
#endif
#ifndef KEPT_UNTIL_LEDGER    /* posted keeps its reservation until its record in the ledger is committed. Else neither has it in between */
#define KEPT_UNTIL_LEDGER 1
#endif
#ifndef POSITION_WITH_DROP   /* ... and whoever takes it off raises, in the same step, the position that tables must have read. Else those that lag have neither */
#define POSITION_WITH_DROP 1
#endif
#ifndef DROP_IS_ITS_OWN      /* ... and takes off that reservation alone, by its number. Else a late script takes off a new one, of a refund that was released since */
#define DROP_IS_ITS_OWN 1
#endif
#ifndef PUBLISHER_HOLDS      /* whoever publishes `posted` again reserves again. Else, after Redis was set back, neither has it in between */
#define PUBLISHER_HOLDS 1
#endif
#ifndef ONE_TRANSACTION      /* result and ledger record are one transaction. Else a crash leaves the ledger without a note that Prima has */
#define ONE_TRANSACTION 1
#endif
#ifndef OWN_RECORD           /* each refund has a record of its own in the ledger. In one entry for all of an order's, a writer that lags takes others' away */
#define OWN_RECORD 1
#endif

/* ---- an edit leaves units owed, without money ------------------------------------------------------------ */
#ifndef OWED_WITH_END        /* the step that ends the edit marks the order with it. Else money that comes back right behind it is credited as if nothing were owed */
#define OWED_WITH_END 1
#endif
#ifndef OWED_IS_READ         /* ... and who finds its record in the ledger waits no longer. Else, where who committed it died before he took the mark off, all
                              * refunds of the order wait for ever */
#define OWED_IS_READ 1
#endif
#ifndef OWED_GIVES_BACK      /* ... and the edit takes it off, should it end as something else when it comes again. Else the same */
#define OWED_GIVES_BACK 1
#endif

/* ---- Redis lost or set back -------------------------------------------------------------------------- */
#ifndef HOLDS_OF_TODAY       /* a reservation under another marker is none. Else one that was given back since comes back, and nobody takes it off */
#define HOLDS_OF_TODAY 1
#endif
#ifndef REBUILD_SETS_POSITION /* without a position nobody reserves; the rebuild sets it to the ledger's end. Else a lagging table does not know that it lags */
#define REBUILD_SETS_POSITION 1
#endif
#ifndef SUSPECT_RESERVES_NOTHING /* nobody reserves before all that may have been sent is committed: parked, posted, or known never to come. Else their credit is given away */
#define SUSPECT_RESERVES_NOTHING 1
#endif
#ifndef SUSPECT_ASKS         /* ... for which each is asked for: what is found is parked, and reserved */
#define SUSPECT_ASKS 1
#endif
#ifndef UNASKED_STAYS        /* ... and is not put off to a retry topic before: suspicion would not wait for it */
#define UNASKED_STAYS 1
#endif
#ifndef SUSPECT_PROOF        /* ... and what is absent while its sender may be alive is parked, and reserved, also where numbers are enforced */
#define SUSPECT_PROOF 1
#endif

/* ---- the order's entry is amended ------------------------------------------------------------------------ */
#ifndef AMEND_BLOCKS         /* nobody reserves of an order from before its amendment is judged until tables must have it. Else one is decided by the former amounts */
#define AMEND_BLOCKS 1
#endif
#ifndef AMEND_FITS           /* ... and it is refused when it leaves less than is credited and reserved */
#define AMEND_FITS 1
#endif
#ifndef AMEND_POSITION       /* ... the position goes up with the block's end */
#define AMEND_POSITION 1
#endif
