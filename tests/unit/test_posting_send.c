/* Send and resolve, by the questions that a record asks (test_posting_world.h). */
#include "posting/outcomes.h"
#include "test_posting_world.h"

/* ---- send ---- */

static void test_send(void **state)
{
    static const struct way ways[] = {
        {.name = "posted",
         "claimed;sent 1;ok;finished 5",
         "claim sent:R1 post:R1 finish:ok | posted"},
        {.name = "stored late: the same send, a fresh lease",
         "claimed;~3000 sent 1;sent 1",
         "claim sent:R1 sent:R1 post:R1 | sent"},
        {.name = "stored, and the machine slept before the answer was read",
         "claimed;^3000 sent 1;lost;busy 100",
         "claim sent:R1 sent:R1 over claim | decoded"},
        {.name = "refused",
         "claimed;sent 1;refused;refused",
         "claim sent:R1 post:R1 refuse:prima_unknown_product | dead letter prima_unknown_product"},
        {.name = "refused, and an earlier send is open",
         "claimed;sent 1;refused;parked",
         "claim sent:R1 post:R1 refuse:prima_unknown_product | dead letter refused_after_unknown"},
        {.name = "exists, a send of ours is open",
         "claimed;sent 2;exists;sent 0 1;finished 5",
         "claim sent:R1 post:R1 answered:exists_unproven finish:found | posted"},
        {.name = "exists, none is",
         "claimed;sent 1;exists;parked",
         "claim sent:R1 post:R1 answered:exists_unproven | dead letter exists_unproven"},
        {.name = "busy, then posted",
         "claimed;sent 1;busy;claimed 0 0;sent 1;ok;finished 5",
         "claim sent:R1 post:R1 pause:300 answered sent:R1 post:R1 finish:ok | posted"},
        {.name = "not sent, an earlier one is open",
         "claimed;sent 2;unsent;sent 100 0;renewed 0 -",
         "claim sent:R1 post:R1 answered renew ask | resolving"},
        {.name = "another holder",
         "claimed;sent 1;ok;lost;posted own d S 2 5",
         "claim sent:R1 post:R1 finish:ok over claim | posted"},
    };
    (void)state;
    WALK(ways);
}

/* ---- resolve ---- */

static void test_resolve(void **state)
{
    static const struct way ways[] = {
        {.name = "found",
         "claimed;sent 1;timeout;found;finished 5",
         "claim sent:R1 post:R1 ask finish:found | posted"},
        {.name = "found, not proven",
         "claimed;sent 1;timeout;found;unproven;parked",
         "claim sent:R1 post:R1 ask finish:found park:exists_unproven | dead letter "
         "exists_unproven"},
        {.name = "absent, asked too early, then again",
         "claimed;sent 1;timeout;missing;renewed 0 -;"
         "missing;absent 0 0;sent 2;ok;finished 5",
         "claim sent:R1 post:R1 ask renew ask absent sent:R1 post:R1 finish:ok | posted"},
        {.name = "absent, and Redis says too early",
         "claimed;sent 1;timeout;missing;renewed 0 -;missing;"
         "wait 500;renewed 0 -;missing;absent 0 0",
         "claim sent:R1 post:R1 ask renew ask absent renew ask absent sent:R1 | claimed"},
        {.name = "words that no pattern knows, while others pass: refused",
         "claimed;sent 1;strange words;answered;missing;renewed 0 -;"
         "+missing;absent 0 0;refused",
         "claim sent:R1 post:R1 told_no ask renew ask absent "
         "refuse:prima_refused_unclassified | dead letter prima_refused_unclassified"},
        {.name = "... nobody else is there: sent again",
         "claimed;sent 1;strange words;answered;missing;renewed 0 -;"
         "missing;absent 0 0;sent 2;ok;finished 5",
         "claim sent:R1 post:R1 told_no ask renew ask absent sent:R1 post:R1 finish:ok | posted"},
        {.name = "... others are told such, too: sent again",
         "claimed;sent 1;strange words;answered;missing;renewed 0 -;"
         "-missing;absent 0 0;sent 2;strange words;missing;renewed 0 -;-missing;absent 0 0",
         "claim sent:R1 post:R1 told_no ask renew ask absent sent:R1 post:R1 ask renew ask absent "
         "sent:R1 | claimed"},
        {.name = "... and then no answer, while others pass: no more than one failure",
         "claimed;sent 1;strange words;answered;missing;renewed 0 -;"
         "missing;absent 0 0;sent 2;timeout;missing;renewed 0 -;+missing;absent 0 0",
         "claim sent:R1 post:R1 told_no ask renew ask absent sent:R1 post:R1 ask renew ask absent "
         "sent:R1 | claimed"},
        {.name = "a fault says nothing for certain",
         "claimed;sent 1;soap fault;answered;found;finished 5",
         "claim sent:R1 post:R1 told_no ask finish:found | posted"},
        {.name = "a sender may live where a second one is accepted",
         "claimed;sent 1;timeout;missing;renewed 0 -;missing;absent 1 0;renewed 0 -;missing;"
         "absent 1 6000;parked",
         "claim sent:R1 post:R1 ask renew ask absent renew ask absent park:outcome_unknown | dead "
         "letter outcome_unknown",
         .is_shared = true},
        {.name = "taken over, found",
         "takeover 1 - R0 S 2 0 1 0 -;found;finished 5;posted same d S 2 5 -",
         "claim ask finish:found:other claim | duplicate"},
        {.name = "taken over, another content, absent: its bytes go first",
         "takeover 0 - R0 S 1 0 1 0 -;missing;renewed 0 -;missing;absent 0 0;sent "
         "2;refused;refused;"
         "claimed",
         "claim ask renew ask absent sent:R0 post:R0 refuse:prima_unknown_product:other claim "
         "sent:R1 | claimed"},
        {.name = "parked before, still absent: stays so",
         "parked 1 outcome_unknown - S 0 1;missing;released",
         "claim ask release:ends | dead letter outcome_unknown"},
        {.name = "parked before, found, proven",
         "parked 1 outcome_unknown - S 0 1;found;finished 5;posted same d S 2 5 -",
         "claim ask finish:found:other claim | duplicate"},
        {.name = "parked before, found, not proven: stays so",
         "parked 1 outcome_unknown - S 0 0;found;released",
         "claim ask release:ends | dead letter outcome_unknown"},
    };
    (void)state;
    WALK(ways);
}

/* ---- what answers say of Prima ---- */

/* Each step is another order's answer: "w" words that no pattern knows, "+" taken, "f" a 500; a
 * digit repeats the key. After each: is Prima's gate open? */
static void test_words_to_everybody(void **state)
{
    static const struct {
        const char *name, *steps, *open;
    } rows[] = {
        {"as many orders as it takes", "wwwww", "....!"},
        {"one comes through between", "wwww+wwww", "........."},
        {"mixed with faults", "wfwfw", "....!"},
        {"one order, again and again", "w0000000", "........"},
        {"one order among others that pass", "w+0+0+0+0+0+", "............"},
        {"open: the next one that passes closes it", "wwwwww+", "....!!."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char open[20] = "", key[40];
        begin_world();
        struct record *r = decoded(false, false);
        for (size_t j = 0; rows[i].steps[j] != '\0'; j++, now_ms += 10) {
            const char step = rows[i].steps[j];
            struct prima_reply reply = {
                .fate = PRIMA_UNCLASSIFIED, .http_status = 200, .words = ""};
            if (step == '+')
                reply.fate = PRIMA_OK;
            if (step == 'f')
                reply.fate = PRIMA_UNKNOWN;
            (void)snprintf(key, sizeof key, "01/orders/shop/uk/%d", step == '0' ? 0 : (int)j);
            r->key.natural = key;
            r->heard.blame = (struct blame){0}; /* of another record each time */
            outcomes_count(r, PRIMA_NEW_ORDER, &reply);
            open[j] = posting.breaker.is_open ? '!' : '.';
            assert_int_equal(pauses_has(&worker.host.pauses, PAUSE_PRIMA), posting.breaker.is_open);
        }
        if (strcmp(open, rows[i].open) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, open, rows[i].open);
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_words_to_everybody),
    };
    return cmocka_run_group_tests_name("posting_send", tests, set_up, tear_down);
}
