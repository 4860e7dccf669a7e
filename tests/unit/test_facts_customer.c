/* One account for one person, whichever of the two keys names them, whoever asks first. */
#include "test_idempotency_support.h"

#include "facts/fact_calls.h"

static struct keyspace *ks;
static int64_t lease_ms, window_ms;

/* "claim MAIL CHANNEL TOKEN [ACCOUNT]", "-" for none; run twice, as a healed connection does. */
static struct answer step(const char *row, const char *text)
{
    static const char *const names[] = {"claim", "sent", "answered", "known", "release", "ended"};
    char what[16], mail[40], channel[40], token_word[8], account[20] = "";
    uint8_t token[TOKEN_SIZE];
    struct answer a, again;
    if (sscanf(text, "%15s %39s %39s %7s %19s", what, mail, channel, token_word, account) < 4)
        fail_msg("%s: not a step: %s", row, text);
    memset(token, token_word[0], sizeof token);
    size_t which = 0;
    while (strcmp(names[which], what) != 0)
        which++;
    for (struct answer *to = &a; to != NULL; to = to == &a ? &again : NULL) {
        answer_begin(to);
        fact_calls_customer(ks, (enum customer_step)which, mail[0] != '-' ? mail : "",
                            channel[0] != '-' ? channel : "", token, lease_ms, window_ms, account,
                            answer_take, to);
        answer_wait(to);
    }
    if (strcmp(a.text, again.text) != 0)
        fail_msg("%s: %s twice says %s, not %s", row, text, again.text, a.text);
    return a;
}

static void test_customer(void **state)
{
    static const struct {
        const char *name, *steps, *answer;
    } rows[] = {
        {"nobody knows them", "claim m1 c1 1", "claimed"},
        {"somebody else is at it", "claim m1 c1 1;claim m1 c1 2", "busy +"},
        {"... by e-mail alone", "claim m1 c1 1;claim m1 - 2", "busy +"},
        {"... and has been for too long", "set 0 60000;claim m1 c1 1;set 60000 60000;claim m1 c1 2",
         "claimed"},
        {"... and was our slot's former self", "claim m1 c1 1;epoch 6;claim m1 c1 2", "claimed"},
        {"found or created", "claim m1 c1 1;known m1 c1 1 ACC1", "known ACC1"},
        {"known by both keys", "claim m1 c1 1;known m1 c1 1 ACC1;claim m1 c1 2", "known ACC1"},
        {"known by e-mail, in another channel", "claim m1 c1 1;known m1 c1 1 ACC1;claim m1 c2 2",
         "known ACC1"},
        {"... and by that channel's id from then on",
         "claim m1 c1 1;known m1 c1 1 ACC1;claim m1 c2 2;claim m9 c2 3", "known ACC1"},
        {"known by e-mail, as a guest", "claim m1 c1 1;known m1 c1 1 ACC1;claim m1 - 2",
         "known ACC1"},
        {"known by the channel's id, with a changed e-mail",
         "claim m1 c1 1;known m1 c1 1 ACC1;claim m2 c1 2", "known ACC1"},
        {"... without any", "claim m1 c1 1;known m1 c1 1 ACC1;claim - c1 2", "known ACC1"},
        {"a guest, known by e-mail", "claim m1 - 1;known m1 - 1 ACC1;claim m1 - 2", "known ACC1"},
        {"an id alone", "claim - c1 1;known - c1 1 ACC1;claim - c1 2", "known ACC1"},
        {"another person", "claim m1 c1 1;known m1 c1 1 ACC1;claim m2 c2 2", "claimed"},
        {"a creation may be under way: never a second one",
         "set 0 60000;claim m1 c1 1;sent m1 c1 1;set 60000 60000;claim m1 c1 2",
         "unsure + p 0 5 5 - 0 1"},
        {"... our own transfer has ended, or we would not ask",
         "claim m1 c1 1;sent m1 c1 1;claim m1 c1 1", "unsure + - 0 1"},
        {"... its time is over: search",
         "set 0 0;claim m1 c1 1;sent m1 c1 1;set 60000 0;claim m1 c1 2", "unsure 0 p 0 5 5 - 0 1"},
        {"... given back, it stays so",
         "set 60000 0;claim m1 c1 1;sent m1 c1 1;release m1 c1 1;claim m1 c1 2",
         "unsure 0 p 0 5 5 - 0 1"},
        {"... its sender said that its transfer ended",
         "set 0 0;claim m1 c1 1;sent m1 c1 1;set 60000 0;claim m1 c1 2;ended m1 c1 1;claim m1 c1 2",
         "unsure 0 - 0 1"},
        {"... by one key alone: the other one may still be in the way",
         "set 0 0;claim m1 c1 1;sent m1 c1 1;ended m1 c1 1;set 60000 0;claim - c1 2",
         "unsure 0 - 0 1"},
        {"... and then the search found them",
         "set 0 0;claim m1 c1 1;sent m1 c1 1;set 60000 0;claim m1 c1 2;known m1 c1 2 ACC1;claim m1 "
         "c1 3",
         "known ACC1"},
        {"Prima did nothing: as freshly claimed",
         "claim m1 c1 1;sent m1 c1 1;answered m1 c1 1;claim m1 c1 1", "claimed"},
        {"given back before anything was sent", "claim m1 c1 1;release m1 c1 1;claim m1 c1 2",
         "claimed"},
        {"a creation by somebody who lost the claim",
         "set 0 60000;claim m1 c1 1;claim m1 c1 2;sent m1 c1 1", "lost"},
        {"... his account is a fact", "set 0 60000;claim m1 c1 1;claim m1 c1 2;known m1 c1 1 ACC1",
         "known ACC1"},
        {"... and a second account does not replace it",
         "set 0 60000;claim m1 c1 1;claim m1 c1 2;known m1 c1 1 ACC1;known m1 c1 2 ACC2", "lost"},
        {"somebody else is at it, and the e-mail changed", "claim m1 c1 1;claim m2 c1 2", "busy +"},
        {"... by the channel's id alone", "claim m1 c1 1;claim - c1 2", "busy +"},
        {"... and by e-mail and by id, each", "claim m1 c1 1;claim m2 c2 2;claim m1 c2 3",
         "busy +"},
        {"... who gave it back, by both keys", "claim m1 c1 1;release m1 c1 1;claim - c1 2",
         "claimed"},
        {"... whose e-mail has an account meanwhile, while the id's creation is under way",
         "claim m1 c1 1;claim m2 - 2;known m2 - 2 ACC2;claim m2 c1 3", "busy +"},
        {"a creation may be under way, and the e-mail changed",
         "set 0 60000;claim m1 c1 1;sent m1 c1 1;set 60000 60000;claim m2 c1 2",
         "unsure + p 0 5 5 - 0 1"},
        {"... Prima did nothing: free by both keys",
         "set 0 60000;claim m1 c1 1;sent m1 c1 1;answered m1 c1 1;claim m2 c1 2", "claimed"},
        {"... found: known by both keys",
         "set 0 0;claim m1 c1 1;sent m1 c1 1;set 60000 0;claim m2 c1 2;known m2 c1 2 ACC1;claim - "
         "c1 3",
         "known ACC1"},
        {"who lost one of the two keys may not create",
         "set 0 60000;claim m1 c1 1;set 60000 60000;claim m2 c1 2;sent m1 c1 1", "lost"},
        {"... and takes nothing back from who has it",
         "set 0 60000;claim m1 c1 1;set 60000 60000;claim m2 c1 2;release m1 c1 1;claim - c1 3",
         "busy +"},
        {"a ghost", "claim m1 c1 1;marker n;claim m1 c1 1", "suspect"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[300], *save = NULL;
        struct answer a = {.text = ""};
        ks = world_fresh();
        lease_ms = window_ms = 60000;
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *text = strtok_r(steps, ";", &save); text != NULL;
             text = strtok_r(NULL, ";", &save)) {
            long long first, second;
            if (sscanf(text, "set %lld %lld", &first, &second) == 2) {
                lease_ms = first;
                window_ms = second;
            } else if (sscanf(text, "epoch %lld", &first) == 1) {
                ks->slot_epoch = first;
                world_take_slot();
            } else if (strncmp(text, "marker ", 7) == 0) {
                (void)snprintf(ks->marker, sizeof ks->marker, "%s", text + 7);
            } else {
                a = step(rows[i].name, text);
            }
        }
        if (strcmp(a.text, rows[i].answer) != 0)
            fail_msg("%s: the answer is %s, not %s", rows[i].name, a.text, rows[i].answer);
    }
}

/* An account outlives every TTL: it is ours in Prima for good. */
static void test_accounts_stay(void **state)
{
    char name[60], text[400];
    (void)state;
    ks = world_fresh();
    lease_ms = window_ms = 60000;
    (void)step("stays", "claim m1 c1 1");
    (void)step("stays", "known m1 c1 1 ACC1");
    assert_string_equal(REDIS_ASK(text, "PTTL", keys_name(ks, "c", "m:m1", name, sizeof name)),
                        "-1");
    assert_string_equal(REDIS_ASK(text, "PTTL", keys_name(ks, "c", "i:c1", name, sizeof name)),
                        "-1");
}

static int set_up(void **state)
{
    return world_set_up_with(state, fact_scripts());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_customer),
                                       cmocka_unit_test(test_accounts_stay)};
    return cmocka_run_group_tests_name("customers in Redis", tests, set_up, world_tear_down);
}
