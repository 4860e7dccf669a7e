/* From configuration to a worker: names and limits that follow, and what is refused, with the key
 * and the remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "posting/facts.h"
#include "posting/settings.h"
#include "stream/start.h"
#include "worker/setup.h"

int64_t __wrap_prima_deadline_ms(const struct prima_client *client, enum prima_type type);

static int64_t account_ms, credit_note_ms; /* deadlines */

int64_t __wrap_prima_deadline_ms(const struct prima_client *client, enum prima_type type)
{
    (void)client;
    return type == PRIMA_NEW_ORDER         ? 30000
           : type == PRIMA_NEW_CUSTOMER    ? account_ms
           : type == PRIMA_NEW_CREDIT_NOTE ? credit_note_ms
                                           : 1;
}

static const struct flow flow = {
    .name = "orders",
    .reads = "orders.raw",
    .outputs = {{"orders.results", "OrderResult", "result", true},
                {"orders.ledger", "LedgerEntry", "ledger entry", false}},
    .writes = PRIMA_NEW_ORDER,
    .limit_weight = 6};

static const struct flow flow_of_notes = {
    .name = "refunds",
    .reads = "refunds.raw",
    .outputs = {{"refunds.results", "RefundResult", "result", true}},
    .writes = PRIMA_NEW_CREDIT_NOTE,
    .limit_weight = 1};

/* Up to three overrides, "" for none. A worker that must be freed with `done`. */
static struct worker *read_setup_of(const struct flow *of, const struct fact_source *const *sources,
                                    const char *const overrides[3], const char *slot,
                                    int *ret_result, struct config_message *ret_message)
{
    struct worker *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->stream = calloc(1, sizeof *w->stream);
    w->posting = calloc(1, sizeof *w->posting);
    assert_true(w->stream != NULL && w->posting != NULL);
    struct config *config;
    size_t count = 0;
    assert_int_equal(clearenv(), 0);
    while (count < 3 && overrides[count] != NULL)
        count++;
    if (config_load(NULL, overrides, count, &config, ret_message) != 0)
        fail_msg("%s", ret_message->text);
    w->flow = of;
    w->posting->fact_sources = sources;
    w->host.config = w->host.options.config = config;
    w->host.options.slot = slot;
    *ret_result = setup_read(w, ret_message);
    if (*ret_result == 0)
        *ret_result = settings_read(w, ret_message);
    return w;
}

static struct worker *read_setup(const char *const overrides[3], const char *slot, int *ret_result,
                                 struct config_message *ret_message)
{
    return read_setup_of(&flow, NULL, overrides, slot, ret_result, ret_message);
}

static void done(struct worker *w)
{
    config_free(w->host.options.config);
    free(w->stream);
    free(w->posting);
    free(w);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name, *overrides[3], *key, *remedy;
    } rows[] = {
        {"no delays", {"retry.delays="}, "retry.delays", "for example 10s,1m,10m"},
        {"only blanks", {"retry.delays= , ,"}, "retry.delays", "for example 10s,1m,10m"},
        {"falling delays", {"retry.delays=1m,10s"}, "retry.delays", "for example 10s,1m,10m"},
        {"one delay twice", {"retry.delays=10s,10s"}, "retry.delays", "for example 10s,1m,10m"},
        {"no duration", {"retry.delays=10s,soon"}, "retry.delays", "for example 10s,1m,10m"},
        {"no unit", {"retry.delays=10"}, "retry.delays", "for example 10s,1m,10m"},
        {"no time at all", {"retry.delays=0s,1m"}, "retry.delays", "for example 10s,1m,10m"},
        {"nine delays", {"retry.delays=1s,2s,3s,4s,5s,6s,7s,8s,9s"}, "retry.delays", "shorten"},
        {"a start that is no time", {"start.from=yesterday"}, "start.from", "2026-11-01T00:00:00Z"},
        {"no start", {"start.from="}, "start.from", "beginning, end"},
        {"a topic's start that is no time",
         {"start.from=orders.raw=soon"},
         "start.from",
         "2026-11-01T00:00:00Z"},
        {"a topic without a start", {"start.from=orders.raw="}, "start.from", "beginning, end"},
        {"another topic's start alone",
         {"start.from=order.raw=end,refunds.raw=end"},
         "start.from",
         "add orders.raw=beginning"},
        {"our topic twice",
         {"start.from=orders.raw=end,orders.raw=beginning"},
         "start.from",
         "twice"},
        {"the rest twice", {"start.from=end,beginning"}, "start.from", "twice"},
        {"an answer that is none",
         {"start.vanished=later"},
         "start.vanished",
         "ask, remembered, beginning, end"},
        {"an answer for another topic alone",
         {"start.vanished=refunds.raw=end"},
         "start.vanished",
         "add orders.raw=beginning"},
        {"two answers", {"start.vanished=end,ask"}, "start.vanished", "twice"},
        {"a first start that asks", {"start.from=ask"}, "start.from", "beginning, end"},
        {"keys forgotten while their record waits",
         {"retry.max_age=10d", "idempotency.ttl=9d"},
         "retry.max_age",
         "raise"},
        {"... as long", {"retry.max_age=10d", "idempotency.ttl=10d"}, "idempotency.ttl", "raise"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_message message = {""};
        int result;
        done(read_setup(rows[i].overrides, "0", &result, &message));
        if (result != -EINVAL || strstr(message.text, rows[i].key) == NULL ||
            strstr(message.text, rows[i].remedy) == NULL)
            fail_msg("%s: %d, %s", rows[i].name, result, message.text);
    }
}

static struct worker *good(const char *const overrides[3], const char *slot)
{
    struct config_message message = {""};
    int result;
    struct worker *w = read_setup(overrides, slot, &result, &message);
    if (result != 0)
        fail_msg("%s", message.text);
    return w;
}

static void test_names(void **state)
{
    struct worker *w = good((const char *const[3]){"retry.delays=10s, 1m,2h"}, "3");
    static const struct {
        const char *name;
        enum topic_role role;
        int64_t delay_ms;
    } topics[] = {
        {"orders.raw", TOPIC_INPUT, 0},
        {"orders.raw.replay", TOPIC_REPLAY, 0},
        {"orders.raw.retry.10s", TOPIC_RETRY, 10000},
        {"orders.raw.retry.1m", TOPIC_RETRY, 60000},
        {"orders.raw.retry.2h", TOPIC_RETRY, 7200000},
    };
    (void)state;
    assert_int_equal(w->stream->inputs.count, sizeof topics / sizeof *topics);
    for (size_t i = 0; i < w->stream->inputs.count; i++) {
        assert_string_equal(w->stream->inputs.list[i].name, topics[i].name);
        assert_int_equal(w->stream->inputs.list[i].role, topics[i].role);
        assert_int_equal(w->stream->inputs.list[i].delay_ms, topics[i].delay_ms);
    }
    assert_int_equal(w->stream->outputs.retry_count, 3);
    assert_string_equal(w->stream->outputs.retry[2], "orders.raw.retry.2h");
    assert_string_equal(w->stream->outputs.dlq, "orders.raw.dlq");
    assert_string_equal(w->stream->group, "primaflow.orders");
    assert_string_equal(w->host.slot, "3");
    assert_string_equal(w->instance, "primaflow.orders-3");
    assert_string_equal(w->keys.slot, "3");
    assert_string_equal(w->keys.flow, "orders");
    assert_string_equal(w->keys.limit_class, "orders");
    assert_int_equal(w->keys.limit_weight, 6);
    done(w);
}

static void test_identity(void **state)
{
    struct worker *a = good((const char *const[3]){"worker.group=mine"}, NULL),
                  *b = good((const char *const[3]){"worker.group=mine"}, NULL);
    (void)state;
    assert_string_equal(a->stream->group, "mine");
    assert_memory_equal(a->instance, "mine-r-", 7);
    assert_int_equal(strlen(a->host.slot), 14);
    assert_string_not_equal(a->instance,
                            b->instance); /* without a slot, nobody is anybody's successor */
    done(a);
    done(b);
}

static void test_limits(void **state)
{
    struct worker *w =
        good((const char *const[3]){"idempotency.margin=2s", "prima.max_apply_delay=7s",
                                    "start.from=2026-11-01T00:00:00Z"},
             "0");
    (void)state;
    assert_int_equal(
        w->times.window_ms,
        39000); /* a margin, Prima's deadline, and the time in which it may still apply */
    assert_int_equal(w->times.lease_ms,
                     34000); /* the deadline and two margins: one is left when bytes leave */
    assert_int_equal(w->stream->inputs.list[0].start.from, 1793491200000);
    assert_int_equal(w->times.deferral_life_ms,
                     w->posting->retry_max_age_ms + 2 * w->posting->retry_delay_max_ms);
    done(w);
    w = good((const char *const[3]){"start.from=beginning"}, "0");
    assert_int_equal(w->stream->inputs.list[0].start.from, KAFKA_START_BEGINNING);
    done(w);
    w = good((const char *const[3]){"start.from=end"}, "0");
    assert_int_equal(w->stream->inputs.list[0].start.from, KAFKA_START_END);
    done(w);
}

/* What a loss of Redis waits for is what this flow sends: its documents, and accounts where it has
 * a source that creates them. */
static void test_longest_write(void **state)
{
    static const struct fact_source of_products = {.kind = FACT_PRODUCT},
                                    of_customers = {.kind = FACT_CUSTOMER};
    static const struct fact_source *const products[] = {&of_products, NULL};
    static const struct fact_source *const all[] = {&of_products, &of_customers, NULL};
    static const struct {
        const char *name;
        const struct flow *of;
        const struct fact_source *const *sources;
        int64_t account_ms, credit_note_ms, wanted_ms;
    } rows[] = {
        {"an order, with its margin", &flow, NULL, 30000, 30000, 39000},
        {"no credit note", &flow, all, 30000, 600000, 39000},
        {"an account, which it may create", &flow, all, 600000, 1, 607000},
        {"... in less time than an order", &flow, all, 31000, 1, 39000},
        {"... which it never creates", &flow, products, 600000, 1, 39000},
        {"... without any source", &flow, NULL, 600000, 1, 39000},
        {"a credit note, no order and no account", &flow_of_notes, products, 600000, 5000, 14000},
        {"a slow credit note", &flow_of_notes, products, 1, 500000, 509000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_message message = {""};
        int result;
        account_ms = rows[i].account_ms;
        credit_note_ms = rows[i].credit_note_ms;
        struct worker *w = read_setup_of(
            rows[i].of, rows[i].sources,
            (const char *const[3]){"idempotency.margin=2s", "prima.max_apply_delay=7s"}, "0",
            &result, &message);
        if (result != 0 || w->times.write_ms != rows[i].wanted_ms)
            fail_msg("%s: %lld ms, %s", rows[i].name, (long long)w->times.write_ms, message.text);
        done(w);
    }
}

/* Each key arrives where it is read. */
static void test_keys(void **state)
{
    static const char *const keys[][2] = {
        {"worker.settle_deadline", "31s"},
        {"idempotency.margin", "3s"},
        {"idempotency.ttl", "99d"},
        {"retry.max_age", "29h"},
        {"idempotency.resolve_max", "701s"},
        {"replay.max_count", "17"},
        {"prima.unproven_wait", "77s"},
        {"worker.max_in_flight", "23"},
        {"worker.buffered_max", "401"},
        {"prima.connections_max", "7"},
        {"limit.rate", "11"},
        {"limit.burst", "13"},
        {"prima.max_apply_delay", "41s"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char override[80];
        (void)snprintf(override, sizeof override, "%s=%s", keys[i][0], keys[i][1]);
        struct worker *w = good((const char *const[3]){override}, "0");
        const struct posting *p = w->posting;
        const int64_t read[] = {
            p->settle_deadline_ms,       w->times.margin_ms,        w->times.ttl_ms,
            p->retry_max_age_ms,         p->resolve_max_ms,         p->replay_max,
            p->unproven_wait_ms,         (int64_t)p->in_flight_max, (int64_t)p->buffered_max,
            (int64_t)p->connections_max, w->keys.limit_rate,        w->keys.limit_burst,
            w->keys.apply_delay_ms};
        int64_t wanted;
        if (config_parse_ms(keys[i][1], &wanted) < 0)
            wanted = strtoll(keys[i][1], NULL, 10);
        if (read[i] != wanted)
            fail_msg("%s: %lld", override, (long long)read[i]);
        assert_int_equal(w->stream->reach, 12 * (int64_t)p->buffered_max);
        assert_int_equal(w->keys.ttl_ms, w->times.ttl_ms);
        assert_int_equal(w->keys.deferral_life_ms, w->times.deferral_life_ms);
        done(w);
    }
}

/* One file serves the workers of several topics: each takes what is said of its own, else what is
 * said of all. */
static void test_start_of_a_topic(void **state)
{
    static const struct {
        const char *override;
        int64_t start;
    } rows[] = {
        {"start.from=orders.raw=end", KAFKA_START_END},
        {"start.from=refunds.raw=end,orders.raw=beginning", KAFKA_START_BEGINNING},
        {"start.from=orders.raw=2026-11-01T00:00:00Z, refunds.raw=end", 1793491200000},
        {"start.from=refunds.raw=end, beginning", KAFKA_START_BEGINNING},
        {"start.from=end, orders.raw=2026-11-01T00:00:00Z", 1793491200000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct worker *w = good((const char *const[3]){rows[i].override}, "0");
        if (w->stream->inputs.list[0].start.from != rows[i].start)
            fail_msg("%s: %lld", rows[i].override, (long long)w->stream->inputs.list[0].start.from);
        done(w);
    }
}

/* A shadow reads what all read, and everything else has another name. */
static void test_shadow(void **state)
{
    (void)state;
    struct worker *w = good(
        (const char *const[3]){"worker.shadow=true", "retry.delays=10s", "redis.prefix=shop"}, "3");
    assert_true(w->shadow);
    assert_int_equal(w->stream->inputs.count, 2); /* no replay: that is for those who post */
    assert_string_equal(w->stream->inputs.list[0].name, "orders.raw");
    assert_string_equal(w->stream->inputs.list[1].name, "shadow.orders.raw.retry.10s");
    assert_string_equal(w->stream->outputs.retry[0], "shadow.orders.raw.retry.10s");
    assert_string_equal(w->stream->outputs.dlq, "shadow.orders.raw.dlq");
    assert_string_equal(w->stream->outputs.written[OUTPUT_RESULTS], "shadow.orders.results");
    assert_string_equal(w->stream->outputs.written[1], "");
    assert_string_equal(w->stream->group, "primaflow.orders.shadow");
    assert_string_equal(w->instance, "primaflow.orders.shadow-3");
    assert_string_equal(w->keys.prefix, "shop.primaflow.orders.shadow");
    assert_string_equal(w->keys.limit_prefix, "shop"); /* one Prima, one limit */
    assert_string_equal(w->keys.limit_class, "shadow");
    assert_int_equal(w->keys.limit_weight, 1);
    assert_false(w->posting->asks_first);
    char name[200];
    assert_string_equal(keys_name(&w->keys, "bucket", "", name, sizeof name), "shop:bucket");
    assert_string_equal(keys_name(&w->keys, "pause", "", name, sizeof name), "shop:pause");
    assert_string_equal(keys_name(&w->keys, "k", "1", name, sizeof name),
                        "shop.primaflow.orders.shadow:k:1");
    done(w);
    w = good((const char *const[3]){"worker.shadow=true", "worker.group=mine"}, "3");
    assert_string_equal(w->stream->group, "mine.shadow");
    assert_string_equal(w->keys.prefix, "pf.mine.shadow");
    done(w);
    w = good((const char *const[3]){NULL}, "3");
    assert_false(w->shadow);
    assert_string_equal(w->stream->outputs.written[OUTPUT_RESULTS], "orders.results");
    assert_string_equal(w->stream->outputs.written[1], "orders.ledger");
    assert_string_equal(w->keys.prefix, "pf");
    done(w);
}

/* Asking before the first send: by itself only where Prima would take a second document. */
static void test_asking_first(void **state)
{
    static const struct {
        const char *overrides[3];
        bool asks;
    } rows[] = {
        {{"prima.enforces_unique_order_number=true"}, false},
        {{"prima.enforces_unique_order_number=false"}, true},
        {{"prima.enforces_unique_order_number=true", "prima.ask_before_first_send=always"}, true},
        {{"prima.enforces_unique_order_number=false", "prima.ask_before_first_send=never"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct worker *w = good(rows[i].overrides, "0");
        if (w->posting->asks_first != rows[i].asks)
            fail_msg("row %zu: %s", i, w->posting->asks_first ? "asks" : "does not ask");
        done(w);
    }
}

/* Several inputs in one group, and nothing that waits or is replayed. */
static void test_several_inputs(void **state)
{
    static const struct flow of_stock = {
        .name = "stock",
        .reads = "stock.snapshots",
        .also_reads = {"orders.raw", "orders.results"},
        .outputs = {{"stock.levels", "StockLevel", "level", false}},
        .is_read_once = true};
    static const char *const missing[3] = {"start.from=stock.snapshots=beginning,orders.raw=end"},
                             *const all[3] = {"start.from=end,orders.raw=beginning",
                                              "start.vanished=ask,orders.results=beginning",
                                              "retry.delays="},
                             *const shadow[3] = {"worker.shadow=true"};
    struct config_message message;
    int result;
    (void)state;
    struct worker *w = read_setup_of(&of_stock, NULL, all, "0", &result, &message);
    const struct input_topic *inputs = w->stream->inputs.list;
    if (result != 0)
        fail_msg("%s", message.text);
    assert_int_equal(w->stream->inputs.count, 3);
    assert_string_equal(inputs[0].name, "stock.snapshots");
    assert_string_equal(inputs[1].name, "orders.raw");
    assert_string_equal(inputs[2].name, "orders.results");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(inputs[i].role, TOPIC_INPUT);
    assert_int_equal(inputs[0].start.from, KAFKA_START_END);
    assert_int_equal(inputs[1].start.from, KAFKA_START_BEGINNING);
    assert_int_equal(inputs[2].start.from, KAFKA_START_END);
    assert_int_equal(inputs[1].start.vanished, START_ASK);
    assert_int_equal(inputs[2].start.vanished, KAFKA_START_BEGINNING);
    assert_int_equal(w->stream->outputs.retry_count, 0);
    assert_string_equal(w->stream->outputs.dlq, "stock.snapshots.dlq");
    done(w);
    w = read_setup_of(&of_stock, NULL, missing, "0", &result, &message);
    assert_int_equal(result, -EINVAL);
    assert_non_null(strstr(message.text, "start.from names topics, but not orders.results; add "
                                         "orders.results=beginning"));
    done(w);
    w = read_setup_of(&of_stock, NULL, shadow, "0", &result, &message);
    assert_int_equal(result, -EINVAL);
    assert_non_null(strstr(message.text, "worker.shadow is not for a worker that posts nothing"));
    done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_identity),         cmocka_unit_test(test_limits),
        cmocka_unit_test(test_longest_write),    cmocka_unit_test(test_keys),
        cmocka_unit_test(test_start_of_a_topic), cmocka_unit_test(test_shadow),
        cmocka_unit_test(test_asking_first),     cmocka_unit_test(test_several_inputs)};
    return cmocka_run_group_tests_name("a worker's settings", tests, NULL, NULL);
}
