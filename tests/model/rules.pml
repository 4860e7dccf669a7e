/* The rules of the protocol, one switch each. `check` compiles the model once per rule with -DRULE=0 and expects a violation. */

/* ---- claim, sent, finish ----------------------------------------------------------------------- */
#ifndef TOKEN_COMPARE        /* a script writes only while the record still carries the caller's token */
#define TOKEN_COMPARE 1
#endif
#ifndef GENERATION_COMPARE   /* a script refuses a caller whose group generation is older than the record's */
#define GENERATION_COMPARE 1
#endif
#ifndef EPOCH_COMPARE        /* a script refuses whoever has lost its slot */
#define EPOCH_COMPARE 1
#endif
#ifndef SEEN                 /* a claim that ends a delivery without a change still leaves its generation */
#define SEEN 1
#endif
#ifndef SENT_BEFORE_POST     /* `sent` is stored before the first byte leaves */
#define SENT_BEFORE_POST 1
#endif
#ifndef FRESH_ALONE          /* claim and `sent` are one step only for a key of which Redis has nothing */
#define FRESH_ALONE 1
#endif
#ifndef ONE_STEP_ASKS        /* ... and for a record that is not to be asked for first */
#define ONE_STEP_ASKS 1
#endif
#ifndef BODY_FROZEN          /* a resend uses the stored bytes, not the ones of the record in hand */
#define BODY_FROZEN 1
#endif
#ifndef SUPERSEDE            /* a version older than one that waits by policy is not posted */
#define SUPERSEDE 1
#endif
#ifndef WAITER_KEEPS_RANK    /* ... also not while that one is looked at again, and its holder dies */
#define WAITER_KEEPS_RANK 1
#endif

/* ---- a posted order's later versions ------------------------------------------------------------ */
#ifndef LIFE_REDELIVERY      /* a delivery that moved something hears the same again after a crash */
#define LIFE_REDELIVERY 1
#endif
#ifndef LIFE_ONE_OPEN        /* other goods add to the amendment that is open */
#define LIFE_ONE_OPEN 1
#endif
#ifndef LIFE_VERSION         /* an older version moves nothing */
#define LIFE_VERSION 1
#endif
#ifndef LIFE_REBUILT         /* after a loss of Redis amendments and money are rebuilt with the key */
#define LIFE_REBUILT 1
#endif

/* ---- what an answer proves --------------------------------------------------------------------- */
#ifndef RESOLVE_FIRST        /* an expired `sent` is resolved before anything is sent again */
#define RESOLVE_FIRST 1
#endif
#ifndef RESOLVE_WAITS        /* "absent" counts only when asked after deadline + max_apply_delay of the last unanswered send */
#define RESOLVE_WAITS 1
#endif
#ifndef QUESTION_BEHIND_THE_END /* ... and when every transfer's end that is on record was so before the question */
#define QUESTION_BEHIND_THE_END 1
#endif
#ifndef SENDS_STAY_ON_RECORD /* "absent" does not wipe the sends whose bytes may yet leave */
#define SENDS_STAY_ON_RECORD 1
#endif
#ifndef REFUSAL_NEEDS_CLEAN  /* a refusal is final only when no earlier send is unanswered, else the record is parked */
#define REFUSAL_NEEDS_CLEAN 1
#endif
#ifndef THROTTLE_KEEPS_SENDS /* an answer answers its own send only; the earlier ones stay on record */
#define THROTTLE_KEEPS_SENDS 1
#endif
#ifndef PRODUCT_IS_ANSWERED  /* a refusal for a product answers its send, before the order is decided again */
#define PRODUCT_IS_ANSWERED 1
#endif
#ifndef EXISTS_IS_NOT_OURS   /* "exists" in answer to a first send proves nothing */
#define EXISTS_IS_NOT_OURS 1
#endif
#ifndef FOUND_NEEDS_SAME_F   /* "found" proves a document ours only if every unanswered send had this F */
#define FOUND_NEEDS_SAME_F 1
#endif
#ifndef TOLD_NO_PROVES_NOTHING /* ... and one of them got no answer at all: words that nobody knows may mean somebody else's document */
#define TOLD_NO_PROVES_NOTHING 1
#endif
#ifndef WORDS_ARE_ASKED_ABOUT /* an answer that nobody knows is a refusal only after an absence */
#define WORDS_ARE_ASKED_ABOUT 1
#endif
#ifndef BLAME_NEEDS_ABSENCE  /* who fails again and again, alone, is refused only after an absence */
#define BLAME_NEEDS_ABSENCE 1
#endif

/* ---- when a sender is over --------------------------------------------------------------------- */
#ifndef SENDER_IS_OVER       /* without enforced numbers an absence permits only when no sender may be alive */
#define SENDER_IS_OVER 1
#endif
#ifndef CANCEL_NEEDS_PROOF   /* a cancellation needs that proof also where numbers are enforced */
#define CANCEL_NEEDS_PROOF 1
#endif
#ifndef DEAD_ARE_OVER        /* a sender whose process has ended is over (without: more work for people) */
#define DEAD_ARE_OVER 1
#endif
#ifndef PROOF_BEFORE_QUESTION /* the senders are looked at before the question */
#define PROOF_BEFORE_QUESTION 1
#endif
#ifndef PROOF_WAITS          /* ... which is asked max_apply_delay after their end was seen */
#define PROOF_WAITS 1
#endif
#ifndef SAY_OVER             /* who lets go of a key says that its transfers have ended (without: more work for people) */
#define SAY_OVER 1
#endif

/* ---- publishing -------------------------------------------------------------------------------- */
#ifndef PUBLISHER_DELIVERY   /* only the delivery that finished K publishes `posted`; others publish `duplicate` */
#define PUBLISHER_DELIVERY 1
#endif
#ifndef REDRIVE_INHERITS     /* a redrive takes over the publisher's role from the dead delivery that it descends from */
#define REDRIVE_INHERITS 1
#endif
#ifndef SEEK_BACK            /* after an abort the results are published again */
#define SEEK_BACK 1
#endif
#ifndef ASK_AFTER_UNKNOWN    /* after a commit's unknown outcome the committed offsets are read before anything is run again */
#define ASK_AFTER_UNKNOWN 1
#endif
#ifndef KEY_ORDER            /* records of a key with a record in retry follow it there */
#define KEY_ORDER 1
#endif
#ifndef DEFER_FENCE          /* a ghost marks no deferral, and nothing that has ended is deferred */
#define DEFER_FENCE 1
#endif
#ifndef ENDED_IS_PASSED_OVER /* a delivery that has its terminal record is passed over */
#define ENDED_IS_PASSED_OVER 1
#endif

/* ---- Redis lost or set back -------------------------------------------------------------------- */
#ifndef MARKER_KEY           /* a missing marker key is noticed although the run id is the same (FLUSHALL) */
#define MARKER_KEY 1
#endif
#ifndef COMMAND_COUNTER      /* a Redis that has seen fewer commands than it answered is noticed, whatever its names */
#define COMMAND_COUNTER 1
#endif
#ifndef BEGIN_ANEW           /* whoever hears of an incident begins anew: nothing in hand goes on under the new marker */
#define BEGIN_ANEW 1
#endif
#ifndef INCIDENT_WATCH       /* every worker has heard of it, or sends nothing, before the wait counts */
#define INCIDENT_WATCH 1
#endif
#ifndef SUSPECT_WAITS        /* nobody works for one lease and one window */
#define SUSPECT_WAITS 1
#endif
#ifndef KEYS_REBUILT         /* the keys are rebuilt from results and dead letters before anybody works */
#define KEYS_REBUILT 1
#endif
#ifndef MARKS_REBUILT        /* ... and the deferral marks from the retry topics */
#define MARKS_REBUILT 1
#endif
#ifndef SUSPECT_RESOLVES     /* in suspicion every record is asked for before its POST */
#define SUSPECT_RESOLVES 1
#endif
#ifndef SENDERS_PROVEN       /* ... and, absent, without enforced numbers, sent only when whoever sent before is over */
#define SENDERS_PROVEN 1
#endif
#ifndef LAST_BYTES_APPLIED   /* ... for max_apply_delay already: what they sent last is applied or never will be */
#define LAST_BYTES_APPLIED 1
#endif
#ifndef REPLAYS_MAY_BE_SENT  /* ... which nobody can say of a replay, however new: its key's other delivery may have been sent */
#define REPLAYS_MAY_BE_SENT 1
#endif
#ifndef HEADER_TRAVELS       /* ... also when it comes back from a retry topic */
#define HEADER_TRAVELS 1
#endif
#ifndef OLD_PROVES_NOTHING   /* a send that was written under another marker proves nothing */
#define OLD_PROVES_NOTHING 1
#endif
#ifndef ENDS_ON_COMMITTED    /* suspicion ends when the records are committed, not when they are settled */
#define ENDS_ON_COMMITTED 1
#endif
#ifndef ALL_PARTITIONS       /* it ends for all partitions together */
#define ALL_PARTITIONS 1
#endif

/* ---- people ------------------------------------------------------------------------------------ */
#ifndef PARKED_NOT_EDITED    /* a parked record's redrive keeps its content */
#define PARKED_NOT_EDITED 1
#endif
#ifndef RELEASE_WAITS        /* a release of a parked record waits as a resolve does */
#define RELEASE_WAITS 1
#endif
#ifndef ADOPT_NEEDS_DOCUMENT /* what is adopted was seen in Prima, and is the content that was sent */
#define ADOPT_NEEDS_DOCUMENT 1
#endif
