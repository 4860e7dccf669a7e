/* Refunds for tests; see test_refund_support.h. */
#include "test_refund_support.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

static void *copy(struct arena *arena, const void *from, size_t size)
{
    void *to = arena_alloc(arena, size);
    assert_non_null(to);
    return memcpy(to, from, size);
}

#define COPY(arena, type, ...) copy(arena, (type[]){__VA_ARGS__}, sizeof((type[]){__VA_ARGS__}))

static struct ledger_tax *vat(struct arena *arena, int64_t tax)
{
    return COPY(arena, struct ledger_tax, {.rate_ppm = 200000, .tax_minor = tax});
}

struct ledger_entry *refund_entry(struct arena *arena)
{
    struct ledger_entry e = {.key = "01/orders/shopify/uk/1001",
                             .company = "01",
                             .channel = "shopify",
                             .store = "uk",
                             .order_id = "1001",
                             .order_number = "2011001",
                             .document = "2011001",
                             .version = 1,
                             .currency = "GBP",
                             .tax_included = true,
                             .identity = "01",
                             .goods = "",
                             .payment = "",
                             .source_version = 7,
                             .event_time = 1795000000000,
                             .order_date = "2026-11-18",
                             .posted_at = 1795000100000,
                             .total_minor = 5250,
                             .tax_minor = 875};
    e.lines.count = 2;
    e.lines.items = COPY(arena, struct ledger_line,
                         {.line_id = "L1",
                          .number = 1,
                          .product = "SKU00001",
                          .depot = "01",
                          .quantity = 2,
                          .amount_minor = 2400,
                          .taxes = {vat(arena, 400), 1}},
                         {.line_id = "L2",
                          .number = 2,
                          .product = "TSHIRT",
                          .matrix_codes = {COPY(arena, const char *, "RED", "M"), 2},
                          .quantity = 1,
                          .amount_minor = 2500,
                          .discount_minor = 500,
                          .taxes = {vat(arena, 417), 1}});
    e.charges.count = 1;
    e.charges.items = COPY(arena, struct ledger_charge,
                           {.code = "CARR",
                            .kind = "shipping",
                            .line_id = "S1",
                            .amount_minor = 350,
                            .taxes = {vat(arena, 58), 1}});
    e.tenders.count = 1;
    e.tenders.items = COPY(arena, struct ledger_tender,
                           {.kind = "card",
                            .gateway = "shopify_payments",
                            .method = "CSH",
                            .transaction_id = "T1",
                            .amount_minor = 5250});
    return copy(arena, &e, sizeof e);
}

void refund_lines(struct refund_event *event, struct arena *arena, size_t count)
{
    event->lines.items = arena_alloc(arena, (count + 1) * sizeof *event->lines.items);
    event->lines.count = count;
    assert_non_null(event->lines.items);
}

void refund_paid(struct refund_event *event, struct arena *arena, int64_t minor)
{
    event->transactions.count = minor != 0;
    event->transactions.items = COPY(arena, struct refund_transaction,
                                     {.transaction_id = "T9",
                                      .parent_id = "T1",
                                      .type = TRANSACTION_REFUND,
                                      .status = TRANSACTION_SUCCEEDED,
                                      .kind = TENDER_CARD,
                                      .gateway = "shopify_payments",
                                      .method = "visa",
                                      .amount = SHOP(minor),
                                      .has_processed_at = true,
                                      .processed_at = 1795176000000 /* 2026-11-20 12:00 UTC */});
    event->succeeded = (struct money_set)SHOP(minor);
}

struct refund_event *refund_event(struct arena *arena)
{
    struct refund_event e = {.event_id = "e-r1",
                             .event_time = 1795176000000,
                             .source_version = 1,
                             .channel = "shopify",
                             .store = "uk",
                             .order_id = "1001",
                             .refund_id = "9001",
                             .created_at = 1795083600000, /* the day before its money went back */
                             .currency = "GBP",
                             .reason = "customer",
                             .transactions_told = true};
    refund_lines(&e, arena, 1);
    e.lines.items[0] = (struct refund_line){.line_id = "L2",
                                            .quantity = 1,
                                            .restock = RESTOCK_RETURN,
                                            .location_id = "1001",
                                            .amount = SHOP(2500),
                                            .tax = COPY(arena, struct money_set, SHOP(417))};
    refund_paid(&e, arena, 2500);
    return copy(arena, &e, sizeof e);
}

struct refund_known refund_known_of(const struct ledger_entry *entry)
{
    return (struct refund_known){.order = REFUND_ORDER_POSTED,
                                 .entry = entry,
                                 .status = REFUND_STATUS_OTHER,
                                 .restocks = true,
                                 .credit_number = "201R9001"};
}

struct refund_plan refund_plan_of(const struct refund_event *event, const struct order_rules *rules,
                                  const struct refund_known *known, struct arena *arena)
{
    struct refund_plan plan;
    assert_int_equal(refund_decide(event, rules, known, arena, &plan), 0);
    return plan;
}

xmlDoc *refund_request(const struct refund_plan *plan)
{
    xmlDoc *doc = xmlReadMemory(plan->request, (int)plan->request_size, NULL, NULL, 0);
    assert_non_null(doc);
    return doc;
}

/* "12.34" in pence; the notes of these tests are in pounds. */
static int64_t pence(xmlNode *node, const char *name, struct arena *arena)
{
    const char *text = support_attribute(node, name, arena), *point = strchr(text, '.');
    const int64_t whole = strtoll(text, NULL, 10);
    const int64_t rest = point != NULL ? strtoll(point + 1, NULL, 10) : 0;
    return whole * 100 + (*text == '-' ? -rest : rest);
}

int64_t refund_difference(const struct refund_plan *plan, struct arena *arena)
{
    xmlDoc *doc = refund_request(plan);
    const bool net =
        strcmp(support_attribute(support_node(doc, "Data", 0), "VatInclusive", arena), "Yes") != 0;
    int64_t sum = 0;
    xmlNode *node;
    for (size_t i = 0; (node = support_node(doc, "CreditLineData", i)) != NULL; i++) {
        const int64_t units = strtoll(support_attribute(node, "Quantity", arena), NULL, 10);
        sum += (units == 0 ? 1 : units) * pence(node, "Price", arena);
        sum += net ? pence(node, "TaxValue", arena) : 0;
    }
    for (size_t i = 0; (node = support_node(doc, "CreditChargeData", i)) != NULL; i++)
        sum += pence(node, "ChargeValue", arena) + (net ? pence(node, "TaxValue", arena) : 0);
    for (size_t i = 0; (node = support_node(doc, "CreditPaymentData", i)) != NULL; i++)
        sum -= pence(node, "TranAmount", arena);
    xmlFreeDoc(doc);
    return sum;
}
