/* Whose fault is it? What others' answers say about a record's failures, as stories in steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "posting/denial.h"
#include "posting/prima_ask.h"
#include "posting/posting.h"

int64_t __wrap_clock_monotonic_ms(void);
void __wrap_prima_ask(struct record *r, enum prima_type type, const struct buf *request,
                      prima_ask_answer done, void (*dropped)(struct record *r));

static int64_t now;
static int asked;

int64_t __wrap_clock_monotonic_ms(void)
{
    return now;
}

void __wrap_prima_ask(struct record *r, enum prima_type type, const struct buf *request,
                      prima_ask_answer done, void (*dropped)(struct record *r))
{
    (void)r;
    (void)request;
    (void)done;
    (void)dropped;
    assert_int_equal(type, PRIMA_ORDER_STATUS);
    asked++;
}

/* ---- blame ---- */

static int status_request(const struct flow_key *key, const void *rules, struct buf *out)
{
    (void)rules;
    (void)key;
    buf_text(out, "?");
    return 0;
}

static const struct flow flow = {.name = "orders",
                                 .writes = PRIMA_NEW_ORDER,
                                 .asks = PRIMA_ORDER_STATUS,
                                 .status_request = status_request};
static struct stream stream;
static struct posting posting;
static struct worker worker = {.stream = &stream, .posting = &posting};
static struct record record;

static void begin(bool unique)
{
    now = 100000;
    asked = 0;
    worker.posting->unique = unique;
    worker.times.window_ms = 50;
    breaker_init(&worker.posting->breaker, PRIMA_NEW_ORDER, 5, 100);
    recent_init(&worker.posting->recent, 1000);
    record = (struct record){.worker = &worker, .key = {.natural = "01/orders/k"}};
}

static struct prima_reply reply_of(const char *words)
{
    struct prima_reply reply = {
        .fate = PRIMA_UNKNOWN, .http_status = (int)strtol(words, NULL, 10), .words = ""};
    if (strcmp(words, "soap") == 0) {
        reply.is_soap_fault = true;
        reply.http_status = 500;
    } else if (strcmp(words, "unsent") == 0) {
        reply.fate = PRIMA_NOT_SENT;
    } else if (strcmp(words, "words") == 0) {
        reply.fate = PRIMA_UNCLASSIFIED;
        reply.http_status = 200;
    } else if (reply.http_status == 401 || reply.http_status == 403) {
        reply.fate = PRIMA_DENIED;
    } else if (reply.http_status == 429) {
        reply.fate = PRIMA_NOT_ACCEPTED;
    }
    return reply;
}

static enum prima_type type_of(char letter)
{
    return letter == 's'   ? PRIMA_ORDER_STATUS
           : letter == 'p' ? PRIMA_PRODUCT_READ
           : letter == 'c' ? PRIMA_NEW_CUSTOMER
                           : PRIMA_NEW_ORDER;
}

/* Over a retry topic, as another process's record: with what the headers carry. */
static void travel(void)
{
    char text[BLAME_TEXT_MAX];
    const int64_t wall = clock_wall_ms();
    const bool is_pending = blame_write(&record, wall, text) != NULL;
    record.heard.blame = (struct blame){.faults = record.heard.blame.faults,
                                        .unanswered = record.heard.blame.unanswered};
    if (is_pending)
        blame_read(&record, text, wall);
}

/* "w 500": our record's NewOrder is answered so ("s ", "p ", "c ": OrderStatus, products,
 * NewCustomer; "0": no answer); "w ok": it passes.
 * "+a", "-a": another key's NewOrder passes, fails ("+a p": its product read). "d", "a": decided
 * again, absent. "t": over a retry topic. What is to be done: refuse it (r; u: by words that no
 * pattern knows), park it (k), or neither. */
static void take(const char *step, char *ends)
{
    const size_t at = strlen(ends);
    char key[40];
    now++;
    (void)snprintf(key, sizeof key, "01/orders/%c", step[1]);
    if (step[0] == '+' || step[0] == '-') {
        const enum prima_type type = type_of(step[2] == ' ' ? step[3] : 'w');
        recent_add(&worker.posting->recent, type, key, step[0] == '+', now);
        if (step[0] == '+')
            breaker_success(&worker.posting->breaker, type, now);
        else
            (void)breaker_failure(&worker.posting->breaker, type, key, false, now);
    } else if (strcmp(step, "d") == 0 || strncmp(step, "a", 1) == 0) {
        const bool is_over = step[0] == 'd' ? blame_decides(&record) : blame_absent(&record);
        ends[at] = (char)(!is_over                                             ? '.'
                          : record.end.code == PF_E_prima_faults_on_record     ? 'r'
                          : record.end.code == PF_E_prima_refused_unclassified ? 'u'
                          : record.end.code == PF_E_outcome_unknown            ? 'k'
                                                                               : '?');
    } else if (strcmp(step, "t") == 0) {
        travel();
    } else if (strcmp(step + 2, "ok") == 0) {
        recent_add(&worker.posting->recent, type_of(step[0]), record.key.natural, true, now);
        blame_passed(&record, type_of(step[0]));
    } else {
        const struct prima_reply reply = reply_of(step + 2);
        (void)breaker_failure(&worker.posting->breaker, type_of(step[0]), record.key.natural, false,
                              now);
        recent_add(&worker.posting->recent, type_of(step[0]), record.key.natural, false, now);
        blame_failed(&record, type_of(step[0]), &reply);
    }
}

/* breaker.record_faults_max is 3 here. */
static void test_blame(void **state)
{
    static const struct {
        const char *name;
        bool unique;
        const char *steps, *ends;
    } rows[] = {
        {"three faults, others pass", true, "+x;w 500;+x;a;w 500;+x;a;w 500;+x;a", "..r"},
        {"... a SOAP fault", true, "+x;w soap;+x;a;w soap;+x;a;w soap;+x;a", "..r"},
        {"... too large", true, "+x;w 413;+x;a;w 413;+x;a;w 413;+x;a", "..r"},
        {"... no such page", true, "+x;w 404;+x;a;w 404;+x;a;w 404;+x;a", "..r"},
        {"... moved", true, "+x;w 302;+x;a;w 302;+x;a;w 302;+x;a", "..r"},
        {"... a gateway that gave up, where numbers are enforced", true,
         "+x;w 504;+x;a;w 504;+x;a;w 504;+x;a", "..r"},
        {"... no answer at all: parked", true, "+x;w 0;+x;a;w 0;+x;a;w 0;+x;a", "..k"},
        {"... an answer that is none", true, "+x;w 200;+x;a;w 200;+x;a;w 200;+x;a", "..k"},
        {"... once no answer", true, "+x;w 500;+x;a;w 0;+x;a;w 500;+x;a", "..k"},
        {"... over retry topics", true, "+x;w 500;t;+x;a;t;w 500;t;+x;a;t;w 500;t;+x;t;a", "..r"},
        {"... once no answer, over retry topics", true, "+x;w 0;t;+x;a;w 500;t;+x;a;t;w 500;+x;a",
         "..k"},
        {"nobody else to compare with", true, "w 500;a;w 500;a;w 500;a;w 500;a;w 500;a", "....."},
        {"nobody else since", true, "+x;w 500;a;w 500;a;w 500;a;w 500;a", "...."},
        {"others fail as well", true, "+x;w 500;-x;a;w 500;-x;a;w 500;-y;a;w 500;-y;a", "...."},
        {"others fail more often than they pass", true,
         "+x;w 500;-x;-y;+z;a;w 500;-x;-y;+z;a;w 500;-x;-y;+z;a", "..."},
        {"... less often", true, "+x;w 500;-x;+y;+z;a;w 500;-x;+y;+z;a;w 500;-x;+y;+z;a", "..r"},
        {"others failed last before it", true,
         "-x;w 500;+x;a;-x;w 500;+x;a;-x;w 500;+x;a;-x;w 500;+x;a", "...."},
        {"an outage and its end: one fault at most", true,
         "+x;w 500;-x;-y;-z;+x;+y;+z;a;-x;-y;w 500;+x;+y;a;-y;-z;w 500;+z;+y;a;-x;-z;w 500;+x;+z;a",
         "...."},
        {"it passes at last", true, "+x;w 500;+x;a;w ok;+x;d;w 500;+x;a", "..."},
        {"another type's passes prove nothing", true, "+x p;w 500;+x p;a;w 500;+x p;a;w 500;+x p;a",
         "..."},

        {"denied, others are not", true, "+x;w 403;t;+x;d;w 403;t;+x;d;w 401;t;+x;d", "..r"},
        {"denied, so are others", true, "+x;w 403;t;-x;d;w 403;t;-y;d;w 401;t;-z;d;w 403;t;-z;d",
         "...."},
        {"denied, nobody else", true, "w 403;t;d;w 403;t;d;w 403;t;d;w 403;t;d", "...."},
        {"denied where numbers are not enforced", false,
         "+x;w 403;t;+x;d;w 403;t;+x;d;w 403;t;+x;d", "..r"},
        {"denied, and once no answer", true, "+x;w 0;+x;a;w 403;t;+x;d;w 403;t;+x;d", "..k"},
        {"throttled alone", false, "+x;w 429;t;+x;d;w 429;t;+x;d;w 429;t;+x;d", "..r"},
        {"no connection alone", true, "+x;w unsent;t;+x;d;w unsent;t;+x;d;w unsent;t;+x;d", "..r"},
        {"a read that always fails", false, "+x p;p 500;t;+x p;d;p 0;t;+x p;d;p 403;t;+x p;d",
         "..r"},
        {"... while others' writes pass", false, "+x;p 500;t;+x;d;p 0;t;+x;d;p 403;t;+x;d", "..."},
        {"... for a while", false, "+x p;p 500;t;+x p;d;p 0;p ok;t;+x p;d;p 500;p ok;t;+x p;d",
         "..."},
        {"a creation that is denied", false, "+x c;c 403;t;+x c;d;c 403;t;+x c;d;c 403;t;+x c;d",
         "..r"},
        {"a creation without an answer is never sent again", false,
         "+x c;c 0;t;+x c;d;c 0;t;+x c;d;c 0;t;+x c;d", "..."},
        {"an unknown outcome stays what counts while Prima does not say", true,
         "+x;w 0;s 500;+x;a;w 0;s 500;+x;a;w 0;s 500;s ok;+x;a", "..k"},

        {"words that no pattern knows, others pass: once", true, "+x;w words;+x;a", "u"},
        {"... where numbers are not enforced", false, "+x;w words;+x;a", "u"},
        {"... over a retry topic", true, "+x;w words;t;+x;d", "u"},
        {"... behind a fault", true, "+x;w 500;+x;a;w words;+x;a", ".u"},
        {"... nobody else", true, "w words;a;w words;t;d;w words;a;w words;t;d;w words;a", "....."},
        {"... nobody else before it", true, "w words;+x;a", "u"},
        {"... nobody else since", true, "+x;w words;a;w words;t;d;w words;a", "..."},
        {"... others are told such, too", true, "+x;w words;-x;a;w words;-y;a;w words;-z;t;d",
         "..."},
        {"... then a fault: one of three", true, "w words;a;w 500;+x;a", ".."},
        {"a creation answered so is never sent again", false, "+x c;c words;t;+x c;d", "."},

        {"not enforced: the same", false, "+x;w soap;+x;a;w soap;+x;a;w soap;+x;a", "..r"},
        {"... a proxy's refusal", false, "+x;w 413;+x;a;w 404;+x;a;w 302;+x;a", "..r"},
        {"... once a proxy's page, and Prima may be at work behind it", false,
         "+x;w soap;+x;a;w 500;+x;a;w soap;+x;a", "..k"},
        {"... no answer", false, "+x;w 0;+x;a;w 0;+x;a;w 0;+x;a", "..k"},
        {"... nobody passed behind it", false, "+x;w soap;a;w soap;a;w soap;a", "..."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[200], ends[20] = "", *save = NULL;
        begin(rows[i].unique);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save))
            take(step, ends);
        if (strcmp(ends, rows[i].ends) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, ends, rows[i].ends);
    }
}

/* Which answers to a write leave nothing under way: where a second document would be refused, and
 * where not. */
static void test_answers(void **state)
{
    static const struct {
        const char *answer;
        bool is_primas_own, is_enforced, is_not;
    } rows[] = {
        {"500", false, true, false},  {"500", true, true, true},   {"soap", false, true, true},
        {"413", false, true, true},   {"404", false, true, true},  {"302", false, true, true},
        {"408", false, true, false},  {"502", false, true, false}, {"503", false, true, false},
        {"504", false, true, false},  {"524", false, true, false}, {"501", false, true, false},
        {"200", false, false, false}, {"200", true, false, false}, {"0", false, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int unique = 0; unique < 2; unique++) {
            struct prima_reply reply = reply_of(rows[i].answer);
            reply.is_primas_own = rows[i].is_primas_own;
            begin(unique == 1);
            blame_failed(&record, PRIMA_NEW_ORDER, &reply);
            assert_true(record.heard.blame.is_pending);
            if (record.heard.blame.is_answered !=
                (unique == 1 ? rows[i].is_enforced : rows[i].is_not))
                fail_msg("%s, enforced %d: %d", rows[i].answer, unique,
                         record.heard.blame.is_answered);
        }
}

/* ---- denials ---- */

static void compared(struct record *r, const struct prima_reply *reply)
{
    (void)r;
    (void)reply;
}

static void test_denials(void **state)
{
    static const struct {
        const char *name, *first; /* steps before */
        enum prima_fate read;     /* what the order's status is answered with */
        bool compares, leaves;
    } rows[] = {
        {"not denied", "w 500", PRIMA_ABSENT, false, false},
        {"denied, the read passes", "w 403", PRIMA_ABSENT, true, true},
        {"denied, the read finds it", "w 403", PRIMA_OK, true, true},
        {"denied as well", "w 403", PRIMA_DENIED, true, false},
        {"no answer to the read", "w 403", PRIMA_UNKNOWN, true, false},
        {"a product read denied", "p 403", PRIMA_ABSENT, true, true},
        {"a creation denied", "c 401", PRIMA_ABSENT, true, true},
        {"the read itself denied", "s 403", PRIMA_ABSENT, false, false},
        {"denied, and passed since", "w 403;w ok", PRIMA_ABSENT, false, false},
        {"denied as well, but others are not", "+x;w 403;+x", PRIMA_DENIED, true, true},
        {"all writes are denied", "-a;-b;-c;-d;w 403", PRIMA_ABSENT, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[100], ends[20] = "", *save = NULL;
        begin(true);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].first);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save))
            take(step, ends);
        const bool compares = denial_compare(&record, compared);
        const struct prima_reply read = {.fate = rows[i].read};
        if (compares)
            denial_compared(&record, &read);
        if (compares != rows[i].compares || asked != rows[i].compares ||
            blame_leaves(&record) != rows[i].leaves)
            fail_msg("%s: compares %d (%d), leaves %d", rows[i].name, compares, asked,
                     blame_leaves(&record));
        if (compares)
            assert_false(denial_compare(&record, compared)); /* once a denial */
    }
}

static void test_refuted(void **state)
{
    static const struct {
        const char *name, *steps;
        bool is_refuted;
    } rows[] = {
        {"nothing", "", false},
        {"it fails", "w 403", false},
        {"others passed before", "+x;w 403", false},
        {"others pass", "w 403;+x", true},
        {"others fail", "w 403;-x", false},
        {"... counted", "+x;w 403;+x;d", true},
        {"... over a retry topic", "+x;w 403;+x;d;t", true},
        {"others failed last, then pass", "-x;w 403;+y", true},
        {"another type's pass", "w 403;+x p", false},
        {"it passed since", "w 403;w ok;+x", false},
        {"... others passed between", "-x;w 403;+x;-x;w 403;w 403", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[100], ends[20] = "", *save = NULL;
        begin(true);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save))
            take(step, ends);
        if (blame_is_refuted(&record, PRIMA_NEW_ORDER) != rows[i].is_refuted)
            fail_msg("%s", rows[i].name);
    }
}

/* ---- old age ---- */

static void test_old_age(void **state)
{
    static const struct {
        const char *name, *steps;
        bool is_deferred, allowed;
    } rows[] = {
        {"it never asked Prima for anything", "", false, true},
        {"it fails, and nobody else is there", "p 500", false, false},
        {"... others pass", "p 500;+x p", false, true},
        {"... others' writes pass", "p 500;+x", false, false},
        {"... others passed before", "+x p;p 500", false, false},
        {"... others fail as well", "p 500;-x p;+y p;-z p", false, false},
        {"... it passed since", "p 500;p ok", false, true},
        {"its status fails, and no other's is asked for", "s 500", false, false},
        {"... while others' writes pass", "s 500;+x", false, true},
        {"... another's fails, too", "s 500;-x s;+y", false, false},
        {"... another's passes", "s 500;+x s", false, true},
        {"deferred, and nobody passes", "", true, false},
        {"deferred, and others pass since a moment ago", "+x;+y;+z", true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[100], ends[20] = "", *save = NULL;
        begin(true);
        record.claim.is_deferred = rows[i].is_deferred;
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save))
            take(step, ends);
        if (blame_allows_old_age(&record) != rows[i].allowed)
            fail_msg("%s", rows[i].name);
    }
    begin(true);
    record.claim.is_deferred = true;
    for (int i = 0; i < 3; i++, now += 500)
        recent_add(&worker.posting->recent, PRIMA_NEW_ORDER, "01/orders/x", true, now);
    assert_true(blame_allows_old_age(&record)); /* the world has been well for a while */
    blame_turned_away(&record, PRIMA_NEW_ORDER);
    assert_false(blame_allows_old_age(&record)); /* the breaker turned it away */
}

/* ---- in headers ---- */

static void test_headers(void **state)
{
    static const struct {
        const char *text;
        bool is_pending, is_answered;
        enum prima_type type;
        bool is_refusal;
        int http_status;
    } rows[] = {
        {"1795000000000 0 NewOrder 1 502", true, true, PRIMA_NEW_ORDER, false, 502},
        {"1795000000000 0 NewOrder 1 -7", true, true, PRIMA_NEW_ORDER, false, 0},
        {"1795000000000 0 NewOrder 1 1000", true, true, PRIMA_NEW_ORDER, false, 0},
        {"1795000000000 1 MultiAvailableToSell 0", true, false, PRIMA_PRODUCT_READ, false, 0},
        {"1795000000000 0 NewOrder 1", true, true, PRIMA_NEW_ORDER, false, 0},
        {"1795000000000 1 NewOrder 1", true, true, PRIMA_NEW_ORDER, false, 0},
        {"1795000000000 2 NewOrder 1", true, true, PRIMA_NEW_ORDER, true, 0},
        {"1795000000000 1", true, true, PRIMA_NEW_ORDER, false, 0}, /* of an older version */
        {"1795000000000 1 NewOrder", false, false, PRIMA_NEW_ORDER, false, 0},
        {"1795000000000 1 NoSuchRequest 1", false, false, PRIMA_NEW_ORDER, false, 0},
        {"-1 1 NewOrder 1", false, false, PRIMA_NEW_ORDER, false, 0},
        {"9223372036854775807 1 NewOrder 1", false, false, PRIMA_NEW_ORDER, false, 0},
        {"", false, false, PRIMA_NEW_ORDER, false, 0},
        {"soon", false, false, PRIMA_NEW_ORDER, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(true);
        record.heard.blame.faults = 2;
        record.heard.http_status = 0;
        blame_read(&record, rows[i].text, 1795000000500);
        const struct blame *b = &record.heard.blame;
        if (b->faults != 2 || b->is_pending != rows[i].is_pending)
            fail_msg("%s", rows[i].text);
        if (!b->is_pending)
            continue;
        assert_int_equal(b->at_ms, now - 500);
        if (b->is_answered != rows[i].is_answered || b->type != rows[i].type ||
            b->is_refusal != rows[i].is_refusal || record.heard.http_status != rows[i].http_status)
            fail_msg("%s", rows[i].text);
        char text[BLAME_TEXT_MAX];
        assert_non_null(blame_write(&record, 1795000000700, text));
        assert_memory_equal(text, "1795000000200", 13);
        record.heard.http_status = 0;
        blame_read(&record, text, 1795000000700);
        assert_int_equal(record.heard.http_status, rows[i].http_status);
    }
}

static int set_up(void **state)
{
    static const char *const overrides[] = {"breaker.record_faults_max=3"};
    struct config *config;
    struct config_message message;
    (void)state;
    assert_int_equal(clearenv(), 0);
    assert_int_equal(config_load(NULL, overrides, 1, &config, &message), 0);
    worker.host.config = worker.host.options.config = config;
    worker.flow = &flow;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(worker.host.options.config);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(test_blame),   cmocka_unit_test(test_answers),
        cmocka_unit_test(test_denials), cmocka_unit_test(test_refuted),
        cmocka_unit_test(test_old_age), cmocka_unit_test(test_headers)};
    return cmocka_run_group_tests_name("blame", tests, set_up, tear_down);
}
