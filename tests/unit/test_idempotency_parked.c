/* A person's word about a parked key: adopted, released, discarded; what it says before; and that nothing of
 * it touches a key that somebody works on. Rules that a mutant removes are named in brackets. */
#include "test_idempotency_support.h"

#define SENT_A "claim A 1 d1 v=3;sent 1 1 A"
#define PARKED_A "set window=-5;" SENT_A ";park 1 d1"

static void test_what_is_known(void **state)
{
    static const struct row rows[] = {
        {"nothing", "person look A 9 d1", "known - - unproven now - - bare", "none"},
        {"parked, and it may be released", PARKED_A ";person look A 9 d1",
         "known k outcome_unknown proven now own d1",
         "k A10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"... its last bytes may still be applied", SENT_A ";park 1 d1;person look A 9 d1",
         "known k outcome_unknown proven waits own d1",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"... prima.unproven_wait is not over",
         "set unproven=60000;" PARKED_A ";person look A 9 d1",
         "known k outcome_unknown proven waits own d1",
         "k A10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"another content was sent", PARKED_A ";person look B 9 d2",
         "known k outcome_unknown proven now other d1",
         "k A10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"nobody knows what was sent",
         "set window=-5;" SENT_A ";park 1 d1 unknown;person look A 9 d1",
         "known k outcome_unknown unproven now - d1",
         "k -10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"rebuilt after a loss", "restore k A d1;person look A 9 d1",
         "known k outcome_unknown unproven now own d1 bare",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"posted, nobody publishes it yet", PARKED_A ";person adopt A 9 d1;person look A 9 d1",
         "known p - unproven now own -", "p A-0 - [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_adopting(void **state)
{
    static const struct row rows[] = {
        {"parked", PARKED_A ";person adopt A 9 d1", "finished", "p A-0 - [] - sumA -"},
        {"its dead letter's copy publishes it", PARKED_A ";person adopt A 9 d1;claim A 2 d9 p=d1",
         "posted own d9 sumA 3 + -", "p A-0 d9 [] - sumA -"},
        {"... as does the channel's resend, for nobody has yet",
         PARKED_A ";person adopt A 9 d1;claim A 2 d9", "posted own d9 sumA 3 + -",
         "p A-0 d9 [] - sumA -"},
        {"... once", PARKED_A ";person adopt A 9 d1;claim A 2 d9;claim A 2 d10",
         "posted same d9 sumA 3 + -", "p A-0 d9 [] - sumA -"},
        {"a later version is one", PARKED_A ";person adopt A 9 d1;claim B 2 d2 v=4",
         "posted amended - sumA 3 + d2", "p A-0 - [] - sumA - / m - B d2 d2 - -"},
        {"by whom it was published",
         PARKED_A ";person adopt A 9 d1;claim A 2 d9;person adopt A 9 d1", "posted d9",
         "p A-0 d9 [] - sumA -"},
        {"another content was sent: that is posted", PARKED_A ";person adopt B 9 d2", "finished",
         "p A-0 - [] - sumA -"},
        {"nobody knows what was sent: the dead letter's content, with a summary of today",
         "set window=-5;" SENT_A ";park 1 d1 unknown;person adopt A 9 d1 v=3 today", "finished",
         "p A-0 - [] - nowA -"},
        {"... without one it stays parked",
         "set window=-5;" SENT_A ";park 1 d1 unknown;person adopt A 9 d1", "unproven",
         "k -10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"rebuilt after a loss", "restore k A d1;person adopt A 9 d1 v=3 today", "finished",
         "p A-0 - [] - nowA -"},
        {"... without a summary of today it stays parked", "restore k A d1;person adopt A 9 d1",
         "unproven", "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"nothing is there", "person adopt A 9 d1", "lost", "none"},
        {"refused", SENT_A ";refuse 1 1 d1;person adopt A 9 d1", "lost",
         "r A10 d1 [] - - prima_refused"},
        {"posted meanwhile", SENT_A ";finish ok 1 A d1 mine;person adopt A 9 d1", "posted d1",
         "p A-0 d1 [] - sumA -"},
        {"[parked_is_nobodys] a worker has it", SENT_A ";person adopt A 9 d1", "busy",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"a worker that looks at it finds another's work",
         PARKED_A ";person adopt A 9 d1;finish found 1 A d1 mine", "lost", "p A-0 - [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_releasing(void **state)
{
    static const struct row rows[] = {
        {"claimed by a person", PARKED_A ";person take A 9 d1", "claimed", "c A9+ d1 [] - - -"},
        {"... nobody else has it", PARKED_A ";person take A 9 d1;claim A 2 d9 p=d1", "busy +",
         "c A9+ d1 [] - - -"},
        {"... nor another person", PARKED_A ";person take A 9 d1;person take A 8 d1", "busy",
         "c A9+ d1 [] - - -"},
        {"free", PARKED_A ";person take A 9 d1;person free A 9 d1", "released",
         "r A90 - [] - - released"},
        {"... and anybody's", PARKED_A ";person take A 9 d1;person free A 9 d1;claim A 2 d9 p=d1",
         "claimed", "c A2+ d9 [] - - -"},
        {"... also with another content",
         PARKED_A ";person take A 9 d1;person free A 9 d1;claim B 2 d9", "claimed",
         "c B2+ d9 [] - - -"},
        {"the person died: its lease ends",
         "set lease=-5;" PARKED_A ";person take A 9 d1;claim A 2 d9", "claimed",
         "c A20 d9 [] - - -"},
        {"... and the command is run again",
         "set lease=-5;" PARKED_A ";person take A 9 d1;set lease=60000;person take A 8 d1",
         "claimed", "c A8+ d1 [] - - -"},
        {"it has another holder by then",
         "set lease=-5;" PARKED_A
         ";person take A 9 d1;set lease=60000;claim A 2 d9;person free A 9 d1",
         "lost", "c A2+ d9 [] - - -"},
        {"[release_waits] its last bytes may still be applied",
         SENT_A ";park 1 d1;person take A 9 d1", "wait",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"[release_waits] the wait behind it is not over",
         "set unproven=60000;" PARKED_A ";person take A 9 d1", "wait",
         "k A10 d1 [A#1@10] reqA sumA outcome_unknown"},
        {"refused since", SENT_A ";refuse 1 1 d1;person take A 9 d1", "claimed",
         "c A9+ d1 [] - - -"},
        {"nothing is there", "person take A 9 d1", "lost", "none"},
        {"posted meanwhile", SENT_A ";finish ok 1 A d1 mine;person take A 9 d1", "posted d1",
         "p A-0 d1 [] - sumA -"},
        {"cancelled", "claim A 1 d1;cancel 1 d1;person take A 9 d1", "cancelled",
         "x A10 d1 [] - - -"},
        {"discarded", PARKED_A ";person discard A 9 d1;person take A 9 d1", "discarded",
         "d A-0 d1 [A#1@10] - sumA outcome_unknown"},
        {"waits by policy", "claim A 1 d1 v=3;wait 1 d1 v=3;person take A 9 d1", "lost",
         "c --0 d1 [] - - w"},
        {"[parked_is_nobodys] a worker has it", SENT_A ";person take A 9 d1", "busy",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"[parked_is_nobodys] a worker has claimed it", "claim A 1 d1;person take A 9 d1", "busy",
         "c A1+ d1 [] - - -"},
        {"a sender whose lease is over: it is resolved, not released",
         "set lease=-5;" SENT_A ";person take A 9 d1", "lost", "s A10 d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_discarding(void **state)
{
    static const struct row rows[] = {
        {"parked", PARKED_A ";person discard A 9 d1", "discarded",
         "d A-0 d1 [A#1@10] - sumA outcome_unknown"},
        {"nothing is sent of it any more", PARKED_A ";person discard A 9 d1;claim A 2 d9 p=d1",
         "discarded", "d A-0 d1 [A#1@10] - sumA outcome_unknown"},
        {"nor of a later version", PARKED_A ";person discard A 9 d1;claim B 2 d2 v=4", "discarded",
         "d A-0 d1 [A#1@10] - sumA outcome_unknown"},
        {"what is found of it is nobody's",
         PARKED_A ";person discard A 9 d1;finish found 1 A d1 mine", "lost",
         "d A-0 d1 [A#1@10] - sumA outcome_unknown"},
        {"posted meanwhile", SENT_A ";finish ok 1 A d1 mine;person discard A 9 d1", "posted d1",
         "p A-0 d1 [] - sumA -"},
        {"not parked", SENT_A ";refuse 1 1 d1;person discard A 9 d1", "lost",
         "r A10 d1 [] - - prima_refused"},
        {"nothing is there", "person discard A 9 d1", "lost", "none"},
        {"[parked_is_nobodys] a worker has it", SENT_A ";person discard A 9 d1", "busy",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* What is committed after a loss: dead letters first, in their order, then people's decisions. */
static void test_rebuilt(void **state)
{
    static const struct row rows[] = {
        {"discarded", "restore k A d1;restore d A d1", "restored",
         "d A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"another letter of it was discarded, before it was parked",
         "restore k A d1;restore d A d0", "kept", "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"parked once more since: that one was discarded",
         "restore k A d1;restore k A d2;restore d A d2", "restored",
         "d A-0 d2 [?#0@-0] - - outcome_unknown"},
        {"... that one was not", "restore k A d1;restore k A d2;restore d A d1", "kept",
         "k A-0 d2 [?#0@-0] - - outcome_unknown"},
        {"what waits behind it changes nothing", "restore k A d1;restore k B d2 behind", "kept",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"posted", "restore p A d1;restore d A d1", "kept", "p A-0 d1 [] - - -"},
        {"a dead letter that was no parked one", "restore d A d1", "kept", "none"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_redis_is_being_rebuilt(void **state)
{
    static const char *const words[] = {"look", "adopt", "take", "free", "discard"};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        char steps[200];
        (void)snprintf(steps, sizeof steps, PARKED_A ";set newmarker=rebuild:i7;person %s A 9 d1",
                       words[i]);
        row_answers(steps, "suspect");
    }
}

static void test_not_ours_to_read(void **state)
{
    (void)state;
    row_raw = "not a record of ours";
    row_answers("raw;person take A 9 d1", "unreadable");
    row_answers("list;person adopt A 9 d1", "unreadable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known),    cmocka_unit_test(test_adopting),
        cmocka_unit_test(test_releasing),        cmocka_unit_test(test_discarding),
        cmocka_unit_test(test_rebuilt),          cmocka_unit_test(test_redis_is_being_rebuilt),
        cmocka_unit_test(test_not_ours_to_read),
    };
    return cmocka_run_group_tests_name("a person's word about a parked key", tests, world_set_up,
                                       world_tear_down);
}
