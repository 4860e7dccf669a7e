/* Answers that belong to another request, and answers that do not say to which: whatever they say,
 * they prove nothing of ours, and the connection that they came on answers nothing any more. */
#include "harness.h"

#include "../../support/raw_server.h"
#include "prima/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct answer ask(struct harness *h, enum prima_type type, const char *number)
{
    struct buf request;
    buf_init(&request, 100000);
    const struct prima_order_line line = {.product = "P", .quantity = "1", .price = "1.00"};
    const struct prima_order order = {
        .order_number = number, .currency = "GBP", .lines = &line, .line_count = 1};
    assert_int_equal(type == PRIMA_NEW_ORDER
                         ? prima_request_new_order(prima_client_names(h->client), &order, &request)
                         : prima_request_order_status(number, &request),
                     0);
    const struct answer a = harness_ask(h, type, request.data);
    buf_release(&request);
    return a;
}

/* The number of the order that a request is about. */
static void number_of(const struct raw_connection *c, char out[static 32])
{
    const char *at = strstr(c->body, " OrderNumber=\"");
    (void)snprintf(out, 32, "%.*s", at != NULL ? (int)strcspn(at + 14, "\"") : 0,
                   at != NULL ? at + 14 : "");
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the formats below */
static void say(struct raw_connection *c, const char *format, const char *number)
{
    char inner[200];
    (void)snprintf(inner, sizeof inner, format, number);
#pragma GCC diagnostic pop
    raw_text(c, harness_reply(inner));
}

#define NAMED                                                                                      \
    "<Response RequestStatus=\"OK\"><Data OrderNumber=\"%s\" OrderStatus=\"Open\"/></Response>"
#define ABSENT "<Response RequestStatus=\"ERROR\" RequestError=\"Order %s not found\"/>"
#define EXISTS "<Response RequestStatus=\"ERROR\" RequestError=\"Order %s already exists\"/>"
#define PLAIN "<Response RequestStatus=\"OK\" RequestError=\"\"/>%.0s"

/* From the second request on, the first connection is answered with the answer before. */
struct lag {
    const char *format;
};

static void serve_one_behind(struct raw_connection *c, void *user)
{
    const struct lag *lag = user;
    char number[32], before[32] = "";
    while (raw_read(c)) {
        number_of(c, number);
        say(c, lag->format, c->number == 0 && before[0] != '\0' ? before : number);
        memcpy(before, number, sizeof before);
    }
}

static void test_one_behind(void **state)
{
    (void)state;
    static const struct {
        const char *name, *format;
        enum prima_type type;
        enum prima_fate fate; /* of the order's own answer */
    } rows[] = {
        {"a yes", NAMED, PRIMA_NEW_ORDER, PRIMA_OK},
        {"it exists", EXISTS, PRIMA_NEW_ORDER, PRIMA_EXISTS},
        {"it is found", NAMED, PRIMA_ORDER_STATUS, PRIMA_OK},
        {"it is absent", ABSENT, PRIMA_ORDER_STATUS, PRIMA_ABSENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct lag lag = {rows[i].format};
        struct raw_server *server = raw_server_new(serve_one_behind, &lag, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false, NULL);
        assert_int_equal(ask(&h, rows[i].type, "2011001").fate, rows[i].fate);
        const struct answer a = ask(&h, rows[i].type, "2011002");
        assert_int_equal(a.fate, PRIMA_UNKNOWN);
        assert_false(a.is_primas_own); /* it is, but not of this request */
        assert_int_equal(raw_server_connections(server), 1);
        assert_int_equal(ask(&h, rows[i].type, "2011003").fate, rows[i].fate);
        assert_int_equal(raw_server_connections(server),
                         2); /* the one that was out of step is not used again */
        assert_int_equal(raw_server_posts(server), 3);
        harness_release(&h);
        raw_server_free(server);
    }
}

/* One answer too many, before anything else is asked. */
static void serve_twice(struct raw_connection *c, void *user)
{
    (void)user;
    char number[32];
    while (raw_read(c)) {
        number_of(c, number);
        say(c, NAMED, number);
        if (c->number == 0) {
            raw_sleep_ms(20); /* not in one piece with the other, which libcurl would notice */
            say(c, NAMED, number);
        }
    }
}

static void test_one_too_many(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_twice, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    assert_int_equal(ask(&h, PRIMA_NEW_ORDER, "2011001").fate, PRIMA_OK);
    raw_sleep_ms(100);
    (void)uv_run(&h.loop, UV_RUN_NOWAIT); /* a loop that has nothing else to do hears it */
    assert_int_equal(ask(&h, PRIMA_NEW_ORDER, "2011002").fate, PRIMA_OK);
    assert_int_equal(raw_server_connections(server), 2);
    harness_release(&h);
    raw_server_free(server);
}

/* A Prima that never says which order it took. */
static void serve_plainly(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c))
        say(c,
            strstr(c->body, "OrderStatus") != NULL
                ? "<Response RequestStatus=\"OK\"><Data OrderStatus=\"Open\"/></Response>%.0s"
                : PLAIN,
            "");
}

static void test_plain_ok(void **state)
{
    (void)state;
    static const struct {
        const char *name, *override;
        int asked; /* orders that were asked about before an OK is believed; -1: it never is */
    } rows[] = {
        {"learned", NULL, 3},
        {"asked", "prima.unnamed_ok=asked", -1},
        {"trusted", "prima.unnamed_ok=trusted", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct raw_server *server = raw_server_new(serve_plainly, NULL, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false,
                     (const char *const[]){rows[i].override, NULL});
        for (int order = 0; order < 5; order++) {
            char number[32];
            (void)snprintf(number, sizeof number, "201100%d", order);
            const bool is_asked = rows[i].asked < 0 || order < rows[i].asked;
            const struct answer a = ask(&h, PRIMA_NEW_ORDER, number);
            assert_int_equal(a.fate, is_asked ? PRIMA_UNKNOWN : PRIMA_OK);
            assert_true(a.is_primas_own);
            if (is_asked)
                assert_int_equal(ask(&h, PRIMA_ORDER_STATUS, number).fate, PRIMA_OK);
        }
        assert_int_equal(raw_server_connections(server), 1); /* nothing is wrong with it */
        harness_release(&h);
        raw_server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_behind),
        cmocka_unit_test(test_one_too_many),
        cmocka_unit_test(test_plain_ok),
    };
    return cmocka_run_group_tests_name("prima.answers", tests, NULL, NULL);
}
