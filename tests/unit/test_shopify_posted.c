/* What becomes of each fixture of tests/fixtures/shopify in Prima, Redis, the ledger and the results, to
 * the byte: NAME.posted.txt. Read line by line what changes in it; `test_shopify_posted --write` writes
 * them, from the tree's top. Sums worked out by hand: test_shopify_orders.c. */
#include "test_order_support.h"
#include "test_shopify_support.h"

#include "codec/codec.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_result.h"
#include "order_amounts.h"
#include "order_write.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static struct codec *codec;
static bool writes;

/* As retailers set them: the first writes all, the second what differs in the request. */
static const char *const settings[][6] = {{"orders.cutover_date=", NULL},
                                          {"orders.cutover_date=", "prima.price_vat=net",
                                           "prima.price_basis=line", "prima.customers=by_prima",
                                           "prima.empty_attributes=omitted", NULL}};
static struct order_rules *rules[2];

static int setup(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    assert_int_equal(clearenv(), 0);
    for (size_t i = 0; i < 2; i++)
        rules[i] = support_rules(settings[i]);
    return codec_open("schemas", NULL, limits, &codec, message) != 0 ||
           codec_check(codec, &order_event_record, message) != 0 ||
           codec_check(codec, &order_result_record, message) != 0 ||
           codec_check(codec, &ledger_entry_record, message) != 0;
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    support_rules_free(rules[0]);
    support_rules_free(rules[1]);
    return 0;
}

static void decode(const json_t *json, struct arena *arena, struct order_event *event)
{
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "OrderEvent", json, &bytes, &fault) < 0 ||
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, event, &fault) < 0)
        fail_msg("%s", fault.message);
    buf_release(&bytes);
}

/* A line for each element, and of an element with attributes a line for each of those that say
 * something. */
static void add_request(struct buf *text, const struct flow_plan *plan)
{
    for (size_t i = 0; i < plan->request_size; i++) {
        const char *at = plan->request + i, *quote = memchr(at, '"', plan->request_size - i);
        const bool begins = *at == '<' && i > 0;
        if (begins)
            buf_byte(text, '\n');
        if (*at == ' ' && quote != NULL && quote[1] == '"' &&
            memchr(at + 1, ' ', (size_t)(quote - at - 1)) == NULL) {
            i += (size_t)(quote + 1 - at); /* an empty attribute */
            continue;
        }
        buf_append(text, at, 1);
    }
    buf_byte(text, '\n');
}

typedef int (*write_function)(const struct flow_settlement *s, const struct order_event *event,
                              struct arena *arena, struct buf *out);

static int write_result(const struct flow_settlement *s, const struct order_event *event,
                        struct arena *arena, struct buf *out)
{
    return order_write_result(codec, s, event, arena, out);
}

static int write_ledger(const struct flow_settlement *s, const struct order_event *event,
                        struct arena *arena, struct buf *out)
{
    return order_write_ledger(codec, s, event, rules[0], arena, out);
}

static void add_published(struct buf *text, const char *title, write_function write,
                          const struct flow_settlement *s, const struct order_event *event,
                          struct arena *arena)
{
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    assert_int_equal(write(s, event, arena, &bytes), 0);
    json_t *json = codec_to_json(codec, bytes.data, bytes.size, &fault);
    assert_non_null(json);
    char *dump = json_dumps(json, JSON_COMPACT);
    buf_printf(text, "---- %s", title);
    for (const char *c = dump; *c != '\0'; c++) { /* a line for each object and list */
        if (*c == '{' || (*c == '[' && c[1] == '{'))
            buf_byte(text, '\n');
        buf_append(text, c, 1);
    }
    buf_byte(text, '\n');
    free(dump);
    json_decref(json);
    buf_release(&bytes);
}

static void add_plan(struct buf *text, const struct flow_plan *plan)
{
    static const char *const verdicts[] = {"needs facts", "sends", "settles", "dead letter",
                                           "waits"};
    buf_printf(text, "%s", verdicts[plan->verdict]);
    if (plan->verdict == FLOW_SENDS || plan->verdict == FLOW_SETTLES)
        buf_printf(text, ", %s", order_outcome_names[plan->outcome]);
    for (size_t i = 0; i < plan->code_count; i++)
        buf_printf(text, ", %s", pf_error_info(plan->codes[i])->name);
    buf_printf(text, "%s%s\n", plan->detail != NULL ? ": " : "",
               plan->detail != NULL ? plan->detail : "");
}

static void add_amounts(struct buf *text, const struct flow_plan *plan,
                        const struct order_rules *of)
{
    struct flow_amounts a;
    assert_int_equal(order_amounts(plan->request, plan->request_size, of, &a), 0);
    buf_printf(text, "comes to %s net %lld tax %lld gross %lld, %d lines, %s%s\n", a.currency,
               (long long)a.net_minor, (long long)a.tax_minor, (long long)a.gross_minor,
               (int)a.line_count, a.date, a.hold ? ", on hold" : "");
}

static void add_settlement(struct buf *text, const struct order_event *event,
                           const struct flow_key *key, const struct flow_plan *plan,
                           struct arena *arena)
{
    static const uint8_t digest[CODEC_IDENTITY_SIZE] = {1, 0xab};
    const struct flow_settlement s = {.outcome = plan->outcome,
                                      .key = key,
                                      .identity = digest,
                                      .goods = digest,
                                      .money = digest,
                                      .summary = plan->summary,
                                      .summary_size = plan->summary_size,
                                      .delivery = "orders.raw/3/5",
                                      .source_topic = "orders.raw",
                                      .source_partition = 3,
                                      .source_offset = 5,
                                      .received_ms = 1795000001000,
                                      .posted_ms = 1795000002000,
                                      .published_ms = 1795000003000,
                                      .attempts = 1};
    buf_text(text, "---- summary, as it is stored\n");
    for (size_t i = 0; i < plan->summary_size; i++)
        buf_printf(text, "%02x", (unsigned)(unsigned char)plan->summary[i]);
    buf_byte(text, '\n');
    add_published(text, "result", write_result, &s, event, arena);
    add_published(text, "ledger", write_ledger, &s, event, arena);
}

static void describe(const char *name, struct buf *text)
{
    const struct shopify_order_options options = {.channel = "shopify",
                                                  .store = shopify_fixture_store(name)};
    struct arena *arena = arena_new(SUPPORT_ARENA);
    json_t *order = shopify_fixture(name), *json = shopify_import(order, &options, NULL);
    struct order_event event;
    decode(json, arena, &event);
    for (size_t i = 0; i < 2; i++) {
        struct support_world world = {.missing_product = "OXFORD"};
        struct flow_key key;
        struct flow_plan plan;
        support_decide(&event, rules[i], &world, arena, &key, &plan);
        if (i == 0)
            buf_printf(text, "%s, topic key %s\n", key.natural, key.kafka);
        else
            buf_text(text, "---- net prices of lines, customers by Prima, nothing empty\n");
        add_plan(text, &plan);
        if (plan.verdict != FLOW_SENDS)
            continue;
        add_amounts(text, &plan, rules[i]);
        add_request(text, &plan);
        if (i == 0)
            add_settlement(text, &event, &key, &plan, arena);
    }
    json_decref(json);
    json_decref(order);
    arena_free(arena);
}

static void check(const char *name)
{
    char path[200], *wanted = calloc(1, 200000);
    struct buf text;
    buf_init(&text, 200000);
    describe(name, &text);
    assert_false(text.failed);
    (void)snprintf(path, sizeof path, "tests/fixtures/shopify/%s.posted.txt", name);
    FILE *file = fopen(path, writes ? "we" : "re");
    if (file == NULL || wanted == NULL)
        fail_msg("%s is not there; see this test's head", path);
    if (writes)
        assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    else
        assert_true(fread(wanted, 1, 199999, file) > 0);
    assert_int_equal(fclose(file), 0);
    if (!writes && strcmp(wanted, text.data) != 0) {
        size_t at = 0;
        while (wanted[at] == text.data[at] && wanted[at] != '\0')
            at++;
        const size_t from = at > 80 ? at - 80 : 0;
        fail_msg("%s says\n%.240s\nand it is\n%.240s", path, wanted + from, text.data + from);
    }
    buf_release(&text);
    free(wanted);
}

static void test_each_is_posted_as_it_was(void **state)
{
    DIR *folder = opendir("tests/fixtures/shopify");
    size_t checked = 0;
    (void)state;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        char name[100];
        const char *end = strchr(e->d_name, '.');
        if (end == NULL || strcmp(end, ".json") != 0)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)(end - e->d_name), e->d_name);
        check(name);
        checked++;
    }
    (void)closedir(folder);
    assert_true(checked >= 20);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_is_posted_as_it_was)};
    writes = argc > 1 && strcmp(argv[1], "--write") == 0;
    return cmocka_run_group_tests_name("what becomes of Shopify's orders", tests, setup, teardown);
}
