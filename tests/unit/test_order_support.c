/* Orders for tests; see test_order_support.h. */
#include "test_order_support.h"

#include "order_decide.h"
#include "order_key.h"

#include <libxml/parser.h>
#include <unistd.h>

static void *copy(struct arena *arena, const void *from, size_t size)
{
    void *to = arena_alloc(arena, size);
    assert_non_null(to);
    return memcpy(to, from, size);
}

#define COPY(arena, type, ...)                                                                     \
    copy(arena, (const type[]){__VA_ARGS__}, sizeof((const type[]){__VA_ARGS__}))
#define SHOP(minor)                                                                                \
    {                                                                                              \
        .shop_minor = (minor)                                                                      \
    }

struct order_event *support_order(struct arena *arena)
{
    const struct order_address home = {.forename = "Ada",
                                       .surname = "Example",
                                       .line1 = "1 Test Street",
                                       .city = "London",
                                       .postcode = "E1 1AA",
                                       .country_code = "GB"};
    struct order_event e = {
        .event_id = "e-1",
        .event_time = 1795000000000,
        .kind = ORDER_CREATED,
        .source_version = 7,
        .channel = "shopify",
        .store = "uk",
        .order_id = "1001",
        .order_name = "#1001",
        .source_name = "web",
        .created_at = 1795000000000, /* 2026-11-18 11:06 UTC */
        .currency = "GBP",
        .taxes_included = true,
        .customer = COPY(arena, struct order_customer,
                         {.customer_id = "77",
                          .email = " Ada@Example.com",
                          .forename = "Ada",
                          .surname = "Example"}),
        .billing_address = copy(arena, &home, sizeof home),
        .shipping_address = copy(arena, &home, sizeof home),
        .payment_status = PAYMENT_PAID,
        .totals = {.tax = SHOP(875), .total = SHOP(5250)},
    };
    e.lines.count = 2;
    e.lines.items = COPY(arena, struct order_line,
                         {.line_id = "L1",
                          .sku = "SKU00001",
                          .title = "Court shoe",
                          .quantity = 2,
                          .unit_price = SHOP(1200),
                          .taxable = true,
                          .requires_shipping = true,
                          .location_id = "1001"},
                         {.line_id = "L2",
                          .sku = "TSHIRT-RED-M",
                          .title = "T-shirt",
                          .quantity = 1,
                          .unit_price = SHOP(3000),
                          .taxable = true,
                          .requires_shipping = true,
                          .location_id = "1001"});
    e.lines.items[0].tax_lines.count = e.lines.items[1].tax_lines.count =
        e.lines.items[1].discounts.count = 1;
    e.lines.items[0].tax_lines.items =
        COPY(arena, struct tax_line, {.title = "GB VAT", .rate_ppm = 200000, .amount = SHOP(400)});
    e.lines.items[1].tax_lines.items =
        COPY(arena, struct tax_line, {.title = "GB VAT", .rate_ppm = 200000, .amount = SHOP(417)});
    e.lines.items[1].discounts.items =
        COPY(arena, struct order_discount, {.code = "FIVE", .amount = SHOP(500)});
    e.shipping_lines.count = 1;
    e.shipping_lines.items =
        COPY(arena, struct shipping_line,
             {.line_id = "S1", .code = "standard", .title = "Standard", .price = SHOP(350)});
    e.shipping_lines.items[0].tax_lines.count = 1;
    e.shipping_lines.items[0].tax_lines.items =
        COPY(arena, struct tax_line, {.title = "GB VAT", .rate_ppm = 200000, .amount = SHOP(58)});
    e.tenders.count = 1;
    e.tenders.items = COPY(arena, struct order_tender,
                           {.transaction_id = "T1",
                            .kind = TENDER_CARD,
                            .gateway = "shopify_payments",
                            .method = "visa",
                            .amount = SHOP(5250),
                            .status = TENDER_STATUS_CAPTURED});
    return copy(arena, &e, sizeof e);
}

/* ---- rules ---- */

static struct {
    struct config *config;
    void *rules;
} loaded[16];

struct order_rules *support_rules(const char *const overrides[])
{
    size_t count = 0, slot = 0;
    while (overrides != NULL && overrides[count] != NULL)
        count++;
    while (loaded[slot].config != NULL)
        slot++;
    assert_true(slot < sizeof loaded / sizeof *loaded);
    struct config_message message = {{0}};
    if (config_load(NULL, overrides, count, &loaded[slot].config, &message) < 0 ||
        order_rules_load(loaded[slot].config, &loaded[slot].rules, &message) < 0)
        fail_msg("%s", message.text);
    return loaded[slot].rules;
}

void support_rules_free(struct order_rules *rules)
{
    for (size_t i = 0; i < sizeof loaded / sizeof *loaded; i++)
        if (loaded[i].rules == rules) {
            order_rules_free(rules);
            config_free(loaded[i].config);
            loaded[i].rules = loaded[i].config = NULL;
        }
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, f) > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

static const char *const mapping_names[] = {"companies", "channels", "depots",  "payments",
                                            "charges",   "tax",      "skus",    "bundles",
                                            "policies",  "buffers",  "carriers"};
static char folder[64];

static void remove_folder(void)
{
    for (size_t i = 0; i < sizeof mapping_names / sizeof *mapping_names; i++) {
        char path[200];
        (void)snprintf(path, sizeof path, "%s/%s.yaml", folder, mapping_names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

const char *support_mappings_copy(const char *file, const char *content)
{
    if (*folder == '\0') {
        const char *base = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%.30s/pf-mappings-XXXXXX",
                       base != NULL ? base : "/tmp");
        assert_non_null(mkdtemp(folder));
        assert_int_equal(atexit(remove_folder), 0);
    }
    for (size_t i = 0; i < sizeof mapping_names / sizeof *mapping_names; i++) {
        char from[200], to[200], name[40];
        (void)snprintf(name, sizeof name, "%s.yaml", mapping_names[i]);
        (void)snprintf(from, sizeof from, "ops/deploy/mappings/%s", name);
        (void)snprintf(to, sizeof to, "%s/%s", folder, name);
        char *original = read_file(from);
        FILE *f = fopen(to, "we");
        assert_non_null(f);
        assert_true(fputs(file != NULL && strcmp(file, name) == 0 ? content : original, f) >= 0);
        assert_int_equal(fclose(f), 0);
        free(original);
    }
    return folder;
}

/* ---- decisions ---- */

static void answer(const struct support_world *world, struct fact *fact)
{
    const bool missing =
        world->missing_product != NULL && fact->kind == FACT_PRODUCT &&
        strncmp(fact->sku.product, world->missing_product, strlen(world->missing_product)) == 0;
    if (fact->kind == FACT_PRODUCT) {
        fact->state = missing ? FACT_ABSENT : FACT_KNOWN;
    } else {
        fact->state = world->customer == FACT_UNASKED ? FACT_KNOWN : world->customer;
        fact->account = "C000123";
    }
}

void support_decide(const struct order_event *event, const struct order_rules *rules,
                    struct support_world *world, struct arena *arena, struct flow_key *ret_key,
                    struct flow_plan *ret_plan)
{
    static const struct support_world whole_world = {0};
    struct support_world all = world != NULL ? *world : whole_world;
    const char *detail = NULL;
    assert_int_equal(order_key(event, rules, arena, ret_key, &detail), PF_OK);
    assert_int_equal(order_decide(event, ret_key, rules, NULL, 0, NULL, arena, ret_plan), 0);
    if (ret_plan->verdict == FLOW_NEEDS_FACTS) {
        struct fact *facts = ret_plan->facts;
        const size_t count = all.asked = ret_plan->fact_count;
        for (size_t i = 0; i < count; i++)
            answer(&all, &facts[i]);
        assert_int_equal(order_decide(event, ret_key, rules, facts, count, NULL, arena, ret_plan),
                         0);
        assert_int_not_equal(ret_plan->verdict, FLOW_NEEDS_FACTS); /* asked all together, once */
    }
    if (world != NULL)
        *world = all;
}

/* ---- the request, read back ---- */

xmlDoc *support_request(const struct flow_plan *plan)
{
    assert_int_equal(plan->verdict, FLOW_SENDS);
    xmlDoc *doc =
        xmlReadMemory(plan->request, (int)plan->request_size, "request", NULL, XML_PARSE_NONET);
    assert_non_null(doc);
    return doc;
}

static xmlNode *find(xmlNode *node, const char *element, size_t *nth)
{
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp((const char *)node->name, element) == 0 && (*nth)-- == 0)
            return node;
        xmlNode *found = find(node->children, element, nth);
        if (found != NULL)
            return found;
    }
    return NULL;
}

xmlNode *support_node(xmlDoc *request, const char *element, size_t nth)
{
    return find(xmlDocGetRootElement(request), element, &nth);
}

const char *support_attribute(xmlNode *node, const char *name, struct arena *arena)
{
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
    if (value == NULL)
        return "";
    const char *text = arena_text(arena, (const char *)value, strlen((const char *)value));
    xmlFree(value);
    assert_non_null(text);
    return text;
}

/* "-12.34" → -1234 for two decimals; written anew, so that no line of the code under test judges
 * itself. */
static int64_t minor_of(const char *text, int decimals)
{
    const bool negative = *text == '-';
    const char *point = strchr(text, '.');
    int64_t value = 0;
    assert_int_equal(*text == '\0'   ? decimals
                     : point == NULL ? 0
                                     : (int)strlen(point + 1),
                     *text == '\0' ? decimals : decimals);
    for (const char *p = text + negative; *p != '\0'; p++)
        if (p != point)
            value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

static int64_t attribute_minor(xmlNode *node, const char *name, int decimals, struct arena *arena)
{
    return minor_of(support_attribute(node, name, arena), decimals);
}

static int64_t due_of(xmlNode *node, bool net, int decimals, struct arena *arena)
{
    if (strcmp((const char *)node->name, "OrderLineData") == 0) {
        const int64_t quantity = strtoll(support_attribute(node, "Quantity", arena), NULL, 10);
        return quantity * attribute_minor(node, "Price", decimals, arena) -
               attribute_minor(node, "TrDisc", decimals, arena) +
               (net ? attribute_minor(node, "ExtTaxVal", decimals, arena) : 0);
    }
    if (strcmp((const char *)node->name, "OrderChargeData") == 0)
        return attribute_minor(node, "ChargeValue", decimals, arena);
    if (strcmp((const char *)node->name, "OrderPaymentData") == 0)
        return -attribute_minor(node, "TranAmount", decimals, arena);
    return 0;
}

int64_t support_outstanding(xmlDoc *request, int decimals, struct arena *arena)
{
    int64_t due = 0;
    xmlNode *data = support_node(request, "Data", 0);
    const bool net = strcmp(support_attribute(data, "VatInclusive", arena), "No") == 0;
    for (xmlNode *node = data->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            due += due_of(node, net, decimals, arena);
    return due;
}
