/* Made-up orders, judged by arithmetic that shares nothing with the generator's: every sum is taken
 * from the finished JSON, every tax is tested as an inequality, and the judge itself must find a
 * single minor unit moved anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "../support/effort.h"
#include "codec/codec.h"
#include "domain/events/order_event.h"
#include "order_gen.h"

static const struct order_gen_options plain = {
    .seed = 42, .count = 3000, .customers = 300, .start_ms = INT64_C(1767603600000)};

/* ---- the judge ---- */

struct verdict {
    const char *what; /* NULL: nothing found */
    int64_t line_count, tax, subtotal, discounts, shipping, charges, total, tenders;
    struct { /* by rate, for channels that round once an invoice */
        int64_t rate_ppm, amount, tax;
    } groups[4];
};

static int64_t amount_of(const json_t *money, const char *which)
{
    const json_t *amount = json_object_get(money, which);
    assert_non_null(amount);
    return json_integer_value(amount);
}

static int64_t discounts_of(const json_t *part, const char *which)
{
    int64_t sum = 0;
    size_t i;
    json_t *d;
    json_array_foreach(json_object_get(part, "discounts"), i, d)
    {
        int64_t amount = amount_of(json_object_get(d, "amount"), which);
        if (amount <= 0)
            sum = INT64_MIN / 4; /* never right */
        sum += amount;
    }
    return sum;
}

/* Whether `tax` is `rate` on `amount` within `slack` minor units, in exact integers: tax × (1 +
 * rate) against amount × rate, or tax against amount × rate. */
static bool tax_fits(int64_t tax, int64_t amount, int64_t rate_ppm, bool gross,
                     int64_t slack_halves)
{
    int64_t one = 1000000, base = gross ? one + rate_ppm : one;
    int64_t off = tax * base - amount * rate_ppm;
    return (off < 0 ? -off : off) * 2 <= base * slack_halves;
}

/* One part's tax; sums what the invoice comes to. */
static void part_judge(struct verdict *v, const json_t *part, int64_t amount, const char *which,
                       bool gross, bool per_invoice)
{
    size_t i;
    json_t *tax;
    json_array_foreach(json_object_get(part, "tax_lines"), i, tax)
    {
        int64_t value = amount_of(json_object_get(tax, "amount"), which),
                rate = json_integer_value(json_object_get(tax, "rate_ppm"));
        v->tax += value;
        if (!tax_fits(value, amount, rate, gross, per_invoice ? 2 : 1))
            v->what = "tax of a part";
        size_t g = 0;
        while (v->groups[g].amount != 0 && v->groups[g].rate_ppm != rate)
            g++;
        assert_true(g < 4);
        v->groups[g].rate_ppm = rate;
        v->groups[g].amount += amount;
        v->groups[g].tax += value;
    }
    if (amount < 0)
        v->what = "less than nothing";
}

static struct verdict judge(const json_t *event, const char *which)
{
    struct verdict v = {0};
    bool gross = json_is_true(json_object_get(event, "taxes_included"));
    bool per_invoice = strcmp(json_string_value(json_object_get(event, "currency")), "GBP") != 0;
    const json_t *totals = json_object_get(event, "totals");
    size_t i;
    json_t *part;

    json_array_foreach(json_object_get(event, "lines"), i, part)
    {
        int64_t discount = discounts_of(part, which);
        int64_t amount = amount_of(json_object_get(part, "unit_price"), which) *
                             json_integer_value(json_object_get(part, "quantity")) -
                         discount;
        part_judge(&v, part, amount, which, gross, per_invoice);
        v.subtotal += amount;
        v.discounts += discount;
        v.line_count++;
        if (json_is_true(json_object_get(part, "taxable")) !=
                (json_array_size(json_object_get(part, "tax_lines")) > 0) &&
            json_object_get(part, "taxable") != NULL)
            v.what = "taxable";
    }
    json_array_foreach(json_object_get(event, "shipping_lines"), i, part)
    {
        int64_t discount = discounts_of(part, which),
                amount = amount_of(json_object_get(part, "price"), which) - discount;
        part_judge(&v, part, amount, which, gross, per_invoice);
        v.shipping += amount;
        v.discounts += discount;
    }
    json_array_foreach(json_object_get(event, "charges"), i, part)
    {
        int64_t amount = amount_of(json_object_get(part, "amount"), which);
        part_judge(&v, part, amount, which, gross, per_invoice);
        v.charges += amount;
    }
    json_array_foreach(json_object_get(event, "tenders"), i, part) v.tenders +=
        amount_of(json_object_get(part, "amount"), which);
    v.total = v.subtotal + v.shipping + v.charges + (gross ? 0 : v.tax);
    for (size_t g = 0; per_invoice && g < 4; g++)
        if (!tax_fits(v.groups[g].tax, v.groups[g].amount, v.groups[g].rate_ppm, gross, 1))
            v.what = "tax of the invoice";
    const struct {
        const char *name;
        int64_t wanted;
    } stated[] = {{"subtotal", v.subtotal}, {"discounts", v.discounts},
                  {"shipping", v.shipping}, {"charges", v.charges},
                  {"tax", v.tax},           {"total", v.total}};
    for (size_t k = 0; k < sizeof stated / sizeof *stated; k++)
        if (amount_of(json_object_get(totals, stated[k].name), which) != stated[k].wanted)
            v.what = stated[k].name;
    if (v.tenders + amount_of(json_object_get(totals, "outstanding"), which) != v.total)
        v.what = "tenders";
    return v;
}

static const char *judge_both(const json_t *event)
{
    const char *what = judge(event, "shop_minor").what;
    return what != NULL || json_object_get(event, "presentment_currency") == NULL
               ? what
               : judge(event, "presentment_minor").what;
}

/* ---- what is right ---- */

static void test_every_order_is_right_to_the_minor_unit(void **state)
{
    (void)state;
    struct order_gen_options options = plain;
    options.count = test_effort(1000);
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event e;
    int64_t count = 0;
    while (order_gen_next(gen, &e)) {
        const char *what = judge_both(e.event);
        if (what != NULL)
            fail_msg("order %" PRId64 ": %s", e.index, what);
        assert_string_equal(e.outcome, "posted");
        json_decref(e.event);
        count++;
    }
    assert_int_equal(count, options.count);
    order_gen_free(gen);
}

/* Moves every amount of an order by one, in turn; the judge must see each. */
static size_t amounts_move(json_t *json, json_t *event, const char *path)
{
    const char *name;
    size_t i, count = 0;
    json_t *value;
    if (json_is_array(json)) {
        json_array_foreach(json, i, value) count += amounts_move(value, event, path);
        return count;
    }
    if (!json_is_object(json))
        return 0;
    json_object_foreach(json, name, value)
    {
        if (!json_is_integer(value) ||
            (strcmp(name, "shop_minor") != 0 && strcmp(name, "presentment_minor") != 0)) {
            count += amounts_move(value, event, name);
            continue;
        }
        json_int_t was = json_integer_value(value);
        assert_int_equal(json_integer_set(value, was + 1), 0);
        if (judge_both(event) == NULL)
            fail_msg("a minor unit more in %s.%s is not seen", path, name);
        assert_int_equal(json_integer_set(value, was), 0);
        count++;
    }
    return count;
}

static void test_the_judge_finds_one_minor_unit_anywhere(void **state)
{
    (void)state;
    struct order_gen_options options = plain;
    struct order_gen_event e;
    size_t moved = 0;
    options.count = 150;
    struct order_gen *gen = order_gen_new(&options);
    while (order_gen_next(gen, &e)) {
        moved += amounts_move(e.event, e.event, "");
        json_decref(e.event);
    }
    assert_true(moved > 2000);
    order_gen_free(gen);
}

static bool any(const json_t *list, const char *name, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *value = json_string_value(json_object_get(item, name));
        if (value != NULL && strcmp(value, text) == 0)
            return true;
    }
    return false;
}

static void test_the_world_is_varied(void **state)
{
    (void)state;
    enum {
        EURO,
        YEN,
        NET,
        ZERO_RATED,
        GIFT_SOLD,
        GIFT_USED,
        WHOLE_DISCOUNT,
        FREE_DELIVERY,
        COUNTER,
        BUSINESS,
        GUEST,
        POLISH,
        JAPANESE,
        TWO_MONEYS,
        LINES,
        WRAP,
        SEEN
    };
    int64_t seen[SEEN] = {0};
    struct order_gen *gen = order_gen_new(&plain);
    struct order_gen_event e;
    while (order_gen_next(gen, &e)) {
        const char *currency = json_string_value(json_object_get(e.event, "currency"));
        char *text = json_dumps(e.event, JSON_COMPACT);
        seen[EURO] += strcmp(currency, "EUR") == 0;
        seen[YEN] += strcmp(currency, "JPY") == 0;
        seen[NET] += !json_is_true(json_object_get(e.event, "taxes_included"));
        seen[ZERO_RATED] += strstr(text, "\"rate_ppm\":0,") != NULL;
        seen[GIFT_SOLD] += strstr(text, "\"gift_card\":true") != NULL;
        seen[GIFT_USED] += any(json_object_get(e.event, "tenders"), "kind", "gift_card");
        seen[WHOLE_DISCOUNT] += strstr(text, "WELCOME10") != NULL;
        seen[FREE_DELIVERY] += strstr(text, "Free delivery") != NULL;
        seen[COUNTER] += json_object_get(e.event, "shipping_address") == NULL;
        seen[BUSINESS] += json_object_get(e.event, "business") != NULL;
        seen[GUEST] += json_object_get(e.event, "customer") != NULL &&
                       json_object_get(json_object_get(e.event, "customer"), "customer_id") == NULL;
        seen[POLISH] += strstr(text, "Łukasz") != NULL;
        seen[JAPANESE] += strstr(text, "田中") != NULL;
        seen[TWO_MONEYS] += json_object_get(e.event, "presentment_currency") != NULL;
        seen[LINES] += json_array_size(json_object_get(e.event, "lines")) > 3;
        seen[WRAP] += strstr(text, "gift_wrap") != NULL;
        free(text);
        json_decref(e.event);
    }
    order_gen_free(gen);
    for (int i = 0; i < SEEN; i++)
        if (seen[i] < 20)
            fail_msg("only %" PRId64 " orders of kind %d", seen[i], i);
}

/* ---- the stream ---- */

static char *stream_text(const struct order_gen_options *options)
{
    struct order_gen *gen = order_gen_new(options);
    struct order_gen_event e;
    struct buf text;
    buf_init(&text, 64 << 20);
    while (order_gen_next(gen, &e)) {
        char *line = json_dumps(e.event, JSON_COMPACT);
        buf_printf(&text, "%s %s %s\n", line, e.outcome, e.code);
        free(line);
        json_decref(e.event);
    }
    order_gen_free(gen);
    assert_false(text.failed);
    char *copy = strdup(text.data);
    buf_release(&text);
    return copy;
}

static const uint64_t all_faults = (UINT64_C(1) << ORDER_FAULT_COUNT) - 2;

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct order_gen_options options;
    } rows[] = {
        {"plain", {.seed = 5, .count = 300, .customers = 20}},
        {"faulty and duplicates",
         {.seed = 5,
          .count = 300,
          .customers = 20,
          .duplicates = 20,
          .faulty = 30,
          .faults = all_faults}},
        {"keys", {.seed = 5, .count = 300, .customers = 20, .keys = 40, .skew = 1.1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order_gen_options other = rows[i].options;
        other.seed = 6;
        char *a = stream_text(&rows[i].options), *b = stream_text(&rows[i].options),
             *c = stream_text(&other);
        print_message("  %s\n", rows[i].name);
        assert_string_equal(a, b);
        assert_string_not_equal(a, c);
        assert_null(strstr(c, "\"order_id\":\"50000500")); /* the other seed has other orders */
        assert_non_null(strstr(a, "\"order_id\":\"50000500"));
        free(a);
        free(b);
        free(c);
    }
}

/* The identity F of an event, by the codec. */
static struct codec *codec;

static int codec_setup(void **state)
{
    char message[300];
    (void)state;
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    return codec_open("schemas", "", limits, &codec, message) != 0 ||
           codec_check(codec, &order_event_record, message) != 0;
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
    struct order_event event;
    struct buf bytes;
    struct arena *arena = arena_new(1 << 22);
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "OrderEvent", json, &bytes, &fault) != 0)
        fail_msg("%s", fault.message);
    assert_int_equal(
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event, &fault), 0);
    codec_identity(codec, &order_event_record, &event, ret_identity);
    buf_release(&bytes);
    arena_free(arena);
}

static void test_resends_are_the_same_order_and_amendments_are_not(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    static uint8_t first[COUNT][CODEC_IDENTITY_SIZE];
    static int64_t version[COUNT];
    static bool is_over[COUNT], is_open[COUNT]; /* cancelled; amended */
    int64_t resends = 0, amendments = 0, cancelled = 0;
    const struct order_gen_options options = {.seed = 9,
                                              .count = COUNT,
                                              .customers = 50,
                                              .duplicates = 30,
                                              .faulty = 30,
                                              .faults = all_faults};
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event e;
    memset(version, 0, sizeof version);
    memset(is_over, 0, sizeof is_over);
    memset(is_open, 0, sizeof is_open);
    while (order_gen_next(gen, &e)) {
        uint8_t now[CODEC_IDENTITY_SIZE];
        int64_t v = json_integer_value(json_object_get(e.event, "source_version"));
        identity_of(e.event, now);
        assert_true(v > version[e.index]); /* never superseded */
        version[e.index] = v;
        assert_false(is_over[e.index]); /* what follows a cancellation could not be foretold */
        is_over[e.index] = e.fault == ORDER_FAULT_cancelled && e.is_resend;
        if (!e.is_resend) {
            memcpy(first[e.index], now, sizeof now);
        } else if (e.fault == ORDER_FAULT_NONE) {
            assert_memory_equal(now, first[e.index], sizeof now);
            assert_string_equal(e.outcome, "duplicate");
            is_open[e.index] = false;
            resends++;
        } else {
            assert_memory_not_equal(now, first[e.index], sizeof now);
            const bool amends = e.fault == ORDER_FAULT_amended;
            assert_string_equal(e.outcome,
                                amends && is_open[e.index] ? "duplicate" : "dead_letter");
            amendments += amends;
            is_open[e.index] |= amends;
            cancelled +=
                strcmp(json_string_value(json_object_get(e.event, "kind")), "cancelled") == 0;
        }
        json_decref(e.event);
    }
    order_gen_free(gen);
    assert_true(resends > 100 && amendments > 5 && cancelled > 5);
}

/* Each fault in the order is what its row says, and nothing else is wrong. */
static void test_faults_are_what_they_say(void **state)
{
    (void)state;
    static const struct {
        enum order_fault fault;
        const char *judged; /* by the arithmetic judge; NULL: nothing */
        const char *has;    /* in the JSON */
    } rows[] = {
        {ORDER_FAULT_tax_mismatch, "tax of ", NULL},
        {ORDER_FAULT_total_mismatch, "tenders", NULL},
        {ORDER_FAULT_unknown_sku, NULL, "\"NOSUCH"},
        {ORDER_FAULT_empty_sku, NULL, "Alteration"},
        {ORDER_FAULT_depot_unmapped, NULL, "\"9999\""},
        {ORDER_FAULT_payment_unmapped, NULL, "cryptopay"},
        {ORDER_FAULT_charge_unmapped, NULL, "drone"},
        {ORDER_FAULT_test_order, NULL, "\"test\":true"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct order_gen_options options = {.seed = 3,
                                                  .count = 60,
                                                  .customers = 50,
                                                  .faulty = 100,
                                                  .faults = UINT64_C(1) << rows[i].fault};
        struct order_gen *gen = order_gen_new(&options);
        struct order_gen_event e;
        print_message("  %s\n", order_fault_info(rows[i].fault)->name);
        while (order_gen_next(gen, &e)) {
            const char *what = judge_both(e.event);
            char *text = json_dumps(e.event, JSON_COMPACT);
            assert_int_equal(e.fault, rows[i].fault);
            if (rows[i].judged == NULL)
                assert_null(what);
            else
                assert_true(what != NULL &&
                            strncmp(what, rows[i].judged, strlen(rows[i].judged)) == 0);
            if (rows[i].has != NULL)
                assert_non_null(strstr(text, rows[i].has));
            free(text);
            json_decref(e.event);
        }
        order_gen_free(gen);
    }
}

static void test_shares_are_as_asked(void **state)
{
    (void)state;
    const struct order_gen_options options = {.seed = 8,
                                              .count = 5000,
                                              .customers = 50,
                                              .duplicates = 10,
                                              .faulty = 20,
                                              .faults = all_faults};
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event e;
    int64_t resends = 0, faulty = 0;
    while (order_gen_next(gen, &e)) {
        resends += e.is_resend && e.fault == ORDER_FAULT_NONE;
        faulty += e.fault != ORDER_FAULT_NONE;
        json_decref(e.event);
    }
    order_gen_free(gen);
    assert_in_range(resends, 400, 600);
    assert_in_range(faulty, 850, 1000); /* of the nine tenths that are no duplicates */
}

static void test_skew_gives_most_to_a_few(void **state)
{
    (void)state;
    for (int skewed = 0; skewed < 2; skewed++) {
        const struct order_gen_options options = {
            .seed = 8, .count = 5000, .customers = 50, .keys = 100, .skew = skewed ? 1.0 : 0};
        struct order_gen *gen = order_gen_new(&options);
        struct order_gen_event e;
        int64_t first = 0, count[100] = {0};
        while (order_gen_next(gen, &e)) {
            assert_in_range(e.index, 0, 99);
            first += e.index == 0;
            assert_int_equal(e.is_resend, count[e.index]++ > 0);
            json_decref(e.event);
        }
        order_gen_free(gen);
        if (skewed)
            assert_in_range(first, 850, 1100); /* 1 / H(100) = 19.3 % */
        else
            assert_in_range(first, 25, 90);
    }
}

static void test_bytes_are_broken_as_named(void **state)
{
    (void)state;
    for (int i = 1; i < ORDER_FAULT_COUNT; i++) {
        enum order_fault fault = (enum order_fault)i;
        uint8_t bytes[200 + ORDER_BREAK_ROOM], whole[200];
        int64_t size = 200;
        for (int k = 0; k < 200; k++)
            bytes[k] = whole[k] = (uint8_t)(k * 7);
        order_gen_break(fault, bytes, &size);
        bool same = size == 200 && memcmp(bytes, whole, 200) == 0;
        assert_int_equal(same, order_fault_info(fault)->shape != FAULT_IN_BYTES);
        assert_true(size <= 200 + ORDER_BREAK_ROOM);
        assert_true(pf_error_find(order_fault_info(fault)->code) != PF_OK ||
                    fault == ORDER_FAULT_test_order);
        assert_int_equal(order_fault_find(order_fault_info(fault)->name), fault);
    }
    assert_int_equal(order_fault_find("nonsense"), ORDER_FAULT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_is_right_to_the_minor_unit),
        cmocka_unit_test(test_the_judge_finds_one_minor_unit_anywhere),
        cmocka_unit_test(test_the_world_is_varied),
        cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
        cmocka_unit_test_setup_teardown(test_resends_are_the_same_order_and_amendments_are_not,
                                        codec_setup, codec_teardown),
        cmocka_unit_test(test_faults_are_what_they_say),
        cmocka_unit_test(test_shares_are_as_asked),
        cmocka_unit_test(test_skew_gives_most_to_a_few),
        cmocka_unit_test(test_bytes_are_broken_as_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
