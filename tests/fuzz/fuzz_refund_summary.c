/* What was decided about a refund, and what it reserves, as Redis gives it back after a crash
 * (refund_summary.h): what can be read means the same when written and read again, its proof adds up,
 * and whatever the bytes are there is an outcome to publish. */
#include <errno.h>

#include "domain/ledger/ledger_pack.h"
#include "refund_summary.h"

#include "fuzz_input.h"

static bool same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool same(const struct refund_summary *a, const struct refund_summary *b)
{
    const struct credit_proof *p = &a->proof, *q = &b->proof;
    bool equal = a->money == b->money && a->tax_included == b->tax_included &&
                 a->currency == b->currency && same_text(a->order_number, b->order_number) &&
                 a->has_note == b->has_note && a->was_owed == b->was_owed &&
                 a->flags.count == b->flags.count && a->refund_date == b->refund_date &&
                 a->post_date == b->post_date && a->has_days_left == b->has_days_left &&
                 a->days_left == b->days_left && p->lines_minor == q->lines_minor &&
                 p->charges_minor == q->charges_minor && p->order_minor == q->order_minor &&
                 p->tax_minor == q->tax_minor && p->money_minor == q->money_minor &&
                 p->set_off_minor == q->set_off_minor && p->account_minor == q->account_minor &&
                 p->parts_minor == q->parts_minor && a->money_told == b->money_told &&
                 memcmp(&a->remaining, &b->remaining, sizeof a->remaining) == 0;
    for (size_t i = 0; equal && i < a->flags.count; i++)
        equal = a->flags.items[i].code == b->flags.items[i].code &&
                a->flags.items[i].at == b->flags.items[i].at &&
                a->flags.items[i].count == b->flags.items[i].count;
    return equal;
}

static bool same_takes(const struct ledger_credit *a, const struct ledger_credit *b)
{
    bool equal = a->state == b->state && strcmp(a->currency, b->currency) == 0 &&
                 a->amount_minor == b->amount_minor && a->tax_minor == b->tax_minor &&
                 a->account_minor == b->account_minor && a->parts.count == b->parts.count &&
                 a->tenders.count == b->tenders.count && a->taken.count == b->taken.count;
    for (size_t i = 0; equal && i < a->parts.count; i++)
        equal = a->parts.items[i].what == b->parts.items[i].what &&
                a->parts.items[i].number == b->parts.items[i].number &&
                a->parts.items[i].quantity == b->parts.items[i].quantity &&
                a->parts.items[i].gross_minor == b->parts.items[i].gross_minor &&
                same_text(a->parts.items[i].code, b->parts.items[i].code) &&
                same_text(a->parts.items[i].edit_id, b->parts.items[i].edit_id);
    return equal;
}

__extension__ typedef __int128 wide;

/* What the note comes to is what is said to have paid it. */
static bool adds_up(const struct refund_summary *s)
{
    const struct credit_proof *p = &s->proof;
    const wide gross = (wide)p->lines_minor + p->charges_minor + p->order_minor +
                       (p->tax_included ? 0 : p->tax_minor);
    return gross == (wide)p->money_minor + p->set_off_minor + p->account_minor;
}

static void write_again(const uint8_t *data, size_t size, const struct refund_summary *s,
                        const struct ledger_credit *takes, struct arena *arena)
{
    struct refund_summary again;
    struct ledger_credit takes_again;
    struct buf bytes;
    buf_init(&bytes, 4 * REFUND_SUMMARY_MAX);
    FUZZ_CHECK(refund_summary_write(s, &bytes) == 0);
    FUZZ_CHECK(ledger_pack_again(takes, &bytes) == 0);
    FUZZ_CHECK(bytes.size <= size); /* numbers come out in their shortest form */
    FUZZ_CHECK(bytes.size < size || memcmp(bytes.data, data, size) == 0);
    FUZZ_CHECK(refund_summary_read(bytes.data, bytes.size, arena, &again, &takes_again) == 0);
    FUZZ_CHECK(same(s, &again) && same_takes(takes, &takes_again));
    const size_t whole = bytes.size;
    buf_byte(&bytes, 0);
    FUZZ_CHECK(refund_summary_read(bytes.data, whole + 1, arena, &again, &takes_again) == -EBADMSG);
    FUZZ_CHECK(refund_summary_read(bytes.data, whole - 1, arena, &again, &takes_again) == -EBADMSG);
    buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 << 20);
    struct refund_summary summary;
    struct ledger_credit takes, reserved;
    enum pf_error codes[8] = {PF_OK};
    size_t count = 0;
    if (size > 4096)
        size = 4096;
    const int r = refund_summary_read((const char *)data, size, arena, &summary, &takes);
    FUZZ_CHECK(r == 0 || r == -EBADMSG);
    FUZZ_CHECK(refund_takes((const char *)data, size, arena, &reserved) == r);
    FUZZ_CHECK(refund_summary_outcome((const char *)data, size, codes, &count) == OUTCOME_POSTED);
    FUZZ_CHECK(count <= 8);
    if (r < 0) {
        FUZZ_CHECK(count == 1 && codes[0] == PF_E_defect);
    } else {
        FUZZ_CHECK(count == summary.flags.count && summary.currency != NULL);
        FUZZ_CHECK(same_takes(&takes, &reserved));
        FUZZ_CHECK(!summary.has_note || adds_up(&summary));
        FUZZ_CHECK(refund_summary_narrative(&summary, arena) != NULL);
        write_again(data, size, &summary, &takes, arena);
    }
    arena_free(arena);
    return 0;
}
