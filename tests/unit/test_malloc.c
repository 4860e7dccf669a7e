/* When memory runs out: each allocation of each parser and adapter fails once, and it says so,
 * leaks nothing, and works again afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/malloc_faults.h"
#include "base/arena.h"
#include "codec/codec.h"
#include "config/config.h"
#include "domain/events/order_event.h"
#include "domain/mappings/order_rules.h"
#include "prima/envelope.h"
#include "prima/patterns.h"
#include "prima/reply.h"
#include "prima/request.h"

/* Read once, before anything fails: what the scenarios work on. */
static struct config *config;
static json_t *order_json;
static struct buf order_bytes;

static const char answer[] =
    "<soap:Envelope "
    "xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><n:comwsomhandlerResponse "
    "xmlns:n=\"urn:omlink\"><result>"
    "&lt;Response RequestType=\"CustomerSearch\" RequestStatus=\"OK\" "
    "RequestError=\"\"&gt;&lt;Data&gt;&lt;Customer Account=\"C1\" CustomerRef=\"r\" "
    "CustomerEmail=\"e\"/&gt;&lt;/Data&gt;&lt;!-- read by libxml2 "
    "--&gt;&lt;/Response&gt;</result></n:comwsomhandlerResponse></soap:Body></soap:Envelope>";

static const struct codec_limits limits = {
    .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};

/* ---- what is done ---- */

/* Whoever fails says so. */
static int told(int rc, const char *message)
{
    if (rc < 0 && message[0] == '\0')
        abort();
    return rc;
}

static int load_config(void)
{
    const char *const settings[] = {"limit.rate=5", "rdkafka.debug=broker", "worker.group=a"};
    struct config *made = NULL;
    struct config_message message = {""};
    const int rc = config_load("tests/fault/profile.yaml", settings, 3, &made, &message);
    if (rc == 0)
        config_free(made);
    return told(rc, message.text);
}

static int load_patterns(void)
{
    struct patterns *made = NULL;
    struct config_message message = {""};
    const int rc = patterns_load("", &made, &message);
    if (rc == 0)
        patterns_free(made);
    return told(rc, message.text);
}

static int load_rules(void)
{
    void *made = NULL;
    struct config_message message = {""};
    const int rc = order_rules_load(config, &made, &message);
    if (rc == 0)
        order_rules_free(made);
    return told(rc, message.text);
}

static int open_codec(void)
{
    struct codec *made = NULL;
    char message[300] = "";
    int rc = codec_open("schemas", NULL, limits, &made, message);
    if (rc == 0) {
        rc = codec_check(made, &order_event_record, message);
        codec_close(made);
    }
    return rc;
}

/* With a codec that is there before, as in a worker. */
static struct codec *codec;

static int decode_order(void)
{
    struct arena *arena = arena_new(2 << 20);
    if (arena == NULL)
        return -ENOMEM;
    struct order_event event;
    struct codec_fault fault = {.code = PF_OK};
    const int rc = codec_decode(codec, &order_event_record, order_bytes.data, order_bytes.size,
                                arena, &event, &fault);
    arena_free(arena);
    return rc;
}

static int show_order(void)
{
    struct codec_fault fault = {.code = PF_OK};
    json_t *json = codec_to_json(codec, order_bytes.data, order_bytes.size, &fault);
    const int rc = json != NULL ? 0 : -ENOMEM;
    json_decref(json);
    return rc;
}

static int write_order(void)
{
    struct buf out;
    struct codec_fault fault = {.code = PF_OK};
    buf_init(&out, 1 << 20);
    const int rc = codec_from_json(codec, "OrderEvent", order_json, &out, &fault);
    buf_release(&out);
    return rc;
}

static struct prima_names names;

static int read_answer(void)
{
    struct xml_reader *reader = xml_reader_new();
    struct arena *arena = arena_new(1 << 20);
    struct envelope_reply envelope = {.is_fault = false};
    struct reply reply;
    buf_init(&envelope.text, 1 << 18);
    int rc = reader != NULL && arena != NULL
                 ? envelope_read(reader, answer, sizeof answer - 1, NULL, &envelope)
                 : -ENOMEM;
    if (rc == 0)
        rc = reply_read(reader, &names, PRIMA_CUSTOMER_SEARCH, envelope.text.data,
                        envelope.text.size, arena, &reply);
    if (rc == 0 && (reply.status != REPLY_STATUS_OK || reply.account_count != 1))
        abort(); /* half an answer is worse than none; nothing else here may abort */
    buf_release(&envelope.text);
    arena_free(arena);
    xml_reader_free(reader);
    return rc;
}

static int write_request(void)
{
    struct envelope envelope;
    struct buf inner, out;
    buf_init(&inner, 1 << 16);
    buf_init(&out, 1 << 16);
    int rc = envelope_init(&envelope, &names);
    if (rc == 0)
        rc = prima_request_customer_search(&names, "201-C7", "a@shop.example", &inner);
    if (rc == 0)
        rc = envelope_write(&envelope, "01", inner.data, inner.size, &out);
    envelope_release(&envelope);
    buf_release(&inner);
    buf_release(&out);
    return rc;
}

/* ---- the test ---- */

static void try(malloc_scenario *scenario)
{
    const struct malloc_outcome o = malloc_faults_try(scenario);
    print_message(
        "%ld allocations; of the failures %ld were refused, %ld did no harm, %ld aborted\n",
        o.allocations, o.refused, o.unharmed, o.aborted);
    if (o.wrong[0] != '\0')
        fail_msg("%s", o.wrong);
    assert_true(o.allocations > 0);
    assert_int_equal(o.aborted, 0); /* none of these documents that it may */
    assert_true(o.refused > 0);
}

#define TEST(scenario)                                                                             \
    static void test_##scenario(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        try(scenario);                                                                             \
    }
TEST(load_config)
TEST(load_patterns)
TEST(load_rules)
TEST(open_codec)
TEST(decode_order)
TEST(show_order)
TEST(write_order)
TEST(read_answer)
TEST(write_request)

/* The instrument itself: who ignores a failure, leaks or is broken by it is caught. */
static int ignores(void)
{
    volatile char *memory = malloc(16);
    memory[0] = 1; /* NULL: SIGSEGV, which is what is to be seen */
    free((void *)(uintptr_t)memory);
    return 0;
}

static bool broken;

static int is_broken_by_it(void)
{
    void *memory = broken ? NULL : malloc(16);
    broken = memory == NULL;
    free(memory);
    return broken ? -ENOMEM : 0;
}

#ifdef __SANITIZE_ADDRESS__
static int leaks(void)
{
    char *kept = malloc(16), *lost = malloc(16);
    free(kept);
    if (kept != NULL)
        free(lost);
    return kept != NULL && lost != NULL ? 0 : -ENOMEM;
}
#endif

static void test_the_instrument(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    assert_non_null(strstr(malloc_faults_try(leaks).wrong, "the sanitizer's words"));
#endif
    assert_string_not_equal(malloc_faults_try(ignores).wrong, "");
    assert_non_null(strstr(malloc_faults_try(is_broken_by_it).wrong, "does not work afterwards"));
}

static int set_up(void **state)
{
    (void)state;
    char text[300] = "";
    struct config_message message = {""};
    struct codec_fault fault = {.code = PF_OK};
    json_error_t error;
    order_json = json_load_file("tests/fixtures/codec/order_full.json", 0, &error);
    buf_init(&order_bytes, 1 << 20);
    return order_json == NULL || config_load(NULL, NULL, 0, &config, &message) != 0 ||
           prima_names_read(config, &names, &message) != 0 ||
           codec_open("schemas", NULL, limits, &codec, text) != 0 ||
           codec_check(codec, &order_event_record, text) != 0 ||
           codec_from_json(codec, "OrderEvent", order_json, &order_bytes, &fault) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    codec_close(codec);
    config_free(config);
    json_decref(order_json);
    buf_release(&order_bytes);
    return 0;
}

/* test_malloc N: the Nth allocation of opening a codec, the scenario with the most of them, in this
 * process. */
int main(int argc, char **argv)
{
    if (argc == 2)
        return malloc_faults_once(open_codec, strtol(argv[1], NULL, 10)) != 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_instrument), cmocka_unit_test(test_load_config),
        cmocka_unit_test(test_load_patterns),  cmocka_unit_test(test_load_rules),
        cmocka_unit_test(test_open_codec),     cmocka_unit_test(test_decode_order),
        cmocka_unit_test(test_show_order),     cmocka_unit_test(test_write_order),
        cmocka_unit_test(test_read_answer),    cmocka_unit_test(test_write_request),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
