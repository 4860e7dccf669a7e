/* Money of a refund that is not the order's: of another currency, whose rate has moved; and store
 * credit, which takes back no tax where that is decided. */
#include "test_refund_support.h"

static struct arena *memory;

struct stage {
    struct refund_event *event;
    struct ledger_entry *entry;
};

static struct refund_plan plan_of(const struct stage *s, const struct order_rules *rules)
{
    const struct refund_known known = refund_known_of(s->entry);
    return refund_plan_of(s->event, rules, &known, memory);
}

/* ---- currencies ---- */

static void tell(struct money_set *set, int64_t presentment)
{
    set->has_presentment_minor = true;
    set->presentment_minor = presentment;
}

/* The shirt, which was 25.00 GBP and 30.00 EUR when it was bought, goes back as 30.00 EUR, which are
 * 25.50 GBP now. */
static struct stage rate_moved(void)
{
    struct stage s = {refund_event(memory), refund_entry(memory)};
    struct refund_transaction *t = &s.event->transactions.items[0];
    s.event->presentment_currency = t->currency = "EUR";
    tell(&s.event->lines.items[0].amount, 3000);
    t->amount.shop_minor = s.event->succeeded.shop_minor = 2550;
    tell(&t->amount, 3000);
    tell(&s.event->succeeded, 3000);
    tell(&s.event->set_off, 0);
    return s;
}

/* The same of an order that was posted in euros, whose money went back in pounds. */
static void posted_in_euros(struct stage *s)
{
    s->entry->money = MONEY_PRESENTMENT;
    s->entry->currency = "EUR";
    s->entry->lines.items[1].amount_minor = 3000;
    s->entry->lines.items[1].taxes.items[0].tax_minor = 500;
    s->entry->total_minor = 5750;
    s->entry->tax_minor = 958;
    s->event->lines.items[0].tax = NULL;
    struct refund_transaction *t = &s->event->transactions.items[0];
    t->currency = NULL;
    t->amount.shop_minor = s->event->succeeded.shop_minor = 2500;
    t->amount.presentment_minor = s->event->succeeded.presentment_minor = 2941;
}
static void as_it_is(struct stage *s)
{
    (void)s;
}
static void in_pounds(struct stage *s) /* then the pounds are what went back */
{
    s->event->transactions.items[0].currency = "GBP";
}
static void a_euro_short(struct stage *s)
{
    s->event->transactions.items[0].amount.presentment_minor = 2900;
    s->event->succeeded.presentment_minor = 2900;
}
static void lower_rate(struct stage *s)
{
    s->event->transactions.items[0].amount.shop_minor = s->event->succeeded.shop_minor = 2410;
}
static void without_euros(struct stage *s)
{
    s->event->lines.items[0].amount.has_presentment_minor = false;
}
static void a_fee_in_euros(struct stage *s)
{
    static struct refund_adjustment fee;
    fee = (struct refund_adjustment){.kind = ADJUSTMENT_RESTOCKING_FEE,
                                     .amount = {.shop_minor = 500}};
    tell(&fee.amount, 600);
    s->event->adjustments.items = &fee;
    s->event->adjustments.count = 1;
    struct refund_transaction *t = &s->event->transactions.items[0];
    t->amount.shop_minor = s->event->succeeded.shop_minor = 2040;
    t->amount.presentment_minor = s->event->succeeded.presentment_minor = 2400;
}
static void on_two_cards(struct stage *s)
{
    struct refund_transaction *both = arena_alloc(memory, 2 * sizeof *both);
    assert_non_null(both);
    both[0] = both[1] = s->event->transactions.items[0];
    both[0].amount = (struct money_set){1700, true, 2000};
    both[1].amount = (struct money_set){850, true, 1000};
    s->event->transactions.items = both;
    s->event->transactions.count = 2;
}
static void partly_exchanged(struct stage *s)
{
    struct refund_transaction *t = &s->event->transactions.items[0];
    s->event->set_off = (struct money_set){1000, true, 1200};
    t->amount = s->event->succeeded = (struct money_set){1530, true, 1800};
}

static void test_rates(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct stage *);
        bool is_sent;
        int64_t gross, money, told;
    } rows[] = {
        {"the rate rose", as_it_is, true, 2500, 2500, 2550},
        {"it fell", lower_rate, true, 2500, 2500, 2410},
        {"the money is pounds", in_pounds, false, 0, 0, 0},
        {"less euros than the shirt was", a_euro_short, false, 0, 0, 0},
        {"the shirt is not told in euros", without_euros, false, 0, 0, 0},
        {"less a fee", a_fee_in_euros, true, 2000, 2000, 2040},
        {"on two cards", on_two_cards, true, 2500, 2500, 2550},
        {"a part set off", partly_exchanged, true, 2500, 1500, 1530},
        {"posted in euros, paid in pounds", posted_in_euros, true, 3000, 3000, 2941},
    };
    (void)state;
    static char key[4200];
    (void)snprintf(key, sizeof key, "orders.mappings=%s",
                   support_mappings_copy("payments.yaml",
                                         "payments:\n"
                                         "  - {gateway: shopify_payments, provider: SHOPIFY}\n"
                                         "  - {gateway: exchange, pay_method: EXC}\n"));
    struct order_rules *rules = support_rules((const char *const[]){key, NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct stage s = rate_moved();
        rows[i].alter(&s);
        const struct refund_plan plan = plan_of(&s, rules);
        if ((plan.verdict == REFUND_SENDS) != rows[i].is_sent)
            fail_msg("verdict %d: %s", (int)plan.verdict, plan.detail != NULL ? plan.detail : "");
        if (rows[i].is_sent) {
            assert_int_equal(plan.proof.lines_minor, rows[i].gross);
            assert_int_equal(plan.proof.money_minor, rows[i].money);
            assert_int_equal(plan.money_told, rows[i].told);
            int64_t paid = 0;
            for (size_t t = 0; t < plan.tender_count; t++)
                paid += plan.tenders[t].amount;
            assert_int_equal(paid, rows[i].money);
            assert_int_equal(refund_difference(&plan, memory), 0);
        } else {
            assert_int_equal(plan.flags.items[0].code, PF_E_refund_mismatch);
        }
        arena_free(memory);
    }
    support_rules_free(rules);
}

/* ---- store credit ---- */

static void test_store_credit(void **state)
{
    static const struct {
        const char *name, *decided;
        int64_t credit; /* of 25.00 */
        bool net;       /* prices go to Prima without VAT */
        int verdict;
        int64_t tax;
        const char *price, *said;
    } rows[] = {
        {"not decided", NULL, 2500, false, REFUND_DEAD_LETTERS, 0, NULL, NULL},
        {"booked by a person", "person", 2500, false, REFUND_DEAD_LETTERS, 0, NULL, NULL},
        {"a note like any other", "credit_note", 2500, false, REFUND_SENDS, 417, "25.00", "4.17"},
        {"without tax", "without_tax", 2500, false, REFUND_SENDS, 0, "25.00", "0.00"},
        {"... a fifth by card", "without_tax", 2000, false, REFUND_SENDS, 83, "25.00", "0.83"},
        {"... to a Prima of net prices", "without_tax", 2500, true, REFUND_SENDS, 0, "25.00",
         "0.00"},
        {"all by card", "without_tax", 0, true, REFUND_SENDS, 417, "20.83", "4.17"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static char key[4200], channels[300];
        print_message("  %s\n", rows[i].name);
        (void)snprintf(channels, sizeof channels,
                       "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: "
                       "\"201\", accounts: {unresolved: X}%s%s}\n",
                       rows[i].decided != NULL ? ", store_credit: " : "",
                       rows[i].decided != NULL ? rows[i].decided : "");
        (void)snprintf(key, sizeof key, "orders.mappings=%s",
                       support_mappings_copy("channels.yaml", channels));
        struct order_rules *rules = support_rules(
            (const char *const[]){key, rows[i].net ? "prima.price_vat=net" : NULL, NULL});
        memory = arena_new(SUPPORT_ARENA);
        struct stage s = {refund_event(memory), refund_entry(memory)};
        struct refund_transaction *both = arena_alloc(memory, 2 * sizeof *both);
        assert_non_null(both);
        both[0] = both[1] = s.event->transactions.items[0];
        both[0].kind = TENDER_STORE_CREDIT;
        both[0].amount.shop_minor = rows[i].credit;
        both[1].amount.shop_minor = 2500 - rows[i].credit;
        s.event->transactions.items = rows[i].credit > 0 ? both : both + 1;
        s.event->transactions.count = rows[i].credit > 0 && rows[i].credit < 2500 ? 2 : 1;
        const struct refund_plan plan = plan_of(&s, rules);
        assert_int_equal(plan.verdict, rows[i].verdict);
        if (plan.verdict == REFUND_SENDS) {
            xmlDoc *doc = refund_request(&plan);
            xmlNode *line = support_node(doc, "CreditLineData", 0);
            assert_int_equal(plan.proof.tax_minor, rows[i].tax);
            assert_string_equal(support_attribute(line, "Price", memory), rows[i].price);
            assert_string_equal(support_attribute(line, "TaxValue", memory), rows[i].said);
            xmlFreeDoc(doc);
            /* what is used up of the ledger is the same */
            assert_int_equal(plan.credit.parts[0].taxes[0], 417);
            assert_int_equal(plan.remaining.tax_minor, 875 - 417);
            assert_int_equal(refund_difference(&plan, memory), 0);
        } else {
            assert_int_equal(plan.flags.items[0].code, PF_E_store_credit_undecided);
        }
        arena_free(memory);
        support_rules_free(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_store_credit),
    };
    return cmocka_run_group_tests_name("refund_money", tests, NULL, NULL);
}
