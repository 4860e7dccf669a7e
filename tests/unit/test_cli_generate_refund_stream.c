/* The stream of made-up refunds: the same from the same seed, each kind as often as its weight says,
 * each refund's versions in their order, and what its end is when nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "codec/codec.h"
#include "domain/events/refund_event.h"
#include "order_gen.h"
#include "refund_gen.h"

static const uint64_t all_kinds = (UINT64_C(1) << REFUND_MADE_COUNT) - 1;

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static char *stream_text(const struct refund_gen_options *options)
{
    struct refund_gen *gen = refund_gen_new(options);
    struct refund_gen_event e;
    struct buf text;
    buf_init(&text, 64 << 20);
    while (refund_gen_next(gen, &e)) {
        char *line = json_dumps(e.event, JSON_COMPACT);
        buf_printf(&text, "%s %s %s %s\n", line, e.waits, e.outcome, e.code);
        free(line);
        refund_gen_event_free(&e);
    }
    refund_gen_free(gen);
    assert_false(text.failed);
    char *copy = strdup(text.data);
    buf_release(&text);
    return copy;
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct refund_gen_options options = {.seed = 5,
                                         .count = 300,
                                         .keys = 100,
                                         .faulty = 20,
                                         .duplicates = 10,
                                         .skew = 0.7,
                                         .kinds = all_kinds};
    char *a = stream_text(&options), *b = stream_text(&options);
    options.seed = 6;
    char *c = stream_text(&options);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_non_null(strstr(a, "\"order_id\":\"50000500"));
    assert_null(strstr(c, "\"order_id\":\"50000500")); /* the other seed's orders */
    free(a);
    free(b);
    free(c);
}

static struct codec *codec;

static int codec_setup(void **state)
{
    char message[300];
    (void)state;
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    return codec_open("schemas", "", limits, &codec, message) != 0 ||
           codec_check(codec, &refund_event_record, message) != 0;
}

static int codec_teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

static void identity_of(const json_t *json, uint8_t ret_identity[static CODEC_IDENTITY_SIZE])
{
    struct codec_fault fault = {0};
    struct refund_event event;
    struct buf bytes;
    struct arena *arena = arena_new(1 << 22);
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "RefundEvent", json, &bytes, &fault) != 0)
        fail_msg("%s", fault.message);
    assert_int_equal(
        codec_decode(codec, &refund_event_record, bytes.data, bytes.size, arena, &event, &fault),
        0);
    codec_identity(codec, &refund_event_record, &event, ret_identity);
    buf_release(&bytes);
    arena_free(arena);
}

/* What came of a refund id before. */
struct known {
    char id[32];
    int64_t version;
    uint8_t identity[CODEC_IDENTITY_SIZE];
};

static struct known *known_find(struct known known[], size_t *count, const char *id)
{
    size_t i = 0;
    while (i < *count && strcmp(known[i].id, id) != 0)
        i++;
    if (i == *count) {
        known[i] = (struct known){.version = 0};
        (void)snprintf(known[i].id, sizeof known[i].id, "%s", id);
        ++*count;
    }
    return &known[i];
}

static void test_versions_of_a_refund(void **state)
{
    (void)state;
    enum { COUNT = 800 };
    static struct known known[COUNT];
    size_t count = 0, resends = 0, paid = 0, lost = 0, due = 0;
    const struct refund_gen_options options = {
        .seed = 9, .count = COUNT, .keys = 300, .duplicates = 25, .faulty = 30, .kinds = all_kinds};
    struct refund_gen *gen = refund_gen_new(&options);
    struct refund_gen_event e;
    for (; refund_gen_next(gen, &e); refund_gen_event_free(&e)) {
        struct known *k = known_find(known, &count, text_of(e.event, "refund_id"));
        const bool is_new = k->version == 0;
        const int64_t version = number_of(e.event, "source_version");
        uint8_t identity[CODEC_IDENTITY_SIZE];
        identity_of(e.event, identity);
        assert_true(version > k->version); /* never superseded by what came before */
        assert_true(version >= number_of(e.event, "created_at"));
        const bool same = memcmp(identity, k->identity, sizeof identity) == 0;
        if (e.is_resend) {
            assert_true(!is_new && same);
            assert_string_equal(e.outcome, "duplicate");
            resends++;
        } else if (!is_new) { /* other money, the same goods */
            assert_false(same);
            paid += e.kind == REFUND_MADE_pending_paid;
            lost += e.kind == REFUND_MADE_money_lost;
            assert_true(e.kind == REFUND_MADE_pending_paid || e.kind == REFUND_MADE_money_lost);
        }
        due += is_new && e.kind == REFUND_MADE_pending_paid;
        k->version = version;
        memcpy(k->identity, identity, sizeof identity);
    }
    refund_gen_free(gen);
    assert_true(resends > 100 && paid > 10 && lost > 10);
    assert_int_equal(paid, due); /* each that waits gets its version */
}

static void test_kinds_come_by_their_weights(void **state)
{
    (void)state;
    int64_t seen[REFUND_MADE_COUNT] = {0}, weights[2] = {0}, all[2] = {0};
    const struct refund_gen_options options = {
        .seed = 8, .count = 6000, .keys = 6000, .faulty = 25, .kinds = all_kinds};
    struct refund_gen *gen = refund_gen_new(&options);
    struct refund_gen_event e;
    for (; refund_gen_next(gen, &e); refund_gen_event_free(&e))
        if (e.kind != REFUND_MADE_pending_paid || strcmp(e.outcome, "posted") != 0)
            seen[e.kind]++; /* those once */
    refund_gen_free(gen);
    for (int i = 0; i < REFUND_MADE_COUNT; i++) {
        const bool faulty = refund_kind_info((enum refund_kind_made)i)->shape != REFUND_USUAL;
        weights[faulty] += refund_kind_info((enum refund_kind_made)i)->weight;
        all[faulty] += seen[i];
    }
    assert_in_range(all[1], 1350, 1550); /* a quarter of what is no second version */
    for (int i = 0; i < REFUND_MADE_COUNT; i++) {
        const struct refund_kind_info *info = refund_kind_info((enum refund_kind_made)i);
        const bool faulty = info->shape != REFUND_USUAL;
        const int64_t wanted = all[faulty] * info->weight / weights[faulty];
        if (seen[i] < wanted * 8 / 10 - 2 || seen[i] > wanted * 12 / 10 + 2)
            fail_msg("%s: %" PRId64 ", by its weight %" PRId64, info->name, seen[i], wanted);
    }
}

static void test_skew_gives_most_to_a_few(void **state)
{
    (void)state;
    for (int skewed = 0; skewed < 2; skewed++) {
        const struct refund_gen_options options = {.seed = 8,
                                                   .count = 5000,
                                                   .keys = 100,
                                                   .skew = skewed ? 1.5 : 0,
                                                   .duplicates = 100,
                                                   .kinds = all_kinds};
        struct refund_gen *gen = refund_gen_new(&options);
        struct refund_gen_event e;
        int64_t first = 0;
        for (; refund_gen_next(gen, &e); refund_gen_event_free(&e)) {
            assert_in_range(e.index, 0, 99);
            first += e.index == 0;
        }
        refund_gen_free(gen);
        assert_true(skewed ? first > 1000 : first < 4000);
    }
}

static void test_the_table_of_kinds(void **state)
{
    (void)state;
    static const char *const outcomes[] = {"posted", "superseded", "contained", "no_money",
                                           "dead_letter"};
    for (int i = 0; i < REFUND_MADE_COUNT; i++) {
        const enum refund_kind_made kind = (enum refund_kind_made)i;
        const struct refund_kind_info *info = refund_kind_info(kind);
        bool known = false;
        for (size_t k = 0; k < sizeof outcomes / sizeof *outcomes; k++)
            known |= strcmp(outcomes[k], info->outcome) == 0;
        assert_true(known);
        assert_true(*info->code == '\0' || pf_error_find(info->code) != PF_OK);
        assert_true(*info->waits == '\0' || pf_error_find(info->waits) != PF_OK);
        assert_true(*info->code != '\0' || strcmp(info->outcome, "dead_letter") != 0);
        assert_int_equal(refund_kind_find(info->name), kind);
        const enum order_fault breaks = refund_kind_breaks(kind);
        assert_int_equal(breaks != ORDER_FAULT_NONE, info->shape == REFUND_IN_BYTES);
        if (breaks != ORDER_FAULT_NONE)
            assert_string_equal(order_fault_info(breaks)->code, info->code);
    }
    assert_int_equal(refund_kind_find("nonsense"), REFUND_MADE_COUNT);
}

static void test_an_end_before_the_count(void **state)
{
    (void)state;
    /* once everything is refunded, what was posted comes again */
    const struct refund_gen_options again = {
        .seed = 1, .count = 100, .keys = 1, .kinds = UINT64_C(1) << REFUND_MADE_final};
    struct refund_gen *gen = refund_gen_new(&again);
    struct refund_gen_event e;
    size_t count = 0;
    for (; refund_gen_next(gen, &e); refund_gen_event_free(&e), count++)
        assert_int_equal(e.is_resend, count > 0);
    assert_int_equal(count, 100);
    refund_gen_free(gen);
    /* nothing can be lost of what was never posted */
    struct refund_gen_options none = again;
    none.faulty = 100;
    none.kinds = UINT64_C(1) << REFUND_MADE_money_lost;
    gen = refund_gen_new(&none);
    assert_false(refund_gen_next(gen, &e));
    refund_gen_free(gen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
        cmocka_unit_test_setup_teardown(test_versions_of_a_refund, codec_setup, codec_teardown),
        cmocka_unit_test(test_kinds_come_by_their_weights),
        cmocka_unit_test(test_skew_gives_most_to_a_few),
        cmocka_unit_test(test_the_table_of_kinds),
        cmocka_unit_test(test_an_end_before_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
