/* What two versions of an order differ in: in words, by part, without personal data; bounded; and
 * for each field of the schema, by a table and by its own marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "codec_support.h"
#include "domain/difference/difference.h"
#include "domain/difference/order_match.h"
#include "domain/difference/order_words.h"
#include "domain/events/ledger_entry.h"

enum { ARENA = 8 << 20 };

static struct order_event *decode(struct codec *codec, const json_t *json, struct arena *arena)
{
    struct buf bytes;
    struct order_event *event = arena_alloc(arena, sizeof *event);
    codec_test_frame(codec, "OrderEvent", json, &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, event), PF_OK);
    buf_release(&bytes);
    return event;
}

/* "lines/0/quantity": the container, and the last name. */
static json_t *find(json_t *at, const char *path, const char **ret_last)
{
    const char *slash;
    char name[64];
    while ((slash = strchr(path, '/')) != NULL) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
        at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(name, NULL, 10))
                               : json_object_get(at, name);
        assert_non_null(at);
        path = slash + 1;
    }
    *ret_last = path;
    return at;
}

/* A value; "-": the item is taken out of its list; behind "+": it is put in behind the others. */
static void change(json_t *order, const char *path, const char *value)
{
    const char *last;
    json_t *holder = find(order, path, &last);
    if (strcmp(value, "-") == 0) {
        assert_int_equal(json_array_remove(holder, (size_t)strtoul(last, NULL, 10)), 0);
        return;
    }
    json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_non_null(new);
    if (strcmp(last, "+") == 0)
        assert_int_equal(json_array_append_new(holder, new), 0);
    else if (json_is_array(holder))
        assert_int_equal(json_array_set_new(holder, (size_t)strtoul(last, NULL, 10), new), 0);
    else
        assert_int_equal(json_object_set_new(holder, last, new), 0);
}

static const struct row {
    const char *name, *changes[4][2];
    const char *told[PART_COUNT]; /* NULL: nothing */
} rows[] = {
    {"nothing", {{0}}, {0}},
    {"the message alone",
     {{"event_id", "\"e2\""}, {"event_time", "1795400009999"}, {"source_version", "4"}},
     {0}},
    {"units taken back",
     {{"lines/0/current_quantity", "1"}},
     {"line 11 (SKU TSHIRT-RED-M): units from 2 to 1"}},
    {"one way of export leaves out what is as ordered", {{"lines/1/current_quantity", "1"}}, {0}},
    {"ordered at first, which is told apart from what is left",
     {{"lines/0/quantity", "4"}},
     {"line 11 (SKU TSHIRT-RED-M): units ordered from 3 to 4"}},
    {"units once, not twice", {{"lines/1/quantity", "2"}}, {"line 12: units from 1 to 2"}},
    {"price",
     {{"lines/1/unit_price/shop_minor", "2600"}},
     {"line 12: unit price from 25.00 GBP to 26.00 GBP"}},
    {"price in the customer's currency alone",
     {{"lines/0/unit_price/presentment_minor", "2300"}},
     {"line 11 (SKU TSHIRT-RED-M): unit price in the customer's currency from 24.00 EUR to 23.00 "
      "EUR"}},
    {"another product in the line",
     {{"lines/0/sku", "\"TSHIRT-RED-L\""}},
     {"line 11 (SKU TSHIRT-RED-M): SKU from TSHIRT-RED-M to TSHIRT-RED-L"}},
    {"a line more",
     {{"lines/+", "{\"line_id\": \"13\", \"sku\": \"SOCKS\", \"quantity\": 1, \"unit_price\": "
                  "{\"shop_minor\": 999}}"}},
     {"line added: SKU SOCKS, 1 x 9.99 GBP"}},
    {"a line less", {{"lines/1", "-"}}, {"line removed: no SKU, 1 x 25.00 GBP"}},
    {"lines change places",
     {{"lines/0", "-"},
      {"lines/0/parent_line_id", "null"},
      {"lines/+", "{\"line_id\": \"11\", \"sku\": \"TSHIRT-RED-M\", \"product_id\": \"p1\", "
                  "\"variant_id\": \"v1\", \"title\": \"T-shirt\","
                  "\"variant_title\": \"Red / M\", \"quantity\": 3, \"current_quantity\": 2,"
                  "\"unit_price\": {\"shop_minor\": 2000, \"presentment_minor\": 2400},"
                  "\"discounts\": [{\"code\": \"SPRING\", \"title\": \"Spring\", \"amount\": "
                  "{\"shop_minor\": 400, \"presentment_minor\": 480}}],"
                  "\"tax_lines\": [{\"title\": \"GB VAT\", \"rate_ppm\": 200000, "
                  "\"channel_liable\": true, \"amount\": "
                  "{\"shop_minor\": 600, \"presentment_minor\": 720}}],"
                  "\"location_id\": \"loc-1\", \"gift_message\": \"Happy birthday \\ud83c\\udf82\","
                  "\"properties\": [{\"name\": \"wrap\", \"value\": \"\"}, {\"name\": "
                  "\"engraving\", \"value\": \"J\"}]}"}},
     {[PART_REST] = "line 12: line that it belongs to removed: 11"}},
    {"a discount",
     {{"lines/0/discounts/0/amount/shop_minor", "500"}},
     {"line 11 (SKU TSHIRT-RED-M), discount: amount from 4.00 GBP to 5.00 GBP"}},
    {"a second discount",
     {{"lines/0/discounts/+", "{\"code\": \"JANE\", \"amount\": {\"shop_minor\": 100}}"}},
     {"line 11 (SKU TSHIRT-RED-M): discount added: 1.00 GBP"}},
    {"a discount's code, which may name a person",
     {{"lines/0/discounts/0/code", "\"JANE\""}},
     {[PART_REST] = "line 11 (SKU TSHIRT-RED-M), discount: code differs"}},
    {"a tax rate",
     {{"lines/0/tax_lines/0/rate_ppm", "55000"}},
     {"line 11 (SKU TSHIRT-RED-M), tax GB VAT: rate from 20 % to 5.5 %"}},
    {"a tax more",
     {{"lines/1/tax_lines/+",
       "{\"title\": \"VAT\", \"rate_ppm\": 200000, \"amount\": {\"shop_minor\": 417}}"}},
     {"line 12: tax added: 20 %, 4.17 GBP"}},
    {"carriage dearer",
     {{"shipping_lines/0/price/shop_minor", "995"}},
     {"carriage NEXTDAY: price from 4.95 GBP to 9.95 GBP"}},
    {"carriage whose id and title one way of export lacks",
     {{"shipping_lines/0/line_id", "null"}, {"shipping_lines/0/title", "\"\""}},
     {[PART_REST] =
          "carriage NEXTDAY: id removed: s1; carriage NEXTDAY: title from Next day to (empty)"}},
    {"another service",
     {{"shipping_lines/0",
       "{\"code\": \"STD\", \"title\": \"Standard\", \"price\": {\"shop_minor\": 295}}"}},
     {"carriage added: service STD, 2.95 GBP; carriage removed: service NEXTDAY, 4.95 GBP"}},
    {"a tip",
     {{"charges/+", "{\"kind\": \"tip\", \"title\": \"Tip\", \"amount\": {\"shop_minor\": 200}}"}},
     {"charge added: tip Tip, 2.00 GBP"}},
    {"a duty",
     {{"charges/1/amount/shop_minor", "130"}},
     {"charge 6109.10: amount from 1.20 GBP to 1.30 GBP"}},
    {"delivered elsewhere",
     {{"shipping_address/line1", "\"9 Hidden Road\""},
      {"shipping_address/postcode", "\"ZZ9 9ZZ\""}},
     {"delivery address differs"}},
    {"another phone there",
     {{"shipping_address/phone", "\"+44 113 496 0001\""}},
     {[PART_REST] = "phone of the delivery address differs"}},
    {"no billing address", {{"billing_address", "null"}}, {"billing address removed"}},
    {"another customer",
     {{"customer/email", "\"other@example.org\""}, {"customer/customer_id", "\"78\""}},
     {[PART_REST] = "customer's id differs; customer's e-mail differs"}},
    {"a customer merged away", {{"customer", "null"}}, {[PART_REST] = "customer removed"}},
    {"business",
     {{"business/vat_number", "\"GB111\""}, {"business/purchase_order", "null"}},
     {"buying company's VAT number differs; purchase order removed: PO-7"}},
    {"texts of people",
     {{"note", "\"Leave it with Bob\""},
      {"gift_message", "null"},
      {"delivery_instructions", "\"To Bob\""}},
     {"gift message removed; delivery instructions added", NULL, "note differs"}},
    {"a line's choices",
     {{"lines/0/properties/0/value", "\"Bob\""}},
     {"line 11 (SKU TSHIRT-RED-M): choice differs"}},
    {"tags", {{"tags", "[\"spring\", \"vip\"]"}}, {0}},
    {"another tag",
     {{"tags", "[\"spring\", \"anna@example.org\"]"}},
     {[PART_REST] = "list of tags differs"}},
    {"captured",
     {{"tenders/0/status", "\"authorized\""}, {"payment_status", "\"authorized\""}},
     {[PART_MONEY] = "tender shopify_payments: status from captured to authorized; payment status "
                     "from paid to authorized"}},
    {"a capture that replaces its authorisation",
     {{"tenders/0/transaction_id", "\"t9\""}, {"tenders/0/status", "\"pending\""}},
     {[PART_MONEY] = "tender shopify_payments: status from captured to pending",
      [PART_REST] = "tender shopify_payments: transaction from t1 to t9"}},
    {"another payment",
     {{"tenders/+",
       "{\"kind\": \"cash\", \"amount\": {\"shop_minor\": 995}, \"status\": \"captured\"}"},
      {"totals/outstanding/shop_minor", "100"}},
     {[PART_MONEY] =
          "tender added: cash, captured, 9.95 GBP; outstanding from 0.00 GBP to 1.00 GBP"}},
    {"numbers that are worth money",
     {{"tenders/1/voucher_number", "\"SECRET-99\""}, {"tenders/0/authorization", "\"A-18\""}},
     {[PART_REST] = "tender shopify_payments: authorisation differs; tender gift_card: voucher "
                    "number differs"}},
    {"totals",
     {{"totals/total/shop_minor", "6612"}, {"totals/charges", "{\"shop_minor\": 117}"}},
     {"total from 67.12 GBP to 66.12 GBP", NULL, "total of charges added: 1.17 GBP"}},
    {"a currency", {{"currency", "\"USD\""}}, {"currency from GBP to USD"}},
    {"a flag", {{"tax_exempt", "true"}}, {"tax exempt from no to yes"}},
    {"a time",
     {{"payment_terms/due_at", "1797991000001"}},
     {[PART_REST] = "payment due from 2026-12-23T01:56:40.000Z to 2026-12-23T01:56:40.001Z"}},
    {"terms", {{"payment_terms", "null"}}, {"payment terms removed"}},
    {"hostile text, in one line and cut",
     {{"lines/0/sku",
       "\"A\\n\\u001b[31m\\u0085\\u20ac012345678901234567890123456789012345678901234567890123456789"
       "0123456789012345678901234567890123456789\""}},
     {"line 11 (SKU TSHIRT-RED-M): SKU from TSHIRT-RED-M to "
      "A  [31m "
      "\u20ac012345678901234567890123456789012345678901234567890123456789012345678901234567890123.."
      "."}},
};

static void test_words(void **state)
{
    struct codec *codec = *state;
    json_t *first = codec_test_json("order_full.json");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(ARENA);
        struct differences found;
        json_t *next = json_deep_copy(first);
        for (size_t c = 0; c < 4 && rows[i].changes[c][0] != NULL; c++)
            change(next, rows[i].changes[c][0], rows[i].changes[c][1]);
        const struct order_event *former = decode(codec, first, arena);
        assert_int_equal(
            order_differences(codec, former, decode(codec, next, arena), arena, &found), 0);
        for (int part = 0; part < PART_COUNT; part++) {
            const char *told = differences_text(&found.parts[part], 4000, arena);
            const char *wanted = rows[i].told[part] != NULL ? rows[i].told[part] : "";
            if (told == NULL || strcmp(told, wanted) != 0)
                fail_msg("%s: %s: '%s', wanted '%s'", rows[i].name, difference_part_names[part],
                         told, wanted);
        }
        json_decref(next);
        arena_free(arena);
    }
    json_decref(first);
}

/* Nothing of people is in any text, whatever differs. */
static void test_nobody_is_named(void **state)
{
    static const char *const personal[] = {
        "jane",     "Jane", "Sample", "Example", "LS1",    "N1 1AA", "Leeds",
        "London",   "+44",  "Zo",     "ukasz",   "GB0000", "Ring",   "love",
        "birthday", "A-17", "1234",   "spring",  "SPRING", "visa",   "engraving"};
    struct codec *codec = *state;
    struct arena *arena = arena_new(ARENA);
    json_t *full = codec_test_json("order_full.json"), *small = codec_test_json("order_small.json");
    const struct order_event *a = decode(codec, full, arena), *b = decode(codec, small, arena);
    for (int way = 0; way < 2; way++) {
        struct differences found;
        assert_int_equal(
            order_differences(codec, way == 0 ? a : b, way == 0 ? b : a, arena, &found), 0);
        for (int part = 0; part < PART_COUNT; part++) {
            const char *told = differences_text(&found.parts[part], 60000, arena);
            assert_non_null(told);
            assert_true(strlen(told) > 0);
            for (size_t i = 0; i < sizeof personal / sizeof *personal; i++)
                if (strstr(told, personal[i]) != NULL)
                    fail_msg("%s is in: %s", personal[i], told);
        }
    }
    json_decref(full);
    json_decref(small);
    arena_free(arena);
}

static void test_bounds(void **state)
{
    enum { LINES = 5000 };
    struct codec *codec = *state;
    struct arena *arena = arena_new(64 << 20), *small = arena_new(4000);
    json_t *first = codec_test_json("order_full.json"), *next = json_deep_copy(first);
    for (int i = 0; i < LINES; i++)
        change(next, "lines/+",
               i % 2 == 0
                   ? "{\"line_id\": \"7\", \"quantity\": 1, \"unit_price\": {\"shop_minor\": 1}}"
                   : "{\"line_id\": \"\", \"quantity\": 1, \"unit_price\": {\"shop_minor\": 1}}");
    change(next, "payment_status", "\"voided\"");
    const struct order_event *a = decode(codec, first, arena), *b = decode(codec, next, arena);
    struct differences found;
    assert_int_equal(order_differences(codec, a, b, arena, &found), 0);
    assert_int_equal(found.parts[PART_GOODS].count, DIFFERENCES_MAX);
    assert_int_equal(found.parts[PART_GOODS].more, LINES - DIFFERENCES_MAX);
    assert_int_equal(found.parts[PART_MONEY].count, 1); /* lines do not crowd it out */
    for (size_t size = 0; size < 3000; size += 7) {
        const char *told = differences_text(&found.parts[PART_GOODS], size, arena);
        if (told != NULL)
            assert_true(strlen(told) <= size);
        else
            assert_true(size < 40);
    }
    assert_string_equal(
        differences_text(&found.parts[PART_GOODS], 110, arena),
        "line added: no SKU, 1 x 0.01 GBP; line added: no SKU, 1 x 0.01 GBP; and 4998 more");
    assert_int_equal(order_differences(codec, a, b, small, &found), -ENOMEM);
    json_decref(first);
    json_decref(next);
    arena_free(arena);
    arena_free(small);
}

/* ---- the tables and the schema ---- */

static const struct bound_record *const records[] = {
    &order_event_record,    &order_customer_record, &order_business_record, &order_address_record,
    &order_line_record,     &shipping_line_record,  &order_charge_record,   &order_tender_record,
    &order_discount_record, &tax_line_record,       &order_property_record, &payment_terms_record,
    &order_totals_record};

/* A record's own definition, wherever in the schema it stands. */
static const json_t *definition(const json_t *schema, const char *name)
{
    const json_t *found = NULL, *value;
    const char *key;
    size_t i;
    if (json_is_array(schema))
        json_array_foreach(schema, i, value)
        {
            if (found == NULL)
                found = definition(value, name);
        }
    if (!json_is_object(schema))
        return found;
    const char *own = json_string_value(json_object_get(schema, "name"));
    if (json_object_get(schema, "fields") != NULL && own != NULL && strcmp(own, name) == 0)
        return schema;
    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        if (found == NULL)
            found = definition(value, name);
    }
    return found;
}

static bool is_said_to_be_personal(const json_t *of)
{
    const char *doc = json_string_value(json_object_get(of, "doc"));
    return doc != NULL && strstr(doc, "ersonal data") != NULL && strstr(doc, "Contains") == NULL;
}

static void test_every_field_has_words(void **state)
{
    (void)state;
    json_t *schema = json_load_file("schemas/OrderEvent.avsc", 0, NULL);
    assert_non_null(schema);
    for (size_t r = 0; r < sizeof records / sizeof *records; r++) {
        const json_t *record = definition(schema, records[r]->name), *field;
        const struct record_words *words = words_of_record(records[r]);
        size_t i;
        if (record == NULL || words == NULL)
            fail_msg("%s has no words", records[r]->name);
        json_array_foreach(json_object_get(record, "fields"), i, field)
        {
            const char *name = json_string_value(json_object_get(field, "name"));
            const char *part = json_string_value(json_object_get(field, "part"));
            const struct field_words *told = words_of_field(words, name);
            if (told == NULL)
                fail_msg("%s.%s has no words in order_words.c", records[r]->name, name);
            if (part != NULL && strcmp(part, difference_part_names[told->part]) != 0)
                fail_msg("%s.%s is %s in the schema, %s in words", records[r]->name, name, part,
                         difference_part_names[told->part]);
        }
    }
    json_decref(schema);
}

static void check_mark(const struct codec *codec, const struct bound_record *record,
                       const json_t *definition_, const json_t *field)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    const json_t *mark = json_object_get(field, "personal");
    if (!json_is_boolean(mark))
        fail_msg("%s.%s: \"personal\" is neither true nor false: may its value be told to people "
                 "who have no access to the events?",
                 record->name, name);
    if (!json_is_true(mark) &&
        (is_said_to_be_personal(definition_) || is_said_to_be_personal(field)))
        fail_msg("%s.%s is personal by its words, and not by its mark", record->name, name);
    assert_int_equal(codec_is_personal(codec, record, name), json_is_true(mark));
}

/* Whether a field's value may be told is decided in the schema, of every field. */
static void test_every_field_is_decided(void **state)
{
    const struct codec *codec = *state;
    json_t *schema = json_load_file("schemas/OrderEvent.avsc", 0, NULL);
    assert_non_null(schema);
    for (size_t r = 0; r <= sizeof records / sizeof *records; r++) {
        const struct bound_record *record =
            r < sizeof records / sizeof *records ? records[r] : &money_set_record;
        const json_t *own = definition(schema, record->name), *field;
        size_t i;
        assert_non_null(own);
        json_array_foreach(json_object_get(own, "fields"), i, field)
        {
            check_mark(codec, record, own, field);
        }
        assert_true(codec_is_personal(codec, record, "a_field_of_tomorrow"));
    }
    /* without a mark it is not told, whatever it is */
    assert_true(codec_is_personal(codec, &ledger_entry_record, "version"));
    json_decref(schema);
}

/* ... by those texts, too, that say which line, tender or tax it is about. */
static void test_places_name_nobody(void **state)
{
    static const char hidden[] = "hidden", shown[] = "shown";
    const struct codec *codec = *state;
    size_t places = 0;
    for (size_t r = 0; r < sizeof records / sizeof *records; r++) {
        const struct record_words *words = words_of_record(records[r]);
        char *item = calloc(1, records[r]->size);
        struct buf text;
        if (words->place == NULL) {
            free(item);
            continue;
        }
        assert_non_null(item);
        for (size_t f = 0; f < records[r]->field_count; f++) {
            const struct binding *row = &records[r]->fields[f];
            const char *value = codec_is_personal(codec, records[r], row->name) ? hidden : shown;
            if (row->kind == BIND_TEXT)
                memcpy(item + row->offset, &value, sizeof value);
        }
        buf_init(&text, 4000);
        words->place(item, &text);
        words->about(item, "GBP", &text);
        buf_byte(&text, '\0');
        assert_false(text.failed);
        if (strstr(text.data, hidden) != NULL)
            fail_msg("%s: personal, and told: %s", records[r]->name, text.data);
        buf_release(&text);
        free(item);
        places++;
    }
    assert_int_equal(places, 6);
}

static int open_codec(void **state)
{
    *state = codec_test_open("schemas");
    char message[300];
    return codec_check(*state, &order_event_record, message) != 0 ||
           codec_check(*state, &ledger_entry_record, message) != 0;
}

static int close_codec(void **state)
{
    codec_close(*state);
    return 0;
}

/* A key whose fields are none of the record's makes no two items one. */
static void test_a_key_of_no_field(void **state)
{
    static const struct binding fields[] = {{.name = "text", .kind = BIND_TEXT, .offset = 0}};
    static const struct bound_record record = {"", sizeof(const char *), fields, 1};
    static const struct record_words without = {.record = &record, .keys = {{"none"}}},
                                     with = {.record = &record, .keys = {{"none"}, {"text"}}};
    const char *texts[] = {"one"};
    const struct bound_array list = {.items = texts, .count = 1};
    struct arena *arena = arena_new(ARENA);
    struct order_match *matches;
    size_t count;
    (void)state;
    assert_non_null(arena);
    assert_int_equal(order_match(&without, &list, &list, arena, &matches, &count), 0);
    assert_int_equal(count, 2);
    assert_true(matches[0].former == NULL && matches[1].now == NULL);
    assert_int_equal(order_match(&with, &list, &list, arena, &matches, &count), 0);
    assert_int_equal(count, 1);
    assert_true(matches[0].former == texts && matches[0].now == texts);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_a_key_of_no_field),
        cmocka_unit_test(test_nobody_is_named),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_every_field_has_words),
        cmocka_unit_test(test_every_field_is_decided),
        cmocka_unit_test(test_places_name_nobody),
    };
    return cmocka_run_group_tests(tests, open_codec, close_codec);
}
