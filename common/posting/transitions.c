/* The table of a record's life; see record_state.h for why it is so. */
#include "posting/transitions.h"

#include "posting/actions.h"

/* a table is read in columns: */
/* clang-format off */
#define ROW(from, event, to, action) {from, event, to, action, #action, #from " " #event}

static const struct transition rows[] = {
    /*  from       event             to         action */
    ROW(FETCHED,   DECODED_OK,       DECODED,   act_enter_lane),
    ROW(FETCHED,   MALFORMED,        SETTLED,   act_dead_letter),
    ROW(FETCHED,   MALFORMED_NOW,    FETCHED,   act_release_mark),
    ROW(FETCHED,   MALFORMED_SENT,   SETTLED,   act_forward),
    ROW(FETCHED,   REPEATED,         SETTLED,   act_pass_over),

    ROW(DECODED,   KEY_FREE,         CLAIMED,   act_decide),
    ROW(DECODED,   REQUEST_STORED,   SENT,      act_post),          /* claimed and stored in one step */
    ROW(DECODED,   KEY_BUSY,         DECODED,   act_wait_for_key),
    ROW(DECODED,   KEY_DEFERRED,     DECODED,   act_retry),
    ROW(DECODED,   TAKEN_OVER,       RESOLVING, act_resolve),
    ROW(DECODED,   POSTED_OWN,       SETTLED,   act_publish_posted),
    ROW(DECODED,   POSTED_SAME,      SETTLED,   act_publish_duplicate),
    ROW(DECODED,   POSTED_OTHER,     SETTLED,   act_publish_conflict),
    ROW(DECODED,   POSTED_LATER,     DECODED,   act_find_former),
    ROW(DECODED,   FORMER_KNOWN,     SETTLED,   act_publish_later),
    ROW(DECODED,   REFUSED_OWN,      SETTLED,   act_dead_letter),
    ROW(DECODED,   PARKED_SAME,      RESOLVING, act_resolve),
    ROW(DECODED,   PARKED_OTHER,     SETTLED,   act_dead_letter),
    ROW(DECODED,   KEY_CANCELLED,    SETTLED,   act_publish_outcome),
    ROW(DECODED,   KEY_DISCARDED,    SETTLED,   act_dead_letter),
    ROW(DECODED,   KEY_SUPERSEDED,   SETTLED,   act_publish_outcome),
    ROW(DECODED,   KEY_UNREADABLE,   SETTLED,   act_dead_letter),
    ROW(DECODED,   TOO_LATE,         DECODED,   act_retry),
    ROW(DECODED,   FORWARDED,        SETTLED,   act_forward),
    ROW(DECODED,   TOKEN_LOST,       DECODED,   act_claim_later),
    ROW(DECODED,   STALE_GENERATION, DECODED,   act_claim_later),
    ROW(DECODED,   TOO_OLD,          SETTLED,   act_dead_letter),

    ROW(CLAIMED,   FACTS_NEEDED,     CLAIMED,   act_find_facts),
    ROW(CLAIMED,   FACTS_FOUND,      CLAIMED,   act_decide),
    ROW(CLAIMED,   PLANNED,          CLAIMED,   act_store_request),
    ROW(CLAIMED,   CREDIT_MOVED,     CLAIMED,   act_decide),        /* another refund of the order came first */
    ROW(CLAIMED,   SHADOWED,         RESOLVING, act_resolve),       /* nothing is sent: Prima is asked what it has */
    ROW(CLAIMED,   ASK_FIRST,        RESOLVING, act_resolve),
    ROW(CLAIMED,   NOT_TO_SEND,      SETTLED,   act_publish_outcome),
    ROW(CLAIMED,   NOT_ACCEPTABLE,   CLAIMED,   act_refuse),
    ROW(CLAIMED,   GIVE_UP,          CLAIMED,   act_park),          /* fails again and again, alone, and not always with an answer */
    ROW(CLAIMED,   NOT_YET,          CLAIMED,   act_retry),
    ROW(CLAIMED,   MUST_WAIT,        CLAIMED,   act_wait_to_send),
    ROW(CLAIMED,   REQUEST_STORED,   SENT,      act_post),
    ROW(CLAIMED,   REFUSAL_STORED,   SETTLED,   act_dead_letter),
    ROW(CLAIMED,   CANCEL_STORED,    SETTLED,   act_publish_outcome),
    ROW(CLAIMED,   PARKING_STORED,   SETTLED,   act_dead_letter),
    ROW(CLAIMED,   TOO_LATE,         CLAIMED,   act_retry),
    ROW(CLAIMED,   TOO_OLD,          SETTLED,   act_dead_letter),
    ROW(CLAIMED,   FORWARDED,        SETTLED,   act_forward),
    ROW(CLAIMED,   TOKEN_LOST,       DECODED,   act_claim_later),
    ROW(CLAIMED,   STALE_GENERATION, DECODED,   act_claim_later),

    ROW(SENT,      ACCEPTED,         SENT,      act_finish),
    ROW(SENT,      NO_ANSWER,        RESOLVING, act_resolve),
    ROW(SENT,      TOLD_NO,          SENT,      act_mark_told_no),
    ROW(SENT,      NOT_APPLIED,      SENT,      act_mark_answered),
    ROW(SENT,      REFUSED,          SENT,      act_refuse),
    ROW(SENT,      PRODUCT_REFUSED,  SENT,      act_mark_answered),
    ROW(SENT,      DECIDE_AGAIN,     CLAIMED,   act_decide),        /* once a claim; refused again, it is a dead letter */
    ROW(SENT,      EXISTS,           SENT,      act_mark_answered),
    ROW(SENT,      MUST_WAIT,        CLAIMED,   act_wait_to_send),  /* answered, nothing else is open */
    ROW(SENT,      ABSENT_EARLY,     RESOLVING, act_wait_to_ask),   /* answered, an earlier send is open */
    ROW(SENT,      FOUND_OURS,       RESOLVING, act_finish),        /* "exists", after an unanswered send of ours */
    ROW(SENT,      FINISHED,         SETTLED,   act_publish_posted),
    ROW(SENT,      FINISHED_OTHER,   DECODED,   act_claim),         /* it was another version's: ours is a later one now */
    ROW(SENT,      REFUSAL_STORED,   SETTLED,   act_dead_letter),
    ROW(SENT,      PARKING_STORED,   SETTLED,   act_dead_letter),
    ROW(SENT,      TOKEN_LOST,       DECODED,   act_claim_later),
    ROW(SENT,      STALE_GENERATION, DECODED,   act_claim_later),
    ROW(SENT,      OWN_TURN,         DECODED,   act_claim),

    ROW(RESOLVING, COMPARED,         RESOLVING, act_finish),        /* in the shadow: posted as far as its own keys go */
    ROW(RESOLVING, FOUND_OURS,       RESOLVING, act_finish),
    ROW(RESOLVING, FOUND_UNPROVEN,   RESOLVING, act_park),
    ROW(RESOLVING, ABSENT_CLEAN,     RESOLVING, act_mark_absent),
    ROW(RESOLVING, ABSENT_EARLY,     RESOLVING, act_wait_to_ask),
    ROW(RESOLVING, ABSENT_UNPROVEN,  RESOLVING, act_wait_to_ask),
    ROW(RESOLVING, CANNOT_TELL,      RESOLVING, act_wait_to_ask),
    ROW(RESOLVING, RESEND,           CLAIMED,   act_store_request),
    ROW(RESOLVING, KEY_FREE,         CLAIMED,   act_decide),        /* asked first, absent: an ordinary record from here */
    ROW(RESOLVING, NOT_ACCEPTABLE,   RESOLVING, act_refuse),        /* absent after an answer that no pattern knows, or faults on this record alone */
    ROW(RESOLVING, FINISHED,         SETTLED,   act_publish_posted),
    ROW(RESOLVING, FINISHED_OTHER,   DECODED,   act_claim),
    ROW(RESOLVING, REFUSAL_STORED,   SETTLED,   act_dead_letter),
    ROW(RESOLVING, PARKING_STORED,   SETTLED,   act_dead_letter),
    ROW(RESOLVING, GIVE_UP,          RESOLVING, act_park),
    ROW(RESOLVING, TOO_LATE,         RESOLVING, act_retry),
    ROW(RESOLVING, TOO_OLD,          SETTLED,   act_dead_letter),   /* nothing of ours was sent: asked about first, or parked before */
    ROW(RESOLVING, FORWARDED,        SETTLED,   act_forward),
    ROW(RESOLVING, TOKEN_LOST,       DECODED,   act_claim_later),
    ROW(RESOLVING, STALE_GENERATION, DECODED,   act_claim_later),
    ROW(RESOLVING, OWN_TURN,         DECODED,   act_claim),

    ROW(SETTLED,   PREFIX_COMPLETE,     PUBLISHED, NULL),
    ROW(PUBLISHED, TRANSACTION_DONE,    COMMITTED, act_forget),
    ROW(PUBLISHED, TRANSACTION_ABORTED, SETTLED,   NULL),           /* published again from memory */
};
/* clang-format on */
const struct transition_table transitions = {rows, sizeof rows / sizeof *rows, act_dead_letter};
