/* An order of the ledger, and records of its refunds; see test_credit_support.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "test_credit_support.h"

struct ledger_tax *tax_of(struct arena *arena, int64_t rate, int64_t tax, int64_t credited)
{
    struct ledger_tax *t = arena_alloc(arena, sizeof *t);
    assert_non_null(t);
    *t = (struct ledger_tax){rate, tax, credited};
    return t;
}

struct ledger_entry *an_entry(struct arena *arena)
{
    struct ledger_entry *e = arena_alloc(arena, sizeof *e);
    assert_non_null(e);
    *e = (struct ledger_entry){.key = "01/orders/shopify/uk/1",
                               .currency = "GBP",
                               .tax_included = true,
                               .version = 4,
                               .total_minor = 4358,
                               .tax_minor = 560,
                               .outstanding_minor = 1000};
    e->lines.count = e->charges.count = 2;
    e->lines.items = arena_alloc(arena, 2 * sizeof *e->lines.items);
    e->charges.items = arena_alloc(arena, 2 * sizeof *e->charges.items);
    e->tenders.items = arena_alloc(arena, 2 * sizeof *e->tenders.items);
    e->tenders.count = 2;
    e->lines.items[0] = (struct ledger_line){.line_id = "L1",
                                             .number = 1,
                                             .product = "SHOE",
                                             .quantity = 3,
                                             .amount_minor = 3000,
                                             .discount_minor = 100,
                                             .taxes = {tax_of(arena, 200000, 500, 0), 1}};
    e->lines.items[1] = (struct ledger_line){.line_id = "L2",
                                             .number = 2,
                                             .product = "BOOK",
                                             .quantity = 1,
                                             .amount_minor = 1000,
                                             .taxes = {tax_of(arena, 0, 0, 0), 1}};
    e->charges.items[0] = (struct ledger_charge){.code = "CARR",
                                                 .kind = "shipping",
                                                 .line_id = "S1",
                                                 .amount_minor = 360,
                                                 .taxes = {tax_of(arena, 200000, 60, 0), 1}};
    e->charges.items[1] =
        (struct ledger_charge){.code = "ROUND", .kind = "cash_rounding", .amount_minor = -2};
    e->tenders.items[0] = (struct ledger_tender){
        .kind = "card", .gateway = "stripe", .transaction_id = "T1", .amount_minor = 3000};
    e->tenders.items[1] =
        (struct ledger_tender){.kind = "gift_card", .transaction_id = "T2", .amount_minor = 358};
    return e;
}

static void *room(struct arena *arena, size_t size)
{
    void *p = arena_alloc(arena, size);
    assert_non_null(p);
    return p;
}

struct ledger_credit *a_record(struct arena *arena, const char *refund_id, enum credit_state state)
{
    struct ledger_credit *r = room(arena, sizeof *r);
    *r = (struct ledger_credit){.key = arena_printf(arena, "01/refunds/shopify/uk/%s", refund_id),
                                .order = "01/shopify/uk/1",
                                .company = "01",
                                .channel = "shopify",
                                .store = "uk",
                                .order_id = "1",
                                .refund_id = arena_text(arena, refund_id, strlen(refund_id)),
                                .state = state,
                                .currency = "GBP",
                                .at = 1795500000000};
    return r;
}

static struct ledger_credit_part *add_part(struct arena *arena, struct ledger_credit *r)
{
    struct ledger_credit_part *parts = room(arena, (r->parts.count + 1) * sizeof *parts);
    if (r->parts.count > 0)
        memcpy(parts, r->parts.items, r->parts.count * sizeof *parts);
    r->parts.items = parts;
    return &parts[r->parts.count++];
}

struct ledger_credit_part *take_of(struct arena *arena, struct ledger_credit *r,
                                   enum credit_place what, int32_t number, int32_t quantity,
                                   int64_t gross, int64_t rate_ppm, int64_t tax)
{
    struct ledger_credit_part *part = add_part(arena, r);
    *part = (struct ledger_credit_part){
        .what = what, .number = number, .quantity = quantity, .gross_minor = gross};
    part->taxes.count = 1;
    part->taxes.items = room(arena, sizeof *part->taxes.items);
    part->taxes.items[0] = (struct ledger_credit_tax){rate_ppm, tax};
    /* a record of extreme amounts does not say what they come to */
    if (__builtin_add_overflow(r->amount_minor, gross, &r->amount_minor))
        r->amount_minor = INT64_MAX;
    if (__builtin_add_overflow(r->tax_minor, tax, &r->tax_minor))
        r->tax_minor = INT64_MAX;
    return part;
}

void take_away(struct arena *arena, struct ledger_credit *r, int32_t number, int32_t units)
{
    struct ledger_credit_taken *taken = room(arena, (r->taken.count + 1) * sizeof *taken);
    if (r->taken.count > 0)
        memcpy(taken, r->taken.items, r->taken.count * sizeof *taken);
    taken[r->taken.count++] = (struct ledger_credit_taken){.number = number, .units = units};
    r->taken.items = taken;
}
