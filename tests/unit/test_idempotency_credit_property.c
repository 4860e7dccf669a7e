/* Whatever happens to the refunds of an order, in whatever order, by whomever: who has a reservation, who
 * gets one, and what changes then. Made up from a seed; a failure names it, and the step. */
#include "test_key_credit_support.h"

#include <stdlib.h>

enum { REFUNDS = 3, HISTORIES = 60, STEPS = 50 };

struct refund {
    char state; /* of its key; '\0' none */
    bool is_reserved, is_anew, is_from_before;
    char reservation[40]; /* "a#5:sumA" */
};

struct seen {
    char stamp[20];
    bool is_blocked, has_order;
    long position; /* -1: none */
    struct refund refunds[REFUNDS];
};

static struct {
    uint64_t seed;
    int number, marker;
    struct seen now;
    char state[400];
    bool has_blocked[2]; /* x, y */
} history;

static unsigned chance(unsigned below)
{
    history.seed ^= history.seed << 13;
    history.seed ^= history.seed >> 7;
    history.seed ^= history.seed << 17;
    return (unsigned)(history.seed % below);
}

/* ---- what the state says ---- */

static void seen_word(struct seen *s, const char *word)
{
    const size_t i = (size_t)(word[0] - 'a');
    if (i < REFUNDS && word[1] == '#') {
        s->refunds[i].is_reserved = true;
        (void)snprintf(s->refunds[i].reservation, sizeof s->refunds[i].reservation, "%s", word);
    } else if (i < REFUNDS && word[1] == '=') {
        s->refunds[i].state = word[2];
    } else if (strcmp(word, "blocked") == 0) {
        s->is_blocked = true;
    }
}

static struct seen seen_of(const char *state)
{
    struct seen s = {.position = -1};
    char text[400], *save = NULL;
    (void)snprintf(text, sizeof text, "%s", state);
    const char *at = strstr(text, " at ");
    s.position = at[4] == '-' ? -1 : strtol(at + 4, NULL, 10);
    char *word = strtok_r(text, " ", &save);
    s.has_order = strcmp(word, "none") != 0;
    (void)snprintf(s.stamp, sizeof s.stamp, "%s", s.has_order ? word : "-");
    while ((word = strtok_r(NULL, " ", &save)) != NULL)
        seen_word(&s, word);
    for (size_t i = 0; i < REFUNDS; i++) {
        s.refunds[i].is_anew = history.now.refunds[i].is_anew;
        s.refunds[i].is_from_before = history.now.refunds[i].is_from_before;
    }
    return s;
}

/* ---- what must be so ---- */

#define MUST(condition, what)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s leaves %s", what, step, history.state);                               \
    } while (false)

static void always(const char *step, const struct seen *before)
{
    const struct seen *now = &history.now;
    bool is_any = false, is_new = false;
    for (size_t i = 0; i < REFUNDS; i++) {
        const struct refund *r = &now->refunds[i], *was = &before->refunds[i];
        is_any = is_any || r->is_reserved;
        is_new = is_new || (r->is_reserved && strcmp(r->reservation, was->reservation) != 0);
        MUST(!r->is_reserved || strchr("skp", r->state) != NULL, "reserved for nobody");
        MUST(r->is_reserved || r->state != 's' || r->is_from_before, "sent without a reservation");
    }
    MUST(now->has_order == (is_any || now->is_blocked), "a record of what is not");
    MUST(!is_new || strcmp(now->stamp, before->stamp) != 0 || now->stamp[0] == '+',
         "another reservation, and the same stamp");
    MUST(now->position >= before->position || strncmp(step, "at ", 3) == 0, "the position falls");
}

/* ---- steps ---- */

static void step_run(const char *step, char answer[static 600])
{
    const struct seen before = history.now;
    credit_step(step, answer, history.state);
    history.now = seen_of(history.state);
    always(step, &before);
}

static void send_step(size_t i, unsigned token)
{
    char step[100], answer[600], was[400], stamp[24] = "";
    const struct seen before = history.now;
    const struct refund *r = &before.refunds[i];
    const bool is_old_stamp = chance(4) == 0, is_behind = chance(4) == 0;
    const long read_to = is_behind ? before.position - 1 : before.position + chance(3);
    if (is_old_stamp)
        (void)snprintf(stamp, sizeof stamp, "s=77");
    else if (before.stamp[0] != '+') /* else it is by Redis' clock, and only Redis knows it */
        (void)snprintf(stamp, sizeof stamp, "s=%s", before.stamp);
    step_run("look", answer);
    const bool goes_once_more = r->state == 's' && !r->is_anew && r->is_reserved,
               may = !is_old_stamp && !is_behind && !before.is_blocked && before.position >= 0;
    (void)snprintf(was, sizeof was, "%s", history.state);
    (void)snprintf(step, sizeof step, "sent %c %u %d %c %s read=%ld", (char)('a' + i), token,
                   ++history.number, (char)('A' + chance(2)), stamp, read_to);
    step_run(step, answer);
    if (strcmp(answer, "sent") == 0) {
        MUST(goes_once_more || may, "reserved by who may not");
        MUST(!goes_once_more || strcmp(r->reservation, history.now.refunds[i].reservation) == 0,
             "another reservation for the same request");
        history.now.refunds[i].is_anew = history.now.refunds[i].is_from_before = false;
        return;
    }
    MUST(strcmp(was, history.state) == 0, "refused, and something has changed");
    MUST(strncmp(answer, "moved", 5) != 0 || (!goes_once_more && !may), "moved, and nothing has");
    MUST(strncmp(answer, "moved", 5) == 0 || strcmp(answer, "lost") == 0, "another answer");
}

static void marker_step(void)
{
    char step[60], answer[600];
    history.marker++;
    (void)snprintf(step, sizeof step, "set newmarker=m%d marker=m%d", history.marker,
                   history.marker);
    credit_step(step, answer, history.state);
    credit_step("at 0", answer, history.state);
    /* what is drawn is what stands there, under whatever marker: nothing is reserved now */
    credit_step("block z", answer, history.state);
    credit_step("unblock z -1", answer, history.state);
    history.now = seen_of(history.state);
    for (size_t i = 0; i < REFUNDS; i++) {
        if (history.now.refunds[i].is_reserved || history.now.has_order)
            fail_msg("another marker leaves %s", history.state);
        history.now.refunds[i].is_from_before = true;
    }
}

static void absent_step(size_t i, unsigned token, bool is_over)
{
    char step[60], answer[600];
    (void)snprintf(step, sizeof step, "absent %c %u anew%s", (char)('a' + i), token,
                   is_over ? " over" : "");
    step_run(step, answer);
    if (strcmp(answer, "absent") == 0)
        history.now.refunds[i].is_anew = history.now.refunds[i].state == 's';
}

/* The number of the reservation; one by Redis' clock nobody here knows. */
static long number_of(const struct refund *r)
{
    return strtol(r->reservation + 2, NULL, 10);
}

/* The ledger has its record, as it may when the refund has ended. */
static void done_step(size_t i, bool is_its_own)
{
    char step[60], answer[600];
    const struct seen before = history.now;
    const struct refund *was = &before.refunds[i], *r = &history.now.refunds[i];
    const long behind = chance(50), number = was->is_reserved ? number_of(was) : 0;
    if (was->state == 's')
        return;
    (void)snprintf(step, sizeof step, "done %c %ld %ld", (char)('a' + i),
                   is_its_own ? number : 999999, behind);
    step_run(step, answer);
    MUST(is_its_own ? !r->is_reserved || number == 0
                    : strcmp(r->reservation, was->reservation) == 0,
         "not the one that was meant");
    MUST(history.now.position == (before.position > behind ? before.position : behind),
         "another position");
}

static void any_step(void)
{
    static const struct {
        const char *what, *more;
        bool has_number;
    } kinds[] = {
        {"claim", "", false},      {"claim", "", false},         {"claim", "d=x", false},
        {"answered", "", true},    {"refuse", "", true},         {"refuse", "-1", false},
        {"finish", "ok A", false}, {"finish", "found A", false}, {"finish", "ok B other", false},
        {"absent", "over", false}, {"park", "", false},          {"renew", "", false},
        {"defer", "", false},      {"release", "", false},       {"exists", "", true}};
    char step[100], answer[600];
    const size_t i = chance(REFUNDS);
    const char refund = (char)('a' + i);
    const unsigned token = 1 + chance(2), what = chance(40);
    const struct refund *r = &history.now.refunds[i];
    if (what < 14) {
        send_step(i, token);
        return;
    }
    if (what == 14 && chance(4) == 0) {
        marker_step();
        return;
    }
    if (what < 18) {
        absent_step(i, token, what > 15);
        return;
    }
    if (what < 21) {
        done_step(i, chance(2) == 0);
        return;
    }
    if (what < 24) {
        const unsigned who = chance(2);
        if (what > 21 && !history.has_blocked[who])
            return; /* who has written nothing has nothing to end */
        if (what == 21)
            (void)snprintf(step, sizeof step, "block %c", (char)('x' + who));
        else
            (void)snprintf(step, sizeof step, "unblock %c %d", (char)('x' + who),
                           (int)chance(50) - 1);
        history.has_blocked[who] = true;
    } else {
        const unsigned kind = chance(sizeof kinds / sizeof *kinds);
        if (strcmp(kinds[kind].what, "finish") == 0 && chance(3) != 0)
            return; /* most would end so, and nothing happens behind it */
        char number[20] = "";
        if (kinds[kind].has_number)
            (void)snprintf(number, sizeof number, "%ld", r->is_reserved ? number_of(r) : 1);
        (void)snprintf(step, sizeof step, "%s %c %u %s%s", kinds[kind].what, refund, token, number,
                       kinds[kind].more);
    }
    step_run(step, answer);
    if (strncmp(answer, "claimed", 7) == 0)
        history.now.refunds[i].is_anew = false;
}

static void test_histories(void **state)
{
    char answer[600];
    (void)state;
    for (uint64_t h = 1; h <= HISTORIES; h++) {
        memset(&history, 0, sizeof history);
        history.seed = h * 0x9e3779b97f4a7c15u;
        credit_begin();
        credit_step("set lease=0 window=0 block=0", answer, history.state);
        credit_step("at 0", answer, history.state);
        history.now = seen_of(history.state);
        for (int i = 0; i < STEPS; i++)
            any_step();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
    return cmocka_run_group_tests_name("idempotency_credit_property", tests, credit_set_up,
                                       credit_tear_down);
}
