/* The posting engine as what a worker is made of: what it begins with, and where a configuration is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "posting/facts.h"
#include "posting/posting.h"
#include "posting/posting_worker.h"

static struct stream stream;
static struct worker worker;
static struct config *config;
static int rules_fail, freed, begun;
static char rules[] = "rules";

static int rules_load(const struct config *of, void **ret_rules, struct config_message *ret_message)
{
    (void)of;
    (void)snprintf(ret_message->text, sizeof ret_message->text, "no such mapping");
    *ret_rules = rules_fail ? NULL : rules;
    return rules_fail ? -EINVAL : 0;
}

static void rules_free(void *its)
{
    freed += its == rules;
}

static void begin(struct worker *w)
{
    assert_ptr_equal(w, &worker);
    begun++;
}

static const struct redis_scripts its_scripts;

static const struct redis_scripts *scripts(void)
{
    return &its_scripts;
}

static const struct flow flow = {.name = "orders",
                                 .reads = "orders.raw",
                                 .writes = PRIMA_NEW_ORDER,
                                 .asks = PRIMA_ORDER_STATUS,
                                 .rules_load = rules_load,
                                 .rules_free = rules_free};
static const struct fact_source of_products = {.kind = FACT_PRODUCT, .begin = begin},
                                of_customers = {.kind = FACT_CUSTOMER, .scripts = scripts};
static const struct fact_source *const sources[] = {&of_products, &of_customers, NULL};

static void set_up(bool shadow, const char *option)
{
    struct config_message message;
    const char *const options[] = {"prima.url=http://127.0.0.1:1/", option};
    assert_int_equal(clearenv(), 0);
    if (config_load(NULL, options, option != NULL ? 2 : 1, &config, &message) < 0)
        fail_msg("%s", message.text);
    stream = (struct stream){
        .inputs = {
            .list = {{.name = "orders.raw.retry.1m", .role = TOPIC_RETRY, .delay_ms = 60000}},
            .count = 1}};
    worker = (struct worker){.flow = &flow,
                             .stream = &stream,
                             .engine = posting_worker(sources),
                             .host.config = config,
                             .shadow = shadow};
    worker.engine_state = calloc(1, worker.engine.state_size);
    assert_non_null(worker.engine_state);
    assert_int_equal(uv_loop_init(&worker.host.loop), 0);
    freed = begun = 0;
}

static void tear_down(void)
{
    worker.engine.release(&worker);
    lanes_release(&worker.posting->lanes);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&worker.host.loop), 0);
    free(worker.engine_state);
    config_free(config);
}

static void test_begins(void **state)
{
    (void)state;
    for (int shadow = 0; shadow <= 1; shadow++) {
        struct config_message message;
        set_up(shadow, NULL);
        if (worker.engine.prepare(&worker, &message) != 0)
            fail_msg("%s", message.text);
        assert_ptr_equal(worker.posting, worker.engine_state);
        assert_ptr_equal(worker.posting->rules, rules);
        assert_int_equal(worker.posting->retry_delay_max_ms, 60000);
        assert_ptr_equal(worker.engine.scripts(&worker), &its_scripts);
        worker.engine.begin(&worker);
        assert_int_equal(begun, 1);
        assert_int_equal(worker.posting->breaker.write,
                         shadow ? PRIMA_ORDER_STATUS : PRIMA_NEW_ORDER);
        assert_true(worker.engine.engine->keeps_keys);
        tear_down();
        assert_int_equal(freed, 1);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *option, *says;
        int rules_fail;
    } rows[] = {
        {NULL, "no such mapping", 1},
        {"idempotency.ttl=1d", "retry.max_age is not below idempotency.ttl", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_message message = {""};
        set_up(false, rows[i].option);
        rules_fail = rows[i].rules_fail;
        assert_int_equal(worker.engine.prepare(&worker, &message), -EINVAL);
        assert_non_null(strstr(message.text, rows[i].says));
        tear_down();
        rules_fail = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_begins),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("posting worker", tests, NULL, NULL);
}
