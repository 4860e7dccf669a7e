/* A posted order's life goes on: what each later version hears, in which order they come, what is
 * kept of it, and what a delivery hears that comes again. */
#include "test_idempotency_support.h"

/* Posted by t/0/5, version 7: goods A, money m. */
#define POSTED "claim A 1 t/0/5 v=7;sent 1 1 A;finish ok 1 A t/0/5 mine v=7;"
#define AMENDED POSTED "claim B 2 t/0/6 v=8;"
#define SAYS(verdict, exception) "posted " verdict " t/0/5 sumA 7 + " exception
#define KEPT "p A-0 t/0/5 [] - sumA -"

static void test_the_rest_and_the_money(void **state)
{
    static const struct row rows[] = {
        {"the rest changed", POSTED "claim B 2 t/0/6 v=8 g=A", SAYS("same", "-"),
         KEPT " / m - - - - - -"},
        {"... and a version before that comes late, with other money: no news any more",
         POSTED "claim B 2 t/0/6 v=9 g=A;claim C 3 t/0/7 v=8 g=A m=n", SAYS("older", "-"),
         KEPT " / m - - - - - -"},
        {"... with other goods", POSTED "claim B 2 t/0/6 v=9 g=A;claim C 3 t/0/7 v=8",
         SAYS("older", "-"), KEPT " / m - - - - - -"},
        {"... the money moved, and other goods come late",
         POSTED "claim B 2 t/0/6 v=9 g=A m=n;claim C 3 t/0/7 v=8", SAYS("older", "-"),
         KEPT " / n t/0/6 - - - - -"},
        {"the money moved", POSTED "claim B 2 t/0/6 v=8 g=A m=n", SAYS("money", "-"),
         KEPT " / n t/0/6 - - - - -"},
        {"... the same again is no news",
         POSTED "claim B 2 t/0/6 v=8 g=A m=n;claim B 3 t/0/7 v=9 g=A m=n", SAYS("same", "-"),
         KEPT " / n t/0/6 - - - - -"},
        {"... its own delivery hears it again, whatever came behind it",
         POSTED
         "claim B 2 t/0/6 v=8 g=A m=n;claim B 3 t/0/7 v=9 g=A m=n;claim B 4 t/0/6 v=8 g=A m=n",
         SAYS("money", "-"), KEPT " / n t/0/6 - - - - -"},
        {"... an older one comes late",
         POSTED "claim B 2 t/0/6 v=9 g=A m=n;claim C 3 t/0/7 v=8 g=A m=o", SAYS("older", "-"),
         KEPT " / n t/0/6 - - - - -"},
        {"... it was overtaken, and its delivery comes again",
         POSTED
         "claim B 2 t/0/6 v=8 g=A m=n;claim C 3 t/0/7 v=9 g=A m=o;claim B 4 t/0/6 v=8 g=A m=n",
         SAYS("older", "-"), KEPT " / o t/0/7 - - - - -"},
        {"a version older than the posted one", POSTED "claim B 2 t/0/6 v=6 g=A m=n",
         SAYS("older", "-"), KEPT},
        {"the posted content itself, after its money moved: a resend",
         POSTED "claim B 2 t/0/6 v=8 g=A m=n;claim A 3 t/0/7 v=7", SAYS("same", "-"),
         KEPT " / n t/0/6 - - - - -"},
        {"without a version the later arrival counts", POSTED "claim B 2 t/0/6 g=A m=n",
         SAYS("money", "-"), KEPT " / n t/0/6 - - - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_two_of_one_version(void **state)
{
    static const struct row rows[] = {
        {"the one that came later is newer", POSTED "claim B 2 t/0/6 v=7 g=A m=n",
         SAYS("money", "-"), KEPT " / n t/0/6 - - - - -"},
        {"the one that came earlier, and waited, is older", POSTED "claim B 2 t/0/4 v=7 g=A m=n",
         SAYS("older", "-"), KEPT},
        {"... its offset has fewer digits",
         "claim A 1 t/0/10 v=7;sent 1 1 A;finish ok 1 A t/0/10 mine v=7;claim B 2 t/0/9 v=7 g=A "
         "m=n",
         "posted older t/0/10 sumA 7 + -", "p A-0 t/0/10 [] - sumA -"},
        {"of two topics nobody can tell: it counts", POSTED "claim B 2 u/0/4 v=7 g=A m=n",
         SAYS("money", "-"), KEPT " / n u/0/4 - - - - -"},
        {"goods: earlier is older", POSTED "claim B 2 t/0/4 v=7", SAYS("older", "-"), KEPT},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_an_amendment(void **state)
{
    static const struct row rows[] = {
        {"other goods open one", AMENDED, SAYS("amended", "t/0/6"),
         KEPT " / m - B t/0/6 t/0/6 - -"},
        {"... the same goods again name it", AMENDED "claim B 3 t/0/7 v=9", SAYS("known", "t/0/6"),
         KEPT " / m - B t/0/6 t/0/6 - -"},
        {"... and a version before that, with others, comes late",
         AMENDED "claim B 3 t/0/7 v=10;claim C 4 t/0/8 v=9", SAYS("older", "t/0/6"),
         KEPT " / m - B t/0/6 t/0/6 - -"},
        {"... their money moved", AMENDED "claim B 3 t/0/7 v=9 m=n", SAYS("money", "t/0/6"),
         KEPT " / n t/0/7 B t/0/6 t/0/6 - -"},
        {"... other goods still add to it", AMENDED "claim C 3 t/0/7 v=9", SAYS("added", "t/0/6"),
         KEPT " / m - C t/0/6 t/0/7 - -"},
        {"... who opened it hears so again, for its dead letter may be lost",
         AMENDED "claim C 3 t/0/7 v=9;claim B 4 t/0/6 v=8", SAYS("amended", "t/0/6"),
         KEPT " / m - C t/0/6 t/0/7 - -"},
        {"... who added to it, too", AMENDED "claim C 3 t/0/7 v=9;claim C 4 t/0/7 v=9",
         SAYS("added", "t/0/6"), KEPT " / m - C t/0/6 t/0/7 - -"},
        {"... an older version adds nothing", AMENDED "claim C 3 t/0/7 v=9;claim D 4 t/0/8 v=8",
         SAYS("older", "t/0/6"), KEPT " / m - C t/0/6 t/0/7 - -"},
        {"... nor does one older than the posted one", POSTED "claim D 4 t/0/8 v=6",
         SAYS("older", "-"), KEPT},
        {"the posted goods again end it", AMENDED "claim E 3 t/0/7 v=9 g=A", SAYS("ended", "t/0/6"),
         KEPT " / m - - t/0/6 t/0/7 t/0/7 -"},
        {"... and the money that came with them counts", AMENDED "claim E 3 t/0/7 v=9 g=A m=n",
         SAYS("ended", "t/0/6"), KEPT " / n t/0/7 - t/0/6 t/0/7 t/0/7 -"},
        {"... it hears so again", AMENDED "claim E 3 t/0/7 v=9 g=A;claim E 4 t/0/7 v=9 g=A",
         SAYS("ended", "t/0/6"), KEPT " / m - - t/0/6 t/0/7 t/0/7 -"},
        {"... a late resend of the posted version ends nothing", AMENDED "claim A 3 t/0/7 v=7",
         SAYS("same", "t/0/6"), KEPT " / m - B t/0/6 t/0/6 - -"},
        {"... what it ended comes late", AMENDED "claim E 3 t/0/8 v=9 g=A;claim C 4 t/0/9 v=8",
         SAYS("older", "t/0/6"), KEPT " / m - - t/0/6 t/0/8 t/0/8 -"},
        {"... other goods after it open the next one",
         AMENDED "claim E 3 t/0/7 v=9 g=A;claim C 4 t/0/8 v=10", SAYS("amended", "t/0/8"),
         KEPT " / m - C t/0/8 t/0/8 t/0/7 -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_a_cancellation(void **state)
{
    static const struct row rows[] = {
        {"the channel takes it back", POSTED "claim X 2 t/0/6 v=8 g=A cancels",
         SAYS("cancelled", "t/0/6"), KEPT " / m - - - - - t/0/6"},
        {"... and says so again",
         POSTED "claim X 2 t/0/6 v=8 g=A cancels;claim Y 3 t/0/7 v=9 cancels",
         SAYS("told", "t/0/6"), KEPT " / m - - - - - t/0/6"},
        {"... its own delivery", POSTED "claim X 2 t/0/6 v=8 cancels;claim X 3 t/0/6 v=8 cancels",
         SAYS("cancelled", "t/0/6"), KEPT " / m - - - - - t/0/6"},
        {"... beside an amendment that is open", AMENDED "claim X 3 t/0/7 v=9 cancels",
         SAYS("cancelled", "t/0/7"), KEPT " / m - B t/0/6 t/0/6 - t/0/7"},
        {"... of an older version", POSTED "claim X 2 t/0/6 v=6 cancels", SAYS("older", "-"), KEPT},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* A person says that the document holds a later version now: it is that one from which later ones
 * differ, and its delivery by which their differences are named. */
static void test_amended(void **state)
{
#define WORD AMENDED "amend B t/0/6 v=8;"
#define SAYS_AMENDED(verdict, exception) "posted " verdict " t/0/5 sumA 8 + " exception " t/0/6"
#define KEPT_AMENDED "p B-0 t/0/5 [] - sumA -"
    static const struct row rows[] = {
        {"the word", AMENDED "amend B t/0/6 v=8", "finished",
         KEPT_AMENDED " / m - - t/0/6 t/0/6 - - t/0/6"},
        {"... of a version that came to nothing new", POSTED "amend B t/0/6 v=8", "finished",
         KEPT_AMENDED " / m - - - - - - t/0/6"},
        {"... of a key that nobody posted", "claim A 1 t/0/5 v=7;amend A t/0/5 v=7", "lost",
         "c A1+ t/0/5 [] - - -"},
        {"... while Redis is rebuilt", POSTED "set newmarker=rebuild:1;amend B t/0/6 v=8",
         "suspect", KEPT},
        {"a resend of it", WORD "claim B 3 t/0/7 v=9", SAYS_AMENDED("same", "t/0/6"),
         KEPT_AMENDED " / m - - t/0/6 t/0/6 - - t/0/6"},
        {"other goods open the next one", WORD "claim C 3 t/0/7 v=9",
         SAYS_AMENDED("amended", "t/0/7"), KEPT_AMENDED " / m - C t/0/7 t/0/7 - - t/0/6"},
        {"... the goods that were posted at first, too", WORD "claim E 3 t/0/7 v=9 g=A",
         SAYS_AMENDED("amended", "t/0/7"), KEPT_AMENDED " / m - A t/0/7 t/0/7 - - t/0/6"},
        {"... other goods still add to it", WORD "claim C 3 t/0/7 v=9;claim D 4 t/0/8 v=10",
         SAYS_AMENDED("added", "t/0/7"), KEPT_AMENDED " / m - D t/0/7 t/0/8 - - t/0/6"},
        {"a version between the two", WORD "claim C 3 t/0/7 v=7", SAYS_AMENDED("older", "t/0/6"),
         KEPT_AMENDED " / m - - t/0/6 t/0/6 - - t/0/6"},
        {"of the document's version, the one that came before it is older",
         POSTED "amend B t/0/8 v=8;claim C 3 t/0/7 v=8", "posted older t/0/5 sumA 8 + - t/0/8",
         KEPT_AMENDED " / m - - - - - - t/0/8"},
        {"the word for another version",
         WORD "claim C 3 t/0/7 v=9;amend C t/0/7 v=9;claim D 4 "
              "t/0/8 v=10",
         "posted amended t/0/5 sumA 9 + t/0/8 t/0/7",
         "p C-0 t/0/5 [] - sumA - / m - D t/0/8 t/0/8 - - t/0/7"},
        {"the word that the tree before took: where that version stands is not known",
         WORD "forget_document;claim C 3 t/0/7 v=9", "posted amended t/0/5 sumA 8 + t/0/7",
         KEPT_AMENDED " / m - C t/0/7 t/0/7 - -"},
        {"... said again, it is", WORD "forget_document;amend B t/0/6 v=8;claim C 3 t/0/7 v=9",
         SAYS_AMENDED("amended", "t/0/7"), KEPT_AMENDED " / m - C t/0/7 t/0/7 - - t/0/6"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* In whatever order results and dead letters are read. */
static void test_restored(void **state)
{
#define BACK "restore p A t/0/5 v=7 parts;"
#define SAYS_BACK(verdict, exception) "posted " verdict " t/0/5 - 7 + " exception
#define KEPT_BACK "p A-0 t/0/5 [] - - -"
    static const struct row rows[] = {
        {"posted", BACK "claim B 2 t/0/6 v=8", SAYS_BACK("amended", "t/0/6"),
         KEPT_BACK " / m - B t/0/6 t/0/6 - -"},
        {"its money", BACK "restore m B t/0/6 v=8 g=A m=n parts;claim C 2 t/0/7 v=9 g=A m=n",
         SAYS_BACK("same", "-"), KEPT_BACK " / n t/0/6 - - - - -"},
        {"its amendment", BACK "restore a B t/0/6 v=8 parts;claim B 2 t/0/7 v=9",
         SAYS_BACK("known", "t/0/6"), KEPT_BACK " / m - B t/0/6 t/0/6 - -"},
        {"... what added to it was read first",
         BACK "restore b C t/0/7 v=9 parts;restore a B t/0/6 v=8 parts;claim C 2 t/0/8 v=10",
         SAYS_BACK("known", "t/0/6"), KEPT_BACK " / m - C t/0/6 t/0/7 - -"},
        {"... what ended it was read first",
         BACK "restore e E t/0/7 v=9 g=A parts;restore a B t/0/6 v=8 parts;claim A 2 t/0/8 v=10",
         SAYS_BACK("same", "t/0/6"), KEPT_BACK " / m - - t/0/6 t/0/7 t/0/7 -"},
        {"a cancellation", BACK "restore n X t/0/6 v=8 parts;claim X 2 t/0/7 v=9 cancels",
         SAYS_BACK("told", "t/0/6"), KEPT_BACK " / m - - - - - t/0/6"},
        {"a person's word, behind all of them",
         BACK "restore a B t/0/6 v=8 parts;restore v B t/0/6 v=8 parts;claim C 2 t/0/7 v=9",
         "posted amended t/0/5 - 8 + t/0/7 t/0/6",
         "p B-0 t/0/5 [] - - - / m - C t/0/7 t/0/7 - - t/0/6"},
        {"... of an order whose life had not gone on",
         BACK "restore v B t/0/6 v=8 parts;claim B 2 t/0/7 v=9", "posted same t/0/5 - 8 + - t/0/6",
         "p B-0 t/0/5 [] - - - / m - - - - - - t/0/6"},
        {"... and a later one after it",
         BACK "restore v C t/0/7 v=9 parts;restore v B t/0/6 v=8 parts;claim C 2 t/0/8 v=10",
         "posted same t/0/5 - 9 + - t/0/7", "p C-0 t/0/5 [] - - - / m - - - - - - t/0/7"},
        {"of a key that nobody posted", "restore a B t/0/6 v=8 parts", "kept", "none"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* What is taken over, and finished for its sender, has the sender's parts. */
static void test_finished_by_an_heir(void **state)
{
    static const struct row rows[] = {
        {"the same goods, other money",
         "set lease=0 window=0;claim A 1 t/0/5 v=7;sent 1 1 A;set lease=60000;claim B 2 t/0/6 v=8 "
         "g=A "
         "m=n;finish ok 2 A t/0/6 other v=8 g=A m=n;claim B 3 t/0/6 v=8 g=A m=n",
         "posted money - sumA 7 + -", "p A-0 - [] - sumA - / n t/0/6 - - - - -"},
        {"... and the sender publishes, when it comes",
         "set lease=0 window=0;claim A 1 t/0/5 v=7;sent 1 1 A;set lease=60000;claim B 2 t/0/6 v=8 "
         "g=A "
         "m=n;finish ok 2 A t/0/6 other v=8 g=A m=n;claim B 3 t/0/6 v=8 g=A m=n;claim A 4 t/0/5 "
         "v=7",
         "posted own t/0/5 sumA 7 + -", "p A-0 t/0/5 [] - sumA - / n t/0/6 - - - - -"},
        {"other goods",
         "set lease=0 window=0;claim A 1 t/0/5 v=7;sent 1 1 A;set lease=60000;claim B 2 t/0/6 v=8;"
         "finish ok 2 A t/0/6 other v=8;claim B 3 t/0/6 v=8",
         "posted amended - sumA 7 + t/0/6", "p A-0 - [] - sumA - / m - B t/0/6 t/0/6 - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rest_and_the_money),
        cmocka_unit_test(test_two_of_one_version),
        cmocka_unit_test(test_an_amendment),
        cmocka_unit_test(test_a_cancellation),
        cmocka_unit_test(test_amended),
        cmocka_unit_test(test_restored),
        cmocka_unit_test(test_finished_by_an_heir),
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
