/* The packed decision that Redis gives back after a crash (order_summary.h): what can be read means
 * the same when written and read again, and whatever the bytes are there is an outcome to
 * publish. */
#include <errno.h>

#include "order_summary.h"

#include "fuzz_input.h"

static bool same(const struct order_summary *a, const struct order_summary *b)
{
    bool equal =
        a->hold == b->hold && a->vat_inclusive == b->vat_inclusive && a->money == b->money &&
        a->currency == b->currency && a->date == b->date && strcmp(a->account, b->account) == 0 &&
        a->flags.count == b->flags.count && a->misc_count == b->misc_count &&
        a->proof.lines == b->proof.lines && a->proof.discounts == b->proof.discounts &&
        a->proof.charges == b->proof.charges && a->proof.tax == b->proof.tax &&
        a->proof.tax_expected == b->proof.tax_expected && a->proof.tenders == b->proof.tenders &&
        a->proof.outstanding == b->proof.outstanding &&
        a->proof.difference == b->proof.difference && a->proof.tolerance == b->proof.tolerance &&
        a->proof.tax_included == b->proof.tax_included;
    for (size_t i = 0; equal && i < a->flags.count; i++)
        equal = a->flags.items[i].code == b->flags.items[i].code &&
                a->flags.items[i].at == b->flags.items[i].at &&
                a->flags.items[i].count == b->flags.items[i].count;
    for (size_t i = 0; equal && i < a->misc_count; i++)
        equal = a->misc_lines[i] == b->misc_lines[i];
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    struct order_summary summary, again;
    enum pf_error codes[8] = {PF_OK};
    size_t count = 0;
    if (size > SUMMARY_BYTES_MAX)
        size = SUMMARY_BYTES_MAX;
    const int r = order_summary_read((const char *)data, size, arena, &summary);
    const enum outcome outcome = order_summary_outcome((const char *)data, size, codes, &count);
    FUZZ_CHECK(count <= 8);
    if (r < 0) {
        FUZZ_CHECK(outcome == OUTCOME_POSTED_ON_HOLD && count == 1 && codes[0] == PF_E_defect);
    } else {
        struct buf bytes;
        buf_init(&bytes, 4 * SUMMARY_BYTES_MAX);
        FUZZ_CHECK(outcome == (summary.hold ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED) &&
                   count == summary.flags.count);
        FUZZ_CHECK(strlen(summary.account) <= ACCOUNT_BYTES_MAX && summary.currency != NULL);
        FUZZ_CHECK(order_summary_narrative(&summary, arena) != NULL);
        FUZZ_CHECK(order_summary_write(&summary, &bytes) == 0);
        FUZZ_CHECK(bytes.size <=
                   size); /* numbers come out in their shortest form, of which there is one */
        FUZZ_CHECK(bytes.size < size || memcmp(bytes.data, data, size) == 0);
        FUZZ_CHECK(order_summary_read(bytes.data, bytes.size, arena, &again) == 0 &&
                   same(&summary, &again));
        const size_t whole = bytes.size;
        buf_byte(&bytes, 0);
        FUZZ_CHECK(order_summary_read(bytes.data, whole + 1, arena, &again) == -EBADMSG);
        FUZZ_CHECK(order_summary_read(bytes.data, whole - 1, arena, &again) == -EBADMSG);
        buf_release(&bytes);
    }
    arena_free(arena);
    return 0;
}
