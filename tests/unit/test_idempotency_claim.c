/* Who may work on a key, and who may not: every state that a claim can meet, takeovers, ghosts, deferrals. */
#include "test_idempotency_support.h"

#define POSTED "claim A 1 d1 v=7;sent 1 1 A;finish ok 1 A d1 mine;"
#define OPEN "claim A 1 d1 v=7;sent 1 1 A;" /* a send is unanswered */

static void test_claim(void **state)
{
    static const struct row rows[] = {
        {"a free key is claimed", "claim A 1 d1", "claimed", "c A1+ d1 [] - - -"},
        {"by the same token again: its answer was lost", "claim A 1 d1;set lease=0;claim A 1 d1", "claimed", "c A1+ d1 [] - - -"},
        {"somebody works on it", "claim A 1 d1;claim A 2 d2", "busy +", "c A1+ d1 [] - - -"},
        {"somebody's lease is over and nothing was sent", "set lease=0;claim A 1 d1;set lease=60000;claim B 2 d2", "claimed",
         "c B2+ d2 [] - - -"},
        {"a lease of our own slot's former self is not waited for", "claim A 1 d1;set epoch=6;claim B 2 d2", "claimed",
         "c B2+ d2 [] - - -"},
        {"... of another slot it is", "claim A 1 d1;set slot=1 epoch=6;claim B 2 d2", "busy +", "c A1+ d1 [] - - -"},
        {"... of the same life of our slot it is", "claim A 1 d1;set epoch=5;claim B 2 d2", "busy +", "c A1+ d1 [] - - -"},
        {"a claim from before Redis was lost", "claim A 1 d1;set newmarker=n marker=n;claim B 2 d2", "claimed", "c B2+ d2 [] - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_takeover(void **state)
{
    static const struct row rows[] = {
        {"bytes may be under way, the lease holds", OPEN "claim A 2 d2", "busy +", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"the lease is over: the request is ours to resolve", "set lease=0;" OPEN "set lease=60000;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... for another content", "set lease=0;" OPEN "set lease=60000;claim B 2 d2", "takeover 0 A reqA sumA 7 + 1 0",
         "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... an absence counts at once when the send's time is over", "set lease=0 window=0;" OPEN "claim A 2 d2",
         "takeover 1 A reqA sumA 7 0 1 0", "s A20 d1 [A#1@10] reqA sumA -"},
        {"by our own token: our answer was lost", OPEN "claim A 1 d1", "takeover 1 A reqA sumA 7 + 1 0", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"a record longer than what is read of it at first",
         OPEN "sent 1 2 A;sent 1 3 A;sent 1 4 A;sent 1 5 A;sent 1 6 A;sent 1 7 A;sent 1 8 A;sent 1 9 A;set epoch=6;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0", "s A2+ d1 [A#1@1+ A#2@1+ A#3@1+ A#4@1+ A#5@1+ A#6@1+ A#7@1+ A#8@1+ A#9@1+] reqA sumA -"},
        {"by our slot's next life, lease or not", OPEN "set epoch=6;claim A 2 d2", "takeover 1 A reqA sumA 7 + 1 0",
         "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"after another send the last one's time counts", "set lease=0 window=0;" OPEN "set window=60000;sent 1 2 A;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0", "s A20 d1 [A#1@10 A#2@1+] reqA sumA -"},
        {"a send from before Redis was lost proves nothing, and others may be forgotten",
         "set window=0;" OPEN "set newmarker=n marker=n window=60000;claim A 2 d2", "takeover 1 A reqA sumA 7 + 0 1",
         "s A2+ d1 [A#1@10 ?#0@-+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_claim_of_posted(void **state)
{
    static const struct row rows[] = {
        {"by its own delivery: publish again", POSTED "claim A 2 d1", "posted own d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"by another delivery of the same content", POSTED "claim A 2 d2", "posted same d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"with other content", POSTED "claim B 2 d2", "posted other d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"with other content, even by the publisher", POSTED "claim B 2 d1", "posted other d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"a redrive of the dead delivery that should publish becomes the publisher", POSTED "claim A 2 r1 p=d1", "posted own r1 sumA 7 +",
         "p A-0 r1 [] - sumA -"},
        {"... only once: a second redrive is a duplicate", POSTED "claim A 2 r1 p=d1;claim A 3 r2 p=d1", "posted same r1 sumA 7 +",
         "p A-0 r1 [] - sumA -"},
        {"... and the dead delivery itself is one now", POSTED "claim A 2 r1 p=d1;claim A 3 d1", "posted same r1 sumA 7 +",
         "p A-0 r1 [] - sumA -"},
        {"a redrive of any other delivery is a duplicate", POSTED "claim A 2 r1 p=d9", "posted same d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"a redrive with other content inherits nothing", POSTED "claim B 2 r1 p=d1", "posted other d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"nobody publishes it yet: the first of its content does",
         "set lease=0 window=0;" OPEN "set lease=60000;claim B 2 d2;finish ok 2 A d2 other;claim A 3 d3", "posted own d3 sumA 7 +",
         "p A-0 d3 [] - sumA -"},
        {"... other content does not", "set lease=0 window=0;" OPEN "set lease=60000;claim B 2 d2;finish ok 2 A d2 other;claim B 3 d3",
         "posted other - sumA 7 +", "p A-0 - [] - sumA -"},
        {"a restored result keeps its publisher", "restore p A d1;claim A 2 d1", "posted own d1 - 3 +", "p A-0 d1 [] - - -"},
        {"a claim ends the deferral of its delivery", POSTED "defer d2;claim A 2 d2", "posted same d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_claim_of_ended(void **state)
{
    static const struct row rows[] = {
        {"refused for this delivery: its dead letter again", "claim A 1 d1;refuse 1 0 d1;claim A 2 d1", "refused prima_refused",
         "r A10 d1 [] - - prima_refused"},
        {"refused for another: anybody may try", "claim A 1 d1;refuse 1 0 d1;claim A 2 d2", "claimed", "c A2+ d2 [] - - -"},
        {"... with any content", "claim A 1 d1;refuse 1 0 d1;claim B 2 d2", "claimed", "c B2+ d2 [] - - -"},
        {"parked, same content", OPEN "park 1 d1;claim A 2 d2", "parked 1 outcome_unknown A sumA + 1",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked, other content", OPEN "park 1 d1;claim B 2 d2", "parked 0 outcome_unknown A sumA + 1",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked, content unknown: it may be anybody's", OPEN "park 1 d1 unknown;claim B 2 d2", "parked 1 outcome_unknown - sumA + 0",
         "k -10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked before Redis was lost: nothing proves it", "restore k A d1;claim A 2 d2", "parked 1 outcome_unknown A - 0 0",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"taken back before it was posted", "claim A 1 d1;cancel 1 d1;claim A 2 d2", "cancelled d1", "x A10 d1 [] - - -"},
        {"... by its own delivery", "claim A 1 d1;cancel 1 d1;claim A 2 d1", "cancelled d1", "x A10 d1 [] - - -"},
        {"a person discarded it", "restore d A d1;claim A 2 d2", "discarded", "d A-0 d1 [] - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_ghosts(void **state)
{
    static const struct row rows[] = {
        {"no marker", "set newmarker=x;claim A 1 d1", "suspect", "none"},
        {"another incident's marker", "claim A 1 d1;set newmarker=n;sent 1 1 A", "suspect", "c A1+ d1 [] - - -"},
        {"... even a finish", OPEN "set newmarker=n;finish ok 1 A d1 mine", "suspect", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"our slot is somebody else's", "set newepoch=6;claim A 1 d1", "slot_lost", "none"},
        {"... since the claim", "claim A 1 d1;set newepoch=6;sent 1 1 A", "slot_lost", "c A1+ d1 [] - - -"},
        {"... refuse", OPEN "set newepoch=6;refuse 1 1 d1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... park", OPEN "set newepoch=6;park 1 d1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... absent", "set window=0;" OPEN "set newepoch=6;absent 1", "slot_lost", "s A1+ d1 [A#1@10] reqA sumA -"},
        {"... answered", OPEN "set newepoch=6;answered 1 1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... renew", OPEN "set newepoch=6;renew 1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... cancel", "claim A 1 d1;set newepoch=6;cancel 1 d1", "slot_lost", "c A1+ d1 [] - - -"},
        {"... found", OPEN "set newepoch=6;finish found 1 A d1 mine", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... but Prima's OK is a fact", OPEN "set newepoch=6;finish ok 1 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
        {"an older generation claims nothing", "claim A 1 d1;set fence=4;claim A 2 d2", "stale", "c A1+ d1 [] - - -"},
        {"... and sends nothing", "claim A 1 d1;set fence=4;sent 1 1 A", "stale", "c A1+ d1 [] - - -"},
        {"... and finds nothing", OPEN "set fence=4;finish found 1 A d1 mine", "stale", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... but its OK counts", OPEN "set fence=4;finish ok 1 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
        {"... and does not lower the fence", OPEN "set fence=4;finish ok 1 A d1 mine;claim A 2 d1", "stale", "p A-0 d1 [] - sumA -"},
        {"a newer generation goes on", "claim A 1 d1;set fence=6;sent 1 1 A", "sent", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... and the older one is a ghost from then on", "claim A 1 d1;set fence=6;sent 1 1 A;set fence=5;renew 1", "stale",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_deferrals(void **state)
{
    static const struct row rows[] = {
        {"an earlier record of the key is in a retry topic", "defer d1;claim A 2 d2", "deferred", "none | d1"},
        {"the earlier record itself may claim", "defer d1;claim A 1 d1", "claimed", "c A1+ d1 [] - - - | d1"},
        {"those behind it wait in the order in which they were deferred", "defer d1;defer d9;defer d2;claim A 1 d2", "deferred",
         "none | d1 d9 d2"},
        {"... the second goes on when the first has settled", "defer d1;defer d9;defer d2;claim A 1 d1;refuse 1 0 d1;claim B 2 d9",
         "claimed", "c B2+ d9 [] - - - | d9 d2"},
        {"... and the first's dead letter is written again when its holder died, before those behind it",
         "defer d1;defer d2;claim A 1 d1;refuse 1 0 d1;claim A 2 d1", "refused prima_refused", "r A10 d1 [] - - prima_refused | d2"},
        {"... so is its result", "defer d1;defer d2;" POSTED "claim A 2 d1", "posted own d1 sumA 7 +", "p A-0 d1 [] - sumA - | d2"},
        {"deferring again keeps its place", "defer d1;defer d2;defer d1;claim A 2 d2", "deferred", "none | d1 d2"},
        {"posted ends a deferral", "defer d1;" POSTED "claim A 1 d1", "posted own d1 sumA 7 +", "p A-0 d1 [] - sumA -"},
        {"... and so does refused", "defer d1;claim A 1 d1;refuse 1 0 d1", "refused", "r A10 d1 [] - - prima_refused"},
        {"... and so does parked", "defer d1;" OPEN "park 1 d1", "parked", "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"a released claim keeps it", "defer d1;claim A 1 d1;release 1", "released", "none | d1"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim),          cmocka_unit_test(test_takeover), cmocka_unit_test(test_claim_of_posted),
        cmocka_unit_test(test_claim_of_ended), cmocka_unit_test(test_ghosts),   cmocka_unit_test(test_deferrals),
    };
    return cmocka_run_group_tests_name("claims in Redis", tests, world_set_up, world_tear_down);
}
