/* The stored form of a decision; see refund_summary.h. */
#include "refund_summary.h"

#include "domain/flags/flags_pack.h"
#include "domain/ledger/ledger_pack.h"

#include <errno.h>
#include <string.h>

enum {
    VERSION = 1,
    BIT_PRESENTMENT = 1,
    BIT_TAX_INCLUDED = 2,
    BIT_NOTE = 4,
    BIT_DAYS = 8,
    BIT_OWED = 16,
    DATE_MAX = 99991231,
    READ_ARENA = 16 * REFUND_SUMMARY_MAX
};

/* What the note comes to: by its parts. */
static int64_t note_gross(struct exact *x, const struct credit_proof *p)
{
    const int64_t amounts =
        exact_add(x, exact_add(x, p->lines_minor, p->charges_minor), p->order_minor);
    return p->tax_included ? amounts : exact_add(x, amounts, p->tax_minor);
}

/* ---- writing ---- */

static void put_note(struct buf *out, const struct refund_summary *s)
{
    const struct credit_proof *p = &s->proof;
    struct exact x = {0}; /* it was added up when it was decided */
    flags_put(out, &s->flags);
    varint_put(out, (uint64_t)s->refund_date);
    varint_put_amount(out, s->post_date - s->refund_date);
    if (s->has_days_left)
        varint_put_amount(out, s->days_left);
    const int64_t amounts[] = {p->lines_minor,
                               p->charges_minor,
                               p->order_minor,
                               p->tax_minor,
                               p->set_off_minor,
                               p->account_minor,
                               exact_subtract(&x, p->parts_minor, note_gross(&x, p)),
                               exact_subtract(&x, s->money_told, p->money_minor),
                               s->remaining.gross_minor,
                               s->remaining.tax_minor,
                               s->remaining.rounding_minor};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        varint_put_amount(out, amounts[i]);
}

int refund_summary_write(const struct refund_summary *s, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_byte(out,
             (uint8_t)((s->money == MONEY_PRESENTMENT ? BIT_PRESENTMENT : 0) |
                       (s->tax_included ? BIT_TAX_INCLUDED : 0) | (s->has_note ? BIT_NOTE : 0) |
                       (s->has_note && s->has_days_left ? BIT_DAYS : 0) |
                       (!s->has_note && s->was_owed ? BIT_OWED : 0)));
    buf_append(out, s->currency->code, 3);
    varint_put_text(out, s->order_number);
    if (s->has_note)
        put_note(out, s);
    return out->failed ? -ENOMEM : 0;
}

/* ---- reading ---- */

static int32_t take_small(struct varint_reader *r, int64_t min, int64_t max)
{
    const int64_t value = varint_take_amount(r);
    r->bad |= value < min || value > max;
    return r->bad ? 0 : (int32_t)value;
}

static void take_note(struct varint_reader *r, struct refund_summary *s)
{
    struct exact x = {0};
    struct credit_proof *p = &s->proof;
    int64_t parts = 0, told = 0;
    flags_take(r, &s->flags);
    s->refund_date = (int32_t)varint_take(r, DATE_MAX);
    s->post_date = s->refund_date + take_small(r, 0, DATE_MAX - s->refund_date);
    if (s->has_days_left)
        s->days_left = take_small(r, INT32_MIN, INT32_MAX);
    int64_t *amounts[] = {&p->lines_minor,
                          &p->charges_minor,
                          &p->order_minor,
                          &p->tax_minor,
                          &p->set_off_minor,
                          &p->account_minor,
                          &parts,
                          &told,
                          &s->remaining.gross_minor,
                          &s->remaining.tax_minor,
                          &s->remaining.rounding_minor};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        *amounts[i] = varint_take_amount(r);
    const int64_t gross = note_gross(&x, p);
    p->money_minor =
        exact_subtract(&x, exact_subtract(&x, gross, p->set_off_minor), p->account_minor);
    p->parts_minor = exact_add(&x, gross, parts);
    s->money_told = exact_add(&x, p->money_minor, told);
    r->bad |= x.overflow;
}

static void take_head(struct varint_reader *r, struct arena *arena, struct refund_summary *s,
                      bool *no_memory)
{
    char code[4];
    r->bad = varint_byte(r) != VERSION;
    const uint8_t bits = varint_byte(r);
    s->has_note = bits & BIT_NOTE;
    s->has_days_left = bits & BIT_DAYS;
    s->was_owed = bits & BIT_OWED;
    r->bad |= bits >= 2 * BIT_OWED || (s->has_note ? s->was_owed : s->has_days_left);
    s->money = bits & BIT_PRESENTMENT ? MONEY_PRESENTMENT : MONEY_SHOP;
    s->tax_included = s->proof.tax_included = bits & BIT_TAX_INCLUDED;
    varint_bytes(r, code, 3);
    s->currency = r->bad ? NULL : currency_find(code);
    r->bad |= s->currency == NULL;
    s->order_number = varint_take_text(r, arena, no_memory);
}

/* All but what it takes, which is behind the reader's place then. */
static int take_own(struct varint_reader *r, struct arena *arena, struct refund_summary *s)
{
    bool no_memory = false;
    take_head(r, arena, s, &no_memory);
    if (!r->bad && s->has_note)
        take_note(r, s);
    if (no_memory)
        return -ENOMEM;
    return r->bad ? -EBADMSG : 0;
}

int refund_summary_read(const char *bytes, size_t size, struct arena *arena,
                        struct refund_summary *ret_summary, struct ledger_credit *ret_takes)
{
    struct varint_reader r = {(const uint8_t *)bytes, (const uint8_t *)bytes + size, false};
    struct refund_summary s = {.has_note = false};
    struct ledger_credit takes;
    size_t used = 0;
    int result = take_own(&r, arena, &s);
    if (result < 0)
        return result;
    const size_t rest = (size_t)(r.end - r.at);
    result = ledger_unpack((const char *)r.at, rest, arena, &takes, &used);
    if (result < 0)
        return result;
    if (used != rest)
        return -EBADMSG;
    takes.currency = s.currency->code;
    if (!s.has_note)
        takes.state = CREDIT_OWED;
    s.proof.currency = s.has_note ? s.currency->code : NULL;
    *ret_summary = s;
    *ret_takes = takes;
    return 0;
}

int refund_takes(const char *summary, size_t size, struct arena *arena,
                 struct ledger_credit *ret_credit)
{
    struct refund_summary read;
    return refund_summary_read(summary, size, arena, &read, ret_credit);
}

int refund_keeps(const char *summary, size_t size, struct arena *arena, const char **ret_bytes,
                 size_t *ret_size)
{
    static const struct ledger_credit nothing = {.currency = ""};
    struct varint_reader r = {(const uint8_t *)summary, (const uint8_t *)summary + size, false};
    struct refund_summary s = {.has_note = false};
    struct buf bytes;
    int result = take_own(&r, arena, &s);
    if (result < 0)
        return result;
    buf_init(&bytes, REFUND_SUMMARY_MAX);
    buf_append(&bytes, summary, (size_t)((const char *)r.at - summary));
    result = ledger_pack_again(&nothing, &bytes);
    if (result == 0) {
        *ret_size = bytes.size;
        *ret_bytes = arena_text(arena, bytes.data, bytes.size);
        result = *ret_bytes == NULL ? -ENOMEM : 0;
    }
    buf_release(&bytes);
    return result;
}

enum outcome refund_summary_outcome(const char *bytes, size_t size,
                                    enum pf_error ret_codes[static 8], size_t *ret_code_count)
{
    struct arena *arena = arena_new(READ_ARENA);
    struct refund_summary summary;
    struct ledger_credit takes;
    if (arena == NULL || refund_summary_read(bytes, size, arena, &summary, &takes) < 0) {
        arena_free(arena);
        ret_codes[0] = PF_E_defect;
        *ret_code_count = 1;
        return OUTCOME_POSTED;
    }
    arena_free(arena);
    for (size_t i = 0; i < summary.flags.count; i++)
        ret_codes[i] = summary.flags.items[i].code;
    *ret_code_count = summary.flags.count;
    return OUTCOME_POSTED;
}

/* ---- for people ---- */

static const char *flag_words(enum pf_error code)
{
    switch (code) {
    case PF_E_refund_tax_capped:
        return "more tax is stated than remains";
    case PF_E_restock_depot_unmapped:
        return "goods came back to a location without depot";
    case PF_E_post_date_moved:
        return "the day of the money is closed in the books";
    case PF_E_refund_note_late:
        return "the note is late";
    default:
        return pf_error_info(code)->name;
    }
}

const char *refund_summary_narrative(const struct refund_summary *s, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; text != NULL && i < s->flags.count; i++) {
        const struct flag *flag = &s->flags.items[i];
        char where[60] = "";
        if (flag->at > 0)
            (void)snprintf(where, sizeof where, " (part %u", flag->at);
        if (flag->at > 0 && flag->count > 1)
            (void)snprintf(where + strlen(where), sizeof where - strlen(where), " and %u more",
                           flag->count - 1);
        text = arena_printf(arena, "%s%s%s%s%s", text, i > 0 ? "; " : "", flag_words(flag->code),
                            where, flag->at > 0 ? ")" : "");
    }
    return text;
}
