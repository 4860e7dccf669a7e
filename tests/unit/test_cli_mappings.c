/* primaflow mappings check: each kind of thing that can lack a mapping, counted by orders, and
 * nothing hostile on the terminal. */
#include "test_order_support.h"

#include "core/mappings_seen.h"

static struct arena *memory; /* of the row under test */

static void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

/* ---- orders ---- */

static void plain(struct order_event *e)
{
    (void)e;
}
static void new_store(struct order_event *e)
{
    e->store = "nl";
    e->lines.items[0].location_id =
        "2001"; /* nothing else is looked at: which rows would fit is not known */
}
static void new_location(struct order_event *e)
{
    e->lines.items[0].location_id = "9999";
}
static void new_location_of_the_order(struct order_event *e)
{
    e->lines.items[0].location_id = NULL;
    e->location_id = "9998";
    e->shipping_address = NULL;
}
static void no_location_where_one_is_needed(struct order_event *e)
{
    e->channel = "mirakl";
    e->store = "marketplace";
    e->lines.items[0].location_id = NULL;
}
static void new_payment(struct order_event *e)
{
    e->tenders.items[0].gateway = "cryptopay";
}
static void failed_new_payment(struct order_event *e)
{
    new_payment(e);
    e->tenders.items[0].status = TENDER_STATUS_FAILED;
}
static void new_terms(struct order_event *e)
{
    struct payment_terms *terms = some(sizeof *terms);
    *terms = (struct payment_terms){.name = "Net 90"};
    e->payment_terms = terms;
}
static void new_carriage(struct order_event *e)
{
    e->shipping_lines.items[0].code = "drone";
}
static void free_new_carriage(struct order_event *e)
{
    new_carriage(e);
    e->shipping_lines.items[0].price.shop_minor = 0;
    e->shipping_lines.items[0].tax_lines.count = 0;
}
static void new_charge(struct order_event *e)
{
    e->charges.count = 1;
    e->charges.items = some(sizeof *e->charges.items);
    e->charges.items[0] = (struct order_charge){
        .kind = CHARGE_OTHER, .code = "engraving", .title = "", .amount = {.shop_minor = 100}};
}
static void new_rate(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0].rate_ppm = 175000;
}
static void tax_abroad(struct order_event *e)
{
    ((struct order_address *)e->shipping_address)->country_code = "NO";
}
static void no_sku(struct order_event *e)
{
    e->lines.items[0].sku = NULL;
}
static void shapeless_sku(struct order_event *e)
{
    e->lines.items[1].sku = "A-B-C-D-E-F";
}
static void gift_card(struct order_event *e)
{
    e->lines.items[0].gift_card = true;
}
static void bundle(struct order_event *e)
{
    e->lines.items[0].sku = "WEEKENDSET";
}
static void nobody_elsewhere(struct order_event *e)
{
    e->store = "eu";
    e->source_name = "pos";
    e->customer = NULL;
}
static void wrong_sums(struct order_event *e)
{
    e->totals.total.shop_minor++;
}
static void a_test(struct order_event *e)
{
    e->test = true;
    new_location(e);
}
static void cancelled(struct order_event *e)
{
    e->kind = ORDER_CANCELLED;
    new_location(e);
}
static void old(struct order_event *e)
{
    e->created_at = 1577836800000; /* 2020-01-01 */
    new_location(e);
}
static void negative(struct order_event *e)
{
    e->lines.items[0].quantity = -1;
    new_location(e);
}
static void id_with_blank(struct order_event *e)
{
    e->order_id = "10 01";
}

/* ---- one event ---- */

struct found {
    char text[2000]; /* "kind=value; " */
};

static void note(void *user, enum unmapped_kind kind, const char *value)
{
    struct found *f = user;
    const size_t used = strlen(f->text);
    (void)snprintf(f->text + used, sizeof f->text - used, "%s=%s; ", unmapped_info(kind)->name,
                   value);
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct order_event *event);
        const char *found;
        int verdict;
    } rows[] = {
        {"all is mapped", plain, "", UNMAPPED_JUDGED},
        {"a store", new_store, "store=nl; ", UNMAPPED_JUDGED},
        {"a line's location", new_location, "location=9999; ", UNMAPPED_JUDGED},
        {"the order's location", new_location_of_the_order, "location=9998; ", UNMAPPED_JUDGED},
        {"no location where one is needed", no_location_where_one_is_needed, "location=(none); ",
         UNMAPPED_JUDGED},
        {"a payment", new_payment, "payment=kind card, gateway cryptopay, method visa; ",
         UNMAPPED_JUDGED},
        {"a payment that failed needs no mapping", failed_new_payment, "", UNMAPPED_JUDGED},
        {"terms", new_terms, "terms=Net 90; ", UNMAPPED_JUDGED},
        {"carriage", new_carriage, "carriage=drone; ", UNMAPPED_JUDGED},
        {"free carriage needs none", free_new_carriage, "", UNMAPPED_JUDGED},
        {"a charge", new_charge, "charge=other engraving; ", UNMAPPED_JUDGED},
        {"a rate", new_rate, "tax_rate=17.5 % in GB; ", UNMAPPED_JUDGED},
        {"a country, for each thing taxed there", tax_abroad,
         "tax_rate=20 % in NO; tax_rate=20 % in NO; tax_rate=20 % in NO; ", UNMAPPED_JUDGED},
        {"no SKU", no_sku, "sku=(none); ", UNMAPPED_JUDGED},
        {"a SKU of no shape", shapeless_sku, "sku=A-B-C-D-E-F; ", UNMAPPED_JUDGED},
        {"a gift card that has its product", gift_card, "", UNMAPPED_JUDGED},
        {"a bundle needs no shape", bundle, "", UNMAPPED_JUDGED},
        {"nobody, where guests have an account", nobody_elsewhere, "", UNMAPPED_JUDGED},
        {"sums are not the mappings' business", wrong_sums, "", UNMAPPED_JUDGED},
        {"a test", a_test, "", UNMAPPED_NEVER_POSTED},
        {"a cancellation", cancelled, "", UNMAPPED_NEVER_POSTED},
        {"from before the cut-over", old, "", UNMAPPED_NEVER_POSTED},
        {"what contradicts itself", negative, "", UNMAPPED_INVALID},
        {"an id that no number can hold", id_with_blank, "", UNMAPPED_INVALID},
    };
    struct order_rules *rules =
        support_rules((const char *const[]){"orders.cutover_date=2026-01-01", NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct found found = {""};
        const char *detail = NULL;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        rows[i].alter(event);
        assert_int_equal(order_unmapped(event, rules, memory, note, &found, &detail),
                         rows[i].verdict);
        assert_string_equal(found.text, rows[i].found);
        assert_int_equal(detail != NULL, rows[i].verdict == UNMAPPED_INVALID);
        arena_free(memory);
    }
    support_rules_free(rules);
}

/* Kinds for which the examples have a row for everything. */
static void test_kinds_of_other_mappings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *content, *store;
        bool is_till, sells_card, knows_customer;
        const char *found;
    } rows[] = {
        {"a till", "channels.yaml",
         "channels:\n  - {channel: shopify, store: uk, company: \"1\", prefix: \"2\", country: GB, "
         "pos_sources: [pos], accounts: "
         "{unresolved: "
         "X}}\n",
         "uk", true, false, false, "customer=point of sale; "},
        {"guests", "channels.yaml",
         "channels:\n  - {channel: shopify, store: uk, company: \"1\", prefix: \"2\", country: GB, "
         "accounts: {unresolved: X}}\n",
         "uk", false, false, false, "customer=guests; "},
        {"a gift card", "skus.yaml", "misc_item: M\nshapes: [{separator: \"-\"}]\n", "uk", false,
         true, true, "gift_card=gift card; "},
        {"a bundle whose SKU is of no shape", "bundles.yaml",
         "bundles:\n  - {sku: A-B-C-D-E-F, components: [{product: P}]}\n", "uk", false, false, true,
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char folder[200];
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                       support_mappings_copy(rows[i].file, rows[i].content));
        struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
        struct found found = {""};
        const char *detail = NULL;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        if (!rows[i].knows_customer)
            event->customer = NULL;
        event->lines.items[1].sku =
            strcmp(rows[i].file, "bundles.yaml") == 0 ? "A-B-C-D-E-F" : "SKU00002";
        event->source_name = rows[i].is_till ? "pos" : "web";
        event->lines.items[0].gift_card = rows[i].sells_card;
        assert_int_equal(order_unmapped(event, rules, memory, note, &found, &detail),
                         UNMAPPED_JUDGED);
        assert_string_equal(found.text, rows[i].found);
        arena_free(memory);
        support_rules_free(rules);
    }
}

/* The check says of an order exactly what the worker would flag: the same codes, for every
 * alteration of this file. */
static void note_code(void *user, enum unmapped_kind kind, const char *value)
{
    uint64_t *codes = user;
    (void)value;
    *codes |= UINT64_C(1) << unmapped_info(kind)->code;
}

static void test_agrees_with_the_worker(void **state)
{
    (void)state;
    static void (*const alterations[])(struct order_event *) = {plain,
                                                                new_location,
                                                                new_location_of_the_order,
                                                                no_location_where_one_is_needed,
                                                                new_payment,
                                                                failed_new_payment,
                                                                new_terms,
                                                                new_carriage,
                                                                free_new_carriage,
                                                                new_charge,
                                                                new_rate,
                                                                tax_abroad,
                                                                no_sku,
                                                                shapeless_sku,
                                                                bundle,
                                                                nobody_elsewhere};
    const uint64_t sums = UINT64_C(1) << PF_E_total_mismatch | UINT64_C(1) << PF_E_tax_mismatch |
                          UINT64_C(1) << PF_E_payment_pending;
    _Static_assert(PF_E_refund_order_missing <= 64, "a bit for each code that an order may have");
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++) {
        uint64_t checked = 0, flagged = 0;
        const char *detail = NULL;
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        alterations[i](event);
        assert_int_equal(order_unmapped(event, rules, memory, note_code, &checked, &detail),
                         UNMAPPED_JUDGED);
        support_decide(event, rules, NULL, memory, &key, &plan);
        for (size_t c = 0; c < plan.code_count; c++)
            flagged |= UINT64_C(1) << plan.codes[c];
        assert_true(checked == (flagged & ~sums));
        arena_free(memory);
    }
    support_rules_free(rules);
}

/* ---- many events ---- */

static const struct seen_item *item_of(const struct seen *seen, const char *value)
{
    for (size_t i = 0; i < seen->item_count; i++)
        if (strcmp(seen->items[i].value, value) == 0)
            return &seen->items[i];
    fail_msg("'%s' was not seen", value);
    return NULL;
}

static void test_counts(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct seen seen;
    seen_init(&seen);
    for (int i = 0; i < 5000;
         i++) { /* 1250 orders, each four times; every tenth order at a new place */
        char id[16];
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        (void)snprintf(id, sizeof id, "%d", i % 1250);
        event->order_id = id;
        event->event_time = 1795000000000 + i;
        event->lines.items[0].location_id = i % 1250 % 10 == 0 ? "9999" : "1001";
        event->lines.items[1].location_id = i % 1250 == 7 ? "9998" : "1001";
        assert_true(seen_event(&seen, event, rules, memory));
        arena_free(memory);
    }
    seen_unreadable(&seen, "orders.raw/0/7", "avro_truncated");
    seen_unreadable(&seen, "orders.raw/0/8", "tombstone");
    seen_sort(&seen);
    assert_int_equal(seen.events, 5002);
    assert_int_equal(seen.orders.count, 1250);
    assert_int_equal(seen.unreadable, 2);
    assert_string_equal(seen.first_unreadable, "orders.raw/0/7: avro_truncated");
    assert_int_equal(seen.item_count, 2);
    assert_false(seen.overflow);
    assert_string_equal(seen.items[0].value, "9999"); /* the most orders first */
    assert_int_equal(seen.items[0].orders, 125);
    assert_int_equal(seen.items[0].last_ms, 1795000000000 + 4990);
    assert_string_equal(seen.items[0].example, "1240");
    assert_int_equal(item_of(&seen, "9998")->orders, 1);
    seen_release(&seen);
    support_rules_free(rules);
}

static void test_hostile_texts(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct seen seen;
    char sku[SEEN_TEXT_MAX + 20];
    seen_init(&seen);
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    event->lines.items[0].location_id = "99\x1b[2J\n99";
    memset(sku, 'x', sizeof sku);
    memcpy(sku + SEEN_TEXT_MAX - 2, "\xc3\xa9 and more",
           11); /* the last place is in the middle of a letter */
    event->lines.items[1].sku = sku;
    sku[sizeof sku - 1] = '\0';
    assert_true(seen_event(&seen, event, rules, memory));
    assert_string_equal(item_of(&seen, "99?[2J?99")->value, "99?[2J?99");
    assert_int_equal(
        strlen(seen.items[0].kind == UNMAPPED_SKU ? seen.items[0].value : seen.items[1].value),
        SEEN_TEXT_MAX - 2);
    event->order_id = "a\nb";
    assert_true(seen_event(&seen, event, rules, memory));
    assert_non_null(strstr(seen.first_invalid, "order a?b: order_id must be"));
    arena_free(memory);
    seen_release(&seen);
    support_rules_free(rules);
}

static void test_amounts_that_do_not_add_up(void **state)
{
    (void)state;
    const char *detail = NULL;
    struct order_rules *rules = support_rules(NULL);
    struct found found = {0};
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    event->lines.items[0].quantity = 1 << 20;
    event->lines.items[0].unit_price.shop_minor = INT64_MAX >> 4;
    assert_int_equal(order_unmapped(event, rules, memory, note, &found, &detail), UNMAPPED_INVALID);
    assert_string_equal(detail, "the amounts are too large to add up");
    arena_free(memory);
    support_rules_free(rules);
}

/* More different things than are kept: said, not crashed. */
static void test_bounds(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct seen seen;
    seen_init(&seen);
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    for (int i = 0; i < SEEN_ITEMS_MAX + 10; i++) {
        char location[16];
        (void)snprintf(location, sizeof location, "new%d", i);
        event->lines.items[0].location_id = location;
        struct arena *own = arena_new(SUPPORT_ARENA);
        assert_true(seen_event(&seen, event, rules, own));
        arena_free(own);
    }
    assert_int_equal(seen.item_count, SEEN_ITEMS_MAX);
    assert_true(seen.overflow);
    seen_sort(&seen);
    arena_free(memory);
    seen_release(&seen);
    support_rules_free(rules);
}

/* An order that its memory cannot hold is not taken for one that is mapped. */
static void test_without_memory(void **state)
{
    struct order_rules *rules = support_rules(NULL);
    struct seen seen;
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    seen_init(&seen);
    struct arena *small = arena_new(64), *enough = arena_new(SUPPORT_ARENA);
    assert_false(seen_event(&seen, event, rules, small));
    assert_true(seen_event(&seen, event, rules, enough));
    event->lines.items[0].quantity = -1;
    assert_true(seen_event(&seen, event, rules, enough)); /* invalid, and told as that */
    assert_int_equal(seen.invalid, 1);
    arena_free(small);
    arena_free(enough);
    seen_release(&seen);
    arena_free(memory);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_kinds_of_other_mappings),
        cmocka_unit_test(test_agrees_with_the_worker),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_amounts_that_do_not_add_up),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests_name("cli_mappings", tests, NULL, NULL);
}
