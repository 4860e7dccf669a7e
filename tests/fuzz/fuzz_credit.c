/* What a refund takes of its order, packed, as Redis gives it back after a crash (ledger_pack.h): what
 * can be read is written again as the same bytes, takes of the order what it says and nothing more,
 * and never makes more creditable than there was. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_pack.h"

#include "fuzz_target.h"

enum { SIZE_MAX_FUZZED = 4096, ARENA = 8 << 20 };

/* An order whose places the inputs of the corpus name: shoes, a book, carriage, and a shoe owed. */
static const struct ledger_entry *an_order(void)
{
    static struct ledger_tax shoe_tax = {200000, 500, 0}, book_tax = {0, 0, 0},
                             carriage_tax = {200000, 60, 0}, owed_tax = {200000, 167, 0};
    static struct ledger_line lines[] = {
        {.line_id = "L1", .number = 1, .product = "SHOE", .quantity = 3, .amount_minor = 3000},
        {.line_id = "L2", .number = 2, .product = "BOOK", .quantity = 1, .amount_minor = 1000}};
    static struct ledger_charge charges[] = {
        {.code = "CARR", .kind = "shipping", .line_id = "S1", .amount_minor = 360},
        {.code = "ROUND", .kind = "cash_rounding", .amount_minor = -2}};
    static struct ledger_owed owed = {
        .edit_id = "e1", .event_time = 5, .number = 1, .quantity = 1, .amount_minor = 1000};
    static struct ledger_entry entry = {.key = "01/orders/shopify/uk/1",
                                        .currency = "GBP",
                                        .tax_included = true,
                                        .total_minor = 4358,
                                        .tax_minor = 560,
                                        .outstanding_minor = 1000,
                                        .lines = {lines, 2},
                                        .charges = {charges, 2},
                                        .owed = {&owed, 1}};
    lines[0].taxes.items = &shoe_tax;
    lines[1].taxes.items = &book_tax;
    charges[0].taxes.items = &carriage_tax;
    owed.taxes.items = &owed_tax;
    lines[0].taxes.count = lines[1].taxes.count = charges[0].taxes.count = owed.taxes.count = 1;
    return &entry;
}

static void check_bytes(const struct ledger_credit *credit, const uint8_t *data, size_t used,
                        struct arena *arena)
{
    struct ledger_credit back;
    struct buf bytes;
    size_t again = 0;
    buf_init(&bytes, 2 * SIZE_MAX_FUZZED);
    FUZZ_CHECK(ledger_pack_again(credit, &bytes) == 0);
    /* numbers come out in their shortest form, of which there is one */
    FUZZ_CHECK(bytes.size <= used);
    FUZZ_CHECK(bytes.size < used || memcmp(bytes.data, data, used) == 0);
    FUZZ_CHECK(ledger_unpack(bytes.data, bytes.size, arena, &back, &again) == 0);
    FUZZ_CHECK(again == bytes.size && back.parts.count == credit->parts.count &&
               back.amount_minor == credit->amount_minor && back.tax_minor == credit->tax_minor &&
               back.account_minor == credit->account_minor);
    FUZZ_CHECK(ledger_unpack(bytes.data, bytes.size - 1, arena, &back, &again) == -EBADMSG);
    buf_release(&bytes);
}

static void check_places(const struct ledger_credit *credit, struct arena *arena)
{
    struct ledger_balance b;
    struct ledger_excess excess;
    struct credit placed;
    FUZZ_CHECK(ledger_balance_read(an_order(), arena, &b) == 0);
    const int r = ledger_place(credit, &b, arena, &placed);
    if (r < 0) {
        FUZZ_CHECK(r == -ENOENT || r == -ERANGE);
        return;
    }
    if (ledger_reserve(&b, &placed, &excess) == 0) {
        int64_t gross = 0, units = 0, wanted = 0;
        for (size_t i = 0; i < placed.count; i++) {
            gross += placed.parts[i].gross;
            units += placed.parts[i].quantity;
        }
        for (size_t i = 0; i < credit->parts.count; i++)
            wanted += credit->parts.items[i].quantity;
        FUZZ_CHECK(gross == credit->amount_minor && units == wanted);
        FUZZ_CHECK(b.gross == 4358 - gross && b.gross >= 0);
    }
}

static void check_fold(struct ledger_credit record, struct arena *arena)
{
    struct ledger_fold fold;
    struct ledger_kept kept;
    struct exact x = {0};
    record.key = "01/refunds/shopify/uk/1";
    record.refund_id = "1";
    record.currency = "GBP";
    record.state = CREDIT_CREDITED;
    FUZZ_CHECK(ledger_fold(an_order(), &record, 1, NULL, arena, &fold) == 0);
    const int64_t rest = ledger_creditable(&x, fold.entry);
    FUZZ_CHECK(!x.overflow && rest >= 0);
    FUZZ_CHECK(rest == (fold.misfit == NULL ? 4358 - record.amount_minor : 4358));
    record.state = record.taken.count > 0 ? CREDIT_OWED : CREDIT_OPEN;
    FUZZ_CHECK(ledger_fold(an_order(), &record, 1, NULL, arena, &fold) == 0);
    FUZZ_CHECK(ledger_creditable(&x, fold.entry) == 4358);
    FUZZ_CHECK(ledger_keep(&fold, &record, 1, arena, &kept) == 0);
    FUZZ_CHECK(kept.is_all == (kept.misfit != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA);
    struct ledger_credit credit;
    size_t used = 0;
    if (size > SIZE_MAX_FUZZED)
        size = SIZE_MAX_FUZZED;
    const int r = ledger_unpack((const char *)data, size, arena, &credit, &used);
    FUZZ_CHECK(r == 0 || r == -EBADMSG);
    if (r == 0) {
        FUZZ_CHECK(used <= size);
        check_bytes(&credit, data, used, arena);
        check_places(&credit, arena);
        check_fold(credit, arena);
    }
    arena_free(arena);
    return 0;
}
