/* The rules of the protocol, one switch each. `check` compiles the model once per rule with -DRULE=0 and expects a violation. */

/* ---- claim, sent, finish ------------------------------------------------------------------------------------------------ */
#ifndef TOKEN_COMPARE        /* a script writes only while the record still carries the caller's token */
#define TOKEN_COMPARE 1
#endif
#ifndef GENERATION_COMPARE   /* a script refuses a caller whose group generation is older than the record's */
#define GENERATION_COMPARE 1
#endif
#ifndef SENT_BEFORE_POST     /* `sent` is stored before the first byte leaves */
#define SENT_BEFORE_POST 1
#endif
#ifndef BODY_FROZEN          /* a resend uses the stored bytes, not the ones of the record in hand */
#define BODY_FROZEN 1
#endif

/* ---- what an answer proves ---------------------------------------------------------------------------------------------- */
#ifndef RESOLVE_FIRST        /* an expired `sent` is resolved before anything is sent again */
#define RESOLVE_FIRST 1
#endif
#ifndef RESOLVE_WAITS        /* "absent" counts only when asked after deadline + max_apply_delay of the last unanswered send */
#define RESOLVE_WAITS 1
#endif
#ifndef SENDS_STAY_ON_RECORD /* a resend leaves the earlier, unanswered sends on record: "absent" does not wipe them */
#define SENDS_STAY_ON_RECORD 1
#endif
#ifndef REFUSAL_NEEDS_CLEAN  /* a refusal is final only when no earlier send is unanswered, else the record is parked */
#define REFUSAL_NEEDS_CLEAN 1
#endif
#ifndef THROTTLE_KEEPS_SENDS /* 429 answers its own send only; the earlier ones stay on record */
#define THROTTLE_KEEPS_SENDS 1
#endif
#ifndef EXISTS_IS_NOT_OURS   /* "exists" in answer to a first send proves nothing */
#define EXISTS_IS_NOT_OURS 1
#endif
#ifndef FOUND_NEEDS_SAME_F   /* "found" proves a document ours only if every unanswered send had this F */
#define FOUND_NEEDS_SAME_F 1
#endif
#ifndef NO_RESEND_UNENFORCED /* known absent, and Prima does not enforce unique numbers: park, never send again */
#define NO_RESEND_UNENFORCED 1
#endif

/* ---- publishing --------------------------------------------------------------------------------------------------------- */
#ifndef PUBLISHER_DELIVERY   /* only the delivery that finished K publishes `posted`; others publish `duplicate` */
#define PUBLISHER_DELIVERY 1
#endif
#ifndef REDRIVE_INHERITS     /* a redrive takes over the publisher's role from the dead delivery that it descends from */
#define REDRIVE_INHERITS 1
#endif
#ifndef SEEK_BACK            /* after an abort the records are read again */
#define SEEK_BACK 1
#endif
#ifndef ASK_AFTER_UNKNOWN    /* after a commit's unknown outcome the committed offsets are read before anything is run again */
#define ASK_AFTER_UNKNOWN 1
#endif
#ifndef KEY_ORDER            /* records of a key with a record in retry follow it there */
#define KEY_ORDER 1
#endif

/* ---- Redis lost or rolled back ------------------------------------------------------------------------------------------ */
#ifndef MARKER_KEY           /* a missing marker key is noticed although the run id is the same (FLUSHALL) */
#define MARKER_KEY 1
#endif
#ifndef MARKER_HAS_GENERATION /* the marker written after a fault carries the generation: scripts refuse a lower one than that, too */
#define MARKER_HAS_GENERATION 1
#endif
#ifndef SUSPECT_RESOLVES     /* in suspect mode every record is resolved before its POST */
#define SUSPECT_RESOLVES 1
#endif
#ifndef SUSPECT_WAITS        /* no POST by anybody for one maximum lease */
#define SUSPECT_WAITS 1
#endif
#ifndef NOTHING_SETTLES      /* meanwhile nothing settles, and what was settled before is committed or dropped */
#define NOTHING_SETTLES 1
#endif
#ifndef COMMITTED_FIRST      /* committed results are looked up before Prima */
#define COMMITTED_FIRST 1
#endif
#ifndef OLD_PROVES_NOTHING   /* a non-final record written under another run id proves nothing */
#define OLD_PROVES_NOTHING 1
#endif
#ifndef ENDS_ON_COMMITTED    /* suspect mode ends when the records are committed, not when they are settled */
#define ENDS_ON_COMMITTED 1
#endif
#ifndef ALL_PARTITIONS       /* it ends for all partitions together */
#define ALL_PARTITIONS 1
#endif
#ifndef KEYS_REBUILT         /* it ends after the keys were rebuilt from results and dead letters */
#define KEYS_REBUILT 1
#endif
#ifndef FORWARD_STAYS_BELOW  /* a record below the end that goes to the retry topic is still waited for, there */
#define FORWARD_STAYS_BELOW 1
#endif

/* ---- people ------------------------------------------------------------------------------------------------------------- */
#ifndef PARKED_NOT_EDITED    /* a parked record's redrive keeps its content */
#define PARKED_NOT_EDITED 1
#endif
#ifndef RELEASE_WAITS        /* a release of a parked record waits as a resolve does */
#define RELEASE_WAITS 1
#endif
