/* Decisions and Prima's sum; see fuzz_order.h. */
#include "fuzz_order.h"

#include "base/currency.h"
#include "order_decide.h"
#include "order_key.h"

#include "fuzz_xml.h"

__extension__ typedef __int128 wide; /* no sum of an order overflows it */
#define WIDE_ENOUGH ((wide)1 << 100)

/* "-12.34" of two decimals → -1234. */
static int64_t minor_of(xmlNode *node, const char *name, int decimals)
{
    xmlAttr *attribute = xmlHasProp(node, (const xmlChar *)name);
    char *text = attribute != NULL ? fuzz_xml_value(attribute) : strdup("");
    const char *point = strchr(text, '.');
    wide value = 0;
    FUZZ_CHECK(*text == '\0' || (point == NULL ? 0 : (int)strlen(point + 1)) == decimals);
    for (const char *p = text; *p != '\0'; p++)
        if (*p >= '0' && *p <= '9')
            value = value < WIDE_ENOUGH ? value * 10 + (*p - '0') : value;
    if (*text == '-')
        value = -value;
    free(text);
    FUZZ_CHECK(value >= INT64_MIN && value <= INT64_MAX);
    return (int64_t)value;
}

static bool is_word(xmlNode *node, const char *name, const char *word)
{
    xmlAttr *attribute = xmlHasProp(node, (const xmlChar *)name);
    char *text = attribute != NULL ? fuzz_xml_value(attribute) : strdup("");
    const bool is = strcmp(text, word) == 0;
    free(text);
    return is;
}

static void check_sum(xmlNode *data, const struct order_event *event, int decimals,
                      bool is_shop_money)
{
    wide due = 0;
    const bool is_net = is_word(data, "VatInclusive", "No");
    for (xmlNode *n = fuzz_xml_element(data->children); n != NULL; n = fuzz_xml_element(n->next)) {
        if (strcmp((const char *)n->name, "OrderLineData") == 0) {
            due += (wide)minor_of(n, "Quantity", 0) * minor_of(n, "Price", decimals) -
                   minor_of(n, "TrDisc", decimals);
            due += is_net ? minor_of(n, "ExtTaxVal", decimals) : 0;
        } else if (strcmp((const char *)n->name, "OrderChargeData") == 0) {
            due += minor_of(n, "ChargeValue", decimals);
        } else if (strcmp((const char *)n->name, "OrderPaymentData") == 0) {
            due -= minor_of(n, "TranAmount", decimals);
        }
    }
    const struct money_set *outstanding = &event->totals.outstanding;
    FUZZ_CHECK(due == (is_shop_money ? outstanding->shop_minor : outstanding->presentment_minor));
}

static void check_plan(const struct flow_plan *plan, const struct order_event *event)
{
    FUZZ_CHECK(plan->code_count <= 8);
    FUZZ_CHECK(plan->verdict != FLOW_DEAD_LETTERS ||
               (plan->code_count > 0 && plan->codes[0] != PF_E_defect));
    if (plan->verdict != FLOW_SENDS)
        return;
    xmlDoc *doc = fuzz_xml_read(plan->request, plan->request_size, NULL);
    FUZZ_CHECK(doc != NULL && plan->summary_size > 0);
    xmlNode *data = fuzz_xml_element(xmlDocGetRootElement(doc)->children),
            *header = fuzz_xml_element(data->children);
    FUZZ_CHECK(is_word(data, "HoldOrder", plan->outcome == OUTCOME_POSTED ? "No" : "Yes"));
    FUZZ_CHECK((plan->code_count == 0) ==
               (plan->outcome == OUTCOME_POSTED)); /* a flag is never posted in silence */
    if (plan->outcome == OUTCOME_POSTED) {
        const bool is_shop_money = is_word(header, "Currency", event->currency);
        const struct currency *currency =
            currency_find(is_shop_money ? event->currency : event->presentment_currency);
        check_sum(data, event, currency->decimals, is_shop_money);
    }
    xmlFreeDoc(doc);
}

void fuzz_order_decide(const struct order_event *event, const struct order_rules *rules,
                       struct arena *arena)
{
    struct flow_key key;
    struct flow_plan plan;
    const char *detail = NULL;
    if (order_key(event, rules, arena, &key, &detail) != PF_OK)
        return;
    int r = order_decide(event, &key, rules, NULL, 0, NULL, arena, &plan);
    if (r == 0 && plan.verdict == FLOW_NEEDS_FACTS) {
        for (size_t i = 0; i < plan.fact_count; i++) {
            plan.facts[i].state = FACT_KNOWN;
            plan.facts[i].account = "C000123";
        }
        r = order_decide(event, &key, rules, plan.facts, plan.fact_count, NULL, arena, &plan);
        FUZZ_CHECK(r < 0 || plan.verdict != FLOW_NEEDS_FACTS); /* asked all together, once */
    }
    if (r == 0)
        check_plan(&plan, event);
}

#define SHOP(minor)                                                                                \
    {                                                                                              \
        .shop_minor = (minor)                                                                      \
    }

void fuzz_order_decide_plain(const struct order_rules *rules)
{
    static struct tax_line tax = {.title = "VAT", .rate_ppm = 200000, .amount = SHOP(200)};
    static const struct order_address address = {.line1 = "1 High Street", .country_code = "GB"};
    static struct order_line lines[] = {{.line_id = "1",
                                         .sku = "TSHIRT-RED-M",
                                         .title = "Shirt",
                                         .quantity = 1,
                                         .unit_price = SHOP(1200),
                                         .tax_lines = {.items = &tax, .count = 1},
                                         .taxable = true,
                                         .requires_shipping = true,
                                         .location_id = "1001"}};
    static struct shipping_line carriage = {
        .code = "standard", .title = "Standard", .price = SHOP(0)};
    static struct order_tender tender = {.kind = TENDER_CARD,
                                         .gateway = "paypal",
                                         .amount = SHOP(1200),
                                         .status = TENDER_STATUS_CAPTURED};
    const struct order_event event = {
        .channel = "shopify",
        .store = "uk",
        .order_id = "5001",
        .created_at = 1795000000000,
        .currency = "GBP",
        .taxes_included = true,
        .shipping_address = &address,
        .lines = {.items = lines, .count = 1},
        .shipping_lines = {.items = &carriage, .count = 1},
        .tenders = {.items = &tender, .count = 1},
        .totals = {.tax = SHOP(200), .total = SHOP(1200)},
    };
    struct arena *arena = arena_new(4 << 20);
    if (rules_channel(rules, "shopify", "uk") != NULL)
        fuzz_order_decide(&event, rules, arena);
    arena_free(arena);
}
