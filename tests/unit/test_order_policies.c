/* What a retailer's configuration makes of the same orders: policies, and mappings that lack
 * something. */
#include "test_order_support.h"

#include "order_decide.h"

#define CHANNEL(extra)                                                                             \
    "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", country: GB, " \
    "pos_sources: [pos], " extra "}\n"
#define CHARGES "carriage:\n  - {code: standard, charge: CARR}\nunmapped: MISCCHG\n"

static struct arena *memory; /* of the row under test */

static void plain(struct order_event *e)
{
    (void)e;
}
static void wrong_total(struct order_event *e)
{
    e->totals.total.shop_minor++;
}
static void two_faults(struct order_event *e)
{
    wrong_total(e);
    e->lines.items[0].location_id = "9999";
}
static void unknown_product(struct order_event *e)
{
    e->lines.items[0].sku = "GONE";
}
static void no_sku(struct order_event *e)
{
    e->lines.items[0].sku = NULL;
}
static void gift_card(struct order_event *e)
{
    struct order_line *line = &e->lines.items[0];
    line->gift_card = true;
    line->taxable = line->requires_shipping = false;
    line->tax_lines.count = 0;
    e->totals.tax.shop_minor = 475;
}
static void add_charge(struct order_event *e, enum charge_kind kind)
{
    e->charges.items = arena_alloc(memory, sizeof *e->charges.items);
    assert_non_null(e->charges.items);
    e->charges.items[0] =
        (struct order_charge){.kind = kind, .title = "", .amount = {.shop_minor = 100}};
    e->charges.count = 1;
    e->totals.total.shop_minor = e->tenders.items[0].amount.shop_minor = 5350;
}
static void on_terms(struct order_event *e)
{
    struct payment_terms *terms = arena_alloc(memory, sizeof *terms);
    assert_non_null(terms);
    *terms = (struct payment_terms){.name = "Net 30"};
    e->payment_terms = terms;
}
static void tip(struct order_event *e)
{
    add_charge(e, CHARGE_TIP);
}
static void duty(struct order_event *e)
{
    add_charge(e, CHARGE_DUTY);
}
static void wrong_carriage(struct order_event *e)
{
    e->shipping_lines.items[0].code = "drone";
}
static void wrong_payment(struct order_event *e)
{
    e->tenders.items[0].gateway = "cryptopay";
}
static void wrong_place(struct order_event *e)
{
    e->lines.items[0].location_id = "9999";
}
static void wrong_rate(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "VAT", .rate_ppm = 175000, .amount = {.shop_minor = 357}};
    e->totals.tax.shop_minor = 832;
}
static void wrong_place_and_carriage(struct order_event *e)
{
    wrong_place(e);
    wrong_carriage(e);
}
static void unknown_product_and_wrong_total(struct order_event *e)
{
    unknown_product(e);
    wrong_total(e);
}
static void till(struct order_event *e)
{
    e->source_name = "pos";
    e->customer = NULL;
}
static void nobody(struct order_event *e)
{
    e->customer = NULL;
}
static void guest(struct order_event *e)
{
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void pending(struct order_event *e)
{
    e->tenders.items[0].status = TENDER_STATUS_PENDING;
    e->totals.outstanding.shop_minor = 5250;
}
static void partly_authorized(struct order_event *e)
{
    pending(e);
    e->tenders.items[0].status = TENDER_STATUS_AUTHORIZED;
    e->tenders.items[0].amount.shop_minor = 5249;
}
static void pending_and_wrong(struct order_event *e)
{
    pending(e);
    wrong_total(e);
}
static void total_off_by_rounding(struct order_event *e)
{
    e->totals.total.shop_minor++;
    e->tenders.items[0].amount.shop_minor++;
}
static void tax_off_by_a_penny(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0].amount.shop_minor++;
    e->totals.tax.shop_minor++;
}

#define HOLDS(code_) .verdict = FLOW_SENDS, .holds = true, .code = (code_)

static const struct {
    const char *name, *file, *content;
    void (*alter)(struct order_event *event);
    int verdict;
    bool holds;
    enum pf_error code;
    const char *contains; /* of request or detail; NULL: nothing */
    enum fact_state customer;
} rows[] = {
    {"a mismatch dead-lettered", "policies.yaml", "policies: {total_mismatch: dead_letter}\n",
     wrong_total, .verdict = FLOW_DEAD_LETTERS, .code = PF_E_total_mismatch,
     .contains = "the channel states another total"},
    {"the reason of a dead letter comes first", "policies.yaml",
     "policies: {depot_unmapped: dead_letter}\n", two_faults, .verdict = FLOW_DEAD_LETTERS,
     .code = PF_E_depot_unmapped},
    {"an unknown product dead-lettered", "policies.yaml", "policies: {unknown_sku: dead_letter}\n",
     unknown_product, .verdict = FLOW_DEAD_LETTERS, .code = PF_E_unknown_sku},
    {"a line without SKU too", "policies.yaml", "policies: {unknown_sku: dead_letter}\n", no_sku,
     .verdict = FLOW_DEAD_LETTERS, .code = PF_E_unknown_sku},
    {"an ambiguous customer dead-lettered", "policies.yaml",
     "policies: {customer_ambiguous: dead_letter}\n", plain, .verdict = FLOW_DEAD_LETTERS,
     .code = PF_E_customer_ambiguous, .customer = FACT_AMBIGUOUS},

    {"a gift card without a product for it is no miscellaneous item", "skus.yaml",
     "misc_item: MISC\nshapes:\n  - {separator: \"-\"}\n", gift_card, .verdict = FLOW_DEAD_LETTERS,
     .code = PF_E_gift_card_unmapped},
    {"an unmapped tip is no other charge", "charges.yaml", CHARGES, tip,
     .verdict = FLOW_DEAD_LETTERS, .code = PF_E_tip_unmapped},
    {"an unmapped duty is held", "charges.yaml", CHARGES, duty, HOLDS(PF_E_charge_unmapped),
     .contains = "Charge=\"MISCCHG\" ChargeValue=\"1.00\""},

    {"a till without account", "channels.yaml", CHANNEL("accounts: {guest: G, unresolved: U}"),
     till, HOLDS(PF_E_customer_unmapped), .contains = "Customer=\"U\""},
    {"nobody, and no account for guests", "channels.yaml", CHANNEL("accounts: {unresolved: U}"),
     nobody, HOLDS(PF_E_customer_unmapped), .contains = "Customer=\"U\""},
    {"guests to an account that is not there", "channels.yaml",
     CHANNEL("guests: account, accounts: {unresolved: U}"), guest, HOLDS(PF_E_customer_unmapped),
     .contains = "Customer=\"U\""},

    {"pending money posted", "channels.yaml",
     CHANNEL("unpaid: {pending: post}, accounts: {unresolved: U}"), pending, .verdict = FLOW_SENDS},
    {"pending money dead-lettered", "channels.yaml",
     CHANNEL("unpaid: {pending: dead_letter}, accounts: {unresolved: U}"), pending,
     .verdict = FLOW_DEAD_LETTERS, .code = PF_E_payment_pending, .contains = "52.50 is not paid"},
    {"pending money waits", "channels.yaml",
     CHANNEL("unpaid: {pending: wait}, accounts: {unresolved: U}"), pending, .verdict = FLOW_WAITS,
     .code = PF_E_payment_pending},
    {"it waits whatever else is to be held", "channels.yaml",
     CHANNEL("unpaid: {pending: wait}, accounts: {unresolved: U}"), pending_and_wrong,
     .verdict = FLOW_WAITS, .code = PF_E_payment_pending},
    {"authorised for a penny less is pending", "channels.yaml",
     CHANNEL("unpaid: {authorized: post, pending: dead_letter}, accounts: {unresolved: U}"),
     partly_authorized, .verdict = FLOW_DEAD_LETTERS, .code = PF_E_payment_pending},

    {"a location waits for its depot", "policies.yaml", "policies: {depot_unmapped: wait}\n",
     wrong_place, .verdict = FLOW_WAITS, .code = PF_E_depot_unmapped,
     .contains = "location without depot (line 1)"},
    {"a payment waits for its mapping", "policies.yaml", "policies: {payment_unmapped: wait}\n",
     wrong_payment, .verdict = FLOW_WAITS, .code = PF_E_payment_unmapped},
    {"carriage too, and needs no code to post it under", "policies.yaml",
     "policies: {charge_unmapped: wait}\n", wrong_carriage, .verdict = FLOW_WAITS,
     .code = PF_E_charge_unmapped},
    {"a rate of tax too", "policies.yaml", "policies: {tax_rate_unmapped: wait}\n", wrong_rate,
     .verdict = FLOW_WAITS, .code = PF_E_tax_rate_unmapped},
    {"a SKU of no shape waits", "policies.yaml", "policies: {unknown_sku: wait}\n", no_sku,
     .verdict = FLOW_WAITS, .code = PF_E_unknown_sku},
    {"so does a product that Prima lacks", "policies.yaml", "policies: {unknown_sku: wait}\n",
     unknown_product, .verdict = FLOW_WAITS, .code = PF_E_unknown_sku},
    {"a dead letter comes before waiting", "policies.yaml",
     "policies: {depot_unmapped: wait, charge_unmapped: dead_letter}\n", wrong_place_and_carriage,
     .verdict = FLOW_DEAD_LETTERS, .code = PF_E_charge_unmapped},
    {"of two that wait the first is named first", "policies.yaml",
     "policies: {depot_unmapped: wait, charge_unmapped: wait}\n", wrong_place_and_carriage,
     .verdict = FLOW_WAITS, .code = PF_E_depot_unmapped},
    {"of two that are dead letters, too", "policies.yaml",
     "policies: {depot_unmapped: dead_letter, charge_unmapped: dead_letter}\n",
     wrong_place_and_carriage, .verdict = FLOW_DEAD_LETTERS, .code = PF_E_depot_unmapped},
    {"a dead letter comes before waiting, whichever is first", "policies.yaml",
     "policies: {depot_unmapped: dead_letter, charge_unmapped: wait}\n", wrong_place_and_carriage,
     .verdict = FLOW_DEAD_LETTERS, .code = PF_E_depot_unmapped},
    {"waiting comes before a hold", "policies.yaml", "policies: {unknown_sku: wait}\n",
     unknown_product_and_wrong_total, .verdict = FLOW_WAITS, .code = PF_E_unknown_sku},

    {"another channel's payment row", "payments.yaml",
     "payments:\n  - {channel: mirakl, gateway: shopify_payments, provider: X}\n", plain,
     HOLDS(PF_E_payment_unmapped)},
    {"this channel's payment row", "payments.yaml",
     "payments:\n  - {store: eu, gateway: shopify_payments, provider: X}\n  - {channel: shopify, "
     "store: uk, gateway: shopify_payments, "
     "provider: Y}\n",
     plain, .verdict = FLOW_SENDS, .contains = "SubPayMethod=\"Y\""},
    {"another store's carriage row", "charges.yaml",
     "unmapped: M\ncarriage:\n  - {store: eu, code: standard, charge: X}\n", plain,
     HOLDS(PF_E_charge_unmapped), .contains = "Charge=\"M\""},
    {"this store's carriage row", "charges.yaml",
     "unmapped: M\ncarriage:\n  - {store: eu, code: standard, charge: X}\n  - {store: uk, code: "
     "standard, charge: Y}\n",
     plain, .verdict = FLOW_SENDS, .contains = "Charge=\"Y\""},
    {"another channel's duty", "charges.yaml",
     CHARGES "charges:\n  - {channel: mirakl, kind: duty, charge: X}\n", duty,
     HOLDS(PF_E_charge_unmapped)},
    {"another company's terms", "payments.yaml",
     "payments:\n  - {gateway: shopify_payments}\nterms:\n  - {channel: mirakl, name: \"Net 30\", "
     "terms: X}\n  - {name: \"Net 30\", "
     "terms: Y}\n",
     on_terms, .verdict = FLOW_SENDS, .contains = "PaymentTerms=\"Y\""},
    {"a company's own miscellaneous item", "channels.yaml",
     CHANNEL("misc_item: OURMISC, accounts: {unresolved: U}"), no_sku, HOLDS(PF_E_unknown_sku),
     .contains = "Product=\"OURMISC\""},
    {"its own charge for what is not mapped", "channels.yaml",
     CHANNEL("unmapped_charge: OURS, accounts: {unresolved: U}"), wrong_carriage,
     HOLDS(PF_E_charge_unmapped), .contains = "Charge=\"OURS\""},
    {"its own product for a gift card", "channels.yaml",
     CHANNEL("gift_card: OURCARD, accounts: {unresolved: U}"), gift_card, .verdict = FLOW_SENDS,
     .contains = "Product=\"OURCARD\""},

    {"totals are to the penny", "channels.yaml", CHANNEL("accounts: {unresolved: U}"),
     total_off_by_rounding, HOLDS(PF_E_total_mismatch)},
    {"unless the channel's rounding may show there", "channels.yaml",
     CHANNEL("tolerance: {total: true}, accounts: {unresolved: U}"), total_off_by_rounding,
     .verdict = FLOW_SENDS},
    {"no tolerance for tax at all", "channels.yaml",
     CHANNEL("tolerance: {per_line: 0}, accounts: {unresolved: U}"), tax_off_by_a_penny,
     HOLDS(PF_E_tax_mismatch)},
    {"nor with a cap of nothing", "channels.yaml",
     CHANNEL("tolerance: {cap: 0}, accounts: {unresolved: U}"), tax_off_by_a_penny,
     HOLDS(PF_E_tax_mismatch)},
};

static void test_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char folder[200];
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                       support_mappings_copy(rows[i].file, rows[i].content));
        struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
        struct support_world world = {.missing_product = "GONE", .customer = rows[i].customer};
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        rows[i].alter(event);
        support_decide(event, rules, &world, memory, &key, &plan);
        assert_int_equal(plan.verdict, rows[i].verdict);
        assert_string_equal(pf_error_info(plan.code_count == 0 ? PF_OK : plan.codes[0])->name,
                            pf_error_info(rows[i].code)->name);
        if (plan.verdict == FLOW_SENDS)
            assert_int_equal(plan.outcome, rows[i].holds ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED);
        const char *text = plan.verdict == FLOW_SENDS ? plan.request : plan.detail;
        if (rows[i].contains != NULL && strstr(text, rows[i].contains) == NULL)
            fail_msg("'%s' is not in %s", rows[i].contains, text);
        arena_free(memory);
        support_rules_free(rules);
    }
}

/* Where two files must be as they are: mappings without a row, and the policy that lets orders wait
 * for it. */
static void test_waits_without_row(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *content, *policies;
        void (*alter)(struct order_event *event);
        enum pf_error code;
    } waits[] = {
        {"a tip", "charges.yaml", CHARGES, "policies: {tip_unmapped: wait}\n", tip,
         PF_E_tip_unmapped},
        {"a gift card sold", "skus.yaml", "misc_item: MISC\nshapes:\n  - {separator: \"-\"}\n",
         "policies: {gift_card_unmapped: wait}\n", gift_card, PF_E_gift_card_unmapped},
        {"a till without account", "channels.yaml", CHANNEL("accounts: {guest: G, unresolved: U}"),
         "policies: {customer_unmapped: wait}\n", till, PF_E_customer_unmapped},
    };
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        print_message("  %s\n", waits[i].name);
        char folder[200], path[300];
        const char *copy = support_mappings_copy(waits[i].file, waits[i].content);
        (void)snprintf(path, sizeof path, "%s/policies.yaml", copy);
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(waits[i].policies, f) >= 0);
        assert_int_equal(fclose(f), 0);
        (void)snprintf(folder, sizeof folder, "orders.mappings=%s", copy);
        struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        waits[i].alter(event);
        support_decide(event, rules, NULL, memory, &key, &plan);
        assert_int_equal(plan.verdict, FLOW_WAITS);
        assert_int_equal(plan.codes[0], waits[i].code);
        arena_free(memory);
        support_rules_free(rules);
    }
}

/* What no policy speaks of is a dead letter, unless its class is to be held. */
static void test_without_a_policy(void **state)
{
    static const enum pf_error codes[] = {PF_E_event_invalid, PF_E_avro_too_large,
                                          PF_E_outcome_unknown, PF_E_prima_unknown_product};
    struct order_rules *rules = support_rules((const char *const[]){NULL});
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_true(pf_error_info(codes[i])->class != PF_CLASS_HOLD);
        assert_int_equal(rules_policy(rules, codes[i]), ACTION_DEAD_LETTER);
    }
    support_rules_free(rules);
}

/* "outstanding" is another word for "post", wherever it may stand. */
static void test_outstanding(void **state)
{
    static const char *const words[] = {"post", "outstanding"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char content[600], setting[200];
        (void)snprintf(content, sizeof content,
                       CHANNEL("accounts: {unresolved: W}, unpaid: {pending: %s, "
                               "authorized: %s, on_account: %s}"),
                       words[i], words[i], words[i]);
        (void)snprintf(setting, sizeof setting, "orders.mappings=%s",
                       support_mappings_copy("channels.yaml", content));
        struct order_rules *rules = support_rules((const char *const[]){setting, NULL});
        const struct channel_rules *channel = rules_channel(rules, "shopify", "uk");
        assert_int_equal(channel->unpaid_pending, ACTION_POST);
        assert_int_equal(channel->unpaid_authorized, ACTION_POST);
        assert_int_equal(channel->unpaid_on_account, ACTION_POST);
        support_rules_free(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_outstanding),
        cmocka_unit_test(test_without_a_policy),
        cmocka_unit_test(test_waits_without_row),
    };
    return cmocka_run_group_tests_name("order_policies", tests, NULL, NULL);
}
