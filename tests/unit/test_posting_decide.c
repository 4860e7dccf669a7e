/* Claim and decide, by the questions that a record asks (test_posting_world.h). */
#include "test_posting_world.h"

/* ---- claim ---- */

static void test_claim(void **state)
{
    static const struct way ways[] = {
        {.name = "free", "claimed", "claim sent:R1 | claimed", .plan = PLAN_SENDS},
        {.name = "busy, then free", "busy 200;claimed", "claim claim sent:R1 | claimed"},
        {.name = "busy past the deadline",
         "busy 70000;deferred",
         "claim defer | retry settle_deadline"},
        {.name = "posted by this delivery", "posted own d S 2 5", "claim | posted"},
        {.name = "posted, same content", "posted same d S 2 5", "claim | duplicate"},
        {.name = "posted, older content", "posted other d S 1 5", "claim | dead letter conflict"},
        {.name = "posted, newer content", "posted other d S 3 5", "claim | superseded"},
        {.name = "posted, an older version", "posted older d S 2 5 -", "claim | superseded"},
        {.name = "posted, its money moved", "posted money d S 2 5 -", "claim | payment_updated"},
        {.name = "posted, its money is gone",
         "posted money d L 2 5 -",
         "claim | dead letter payment_lost"},
        {.name = "posted, other goods",
         "posted amended d S 2 5 x;read",
         "claim read:d,k goods:named | dead letter order_amended"},
        {.name = "posted, other goods once more",
         "posted added d S 2 5 x;read",
         "claim read:d,k goods:named | duplicate"},
        {.name = "... the posted version has left its topic",
         "posted amended d S 2 5 x;gone",
         "claim read:d,k goods:gone | dead letter order_amended"},
        {.name = "... it is there, and cannot be decoded any more",
         "posted amended d S 2 5 x;unreadable",
         "claim read:d,k goods:The version that was posted cannot be decoded any more. "
         "| dead letter order_amended"},
        {.name = "... Prima holds a later one by a person's word",
         "posted amended d S 2 5 x e;read",
         "claim read:e,k goods:named | dead letter order_amended"},
        {.name = "... by a word that did not say where it stands",
         "posted amended d S 1 5 x;read",
         "claim read:d,k goods:By a person's word Prima holds a later version than was posted. "
         "| dead letter order_amended"},
        {.name = "... Kafka does not answer for a while",
         "posted amended d S 2 5 x;away;away;read",
         "claim read:d,k read:d,k read:d,k goods:named | dead letter order_amended"},
        {.name = "... Kafka does not answer for longer than its name is waited for",
         "posted amended d S 2 5 x;away;~5001 away",
         "claim read:d,k read:d,k goods:away | dead letter order_amended"},
        {.name = "... Kafka refuses",
         "posted amended d S 2 5 x;denied",
         "claim read:d,k goods:denied | dead letter order_amended"},
        {.name = "... the worker's turn ends while it is read",
         "posted amended d S 2 5 x",
         "claim read:d,k | decoded"},
        {.name = "posted, the same other goods", "posted known d S 2 5 x", "claim | duplicate"},
        {.name = "posted, its own goods again", "posted ended d S 2 5 x", "claim | duplicate"},
        {.name = "posted, then cancelled",
         "posted cancelled d S 2 5 x",
         "claim | dead letter cancelled_after_posting"},
        {.name = "posted, then cancelled, as is known",
         "posted told d S 2 5 x",
         "claim | duplicate"},
        {.name = "posted, and cancelled now",
         "posted other d S 1 5",
         "claim | dead letter cancelled_after_posting",
         .cancels = true},
        {.name = "refused before", "refused event_invalid", "claim | dead letter event_invalid"},
        {.name = "discarded", "discarded", "claim | dead letter discarded"},
        {.name = "cancelled", "cancelled", "claim | cancelled_before_posting"},
        {.name = "superseded", "superseded", "claim | superseded"},
        {.name = "unreadable", "unreadable", "claim | dead letter defect"},
        {.name = "an earlier one waits", "deferred;deferred", "claim defer | retry deferred"},
        {.name = "behind a parked one",
         "parked 0 outcome_unknown",
         "claim | dead letter parked_behind"},
        {.name = "a newer generation", "stale 9;claimed", "claim fence claim sent:R1 | claimed"},
        {.name = "somebody else's token",
         "claimed;lost;claimed",
         "claim sent:R1 over claim sent:R1 | claimed"},
        {.name = "a newer generation, later",
         "claimed;stale 9;claimed",
         "claim sent:R1 fence claim sent:R1 | claimed"},
    };
    (void)state;
    WALK(ways);
}

/* ---- decide ---- */

static void test_decide(void **state)
{
    static const struct way ways[] = {
        {.name = "sends", "claimed", "claim sent:R1 | claimed", .plan = PLAN_SENDS},
        {.name = "ignores",
         "claimed;released",
         "claim release:ends | ignored_test, and why",
         .plan = PLAN_IGNORES},
        {.name = "refuses",
         "claimed;refused",
         "claim refuse:event_invalid | dead letter event_invalid",
         .plan = PLAN_REFUSES},
        {.name = "refuses what is parked by then",
         "claimed;parked",
         "claim refuse:event_invalid | dead letter refused_after_unknown",
         .plan = PLAN_REFUSES},
        {.name = "waits by policy",
         "claimed;released",
         "claim wait | retry company_unmapped",
         .plan = PLAN_WAITS},
        {.name = "takes back",
         "claimed;cancelled",
         "claim cancel | cancelled_before_posting",
         .cancels = true},
        {.name = "has nothing left",
         "claimed;cancelled",
         "claim cancel:nothing_left | cancelled_before_posting",
         .is_empty = true},
        {.name = "has nothing left, and somebody may still send what was there",
         "claimed;missing;parked",
         "claim ask park:outcome_unknown | dead letter outcome_unknown",
         .is_empty = true,
         .resolve_first = true},
        {.name = "has nothing left, and Prima has it",
         "claimed;found;parked",
         "claim ask park:exists_unproven | dead letter exists_unproven",
         .is_empty = true,
         .resolve_first = true},
        {.name = "has nothing left, and is posted",
         "posted amended d S 2 5 x;read",
         "claim read:d,k goods:named | dead letter order_amended",
         .is_empty = true},
        {.name = "asks first, absent",
         "claimed;missing",
         "claim ask sent:R1 | claimed",
         .resolve_first = true},
        {.name = "asks first, absent, may be there twice",
         "claimed;missing;parked",
         "claim ask park:outcome_unknown | dead letter outcome_unknown",
         .resolve_first = true,
         .is_shared = true},
        {.name = "asks first, found",
         "claimed;found;parked",
         "claim ask park:exists_unproven | dead letter exists_unproven",
         .resolve_first = true},
    };
    (void)state;
    WALK(ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_decide),
    };
    return cmocka_run_group_tests_name("posting_decide", tests, set_up, tear_down);
}
