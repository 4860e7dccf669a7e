/* The stored form of a decision; see order_summary.h. */
#include "order_summary.h"

#include "base/varint.h"
#include "domain/flags/flags_pack.h"

#include <errno.h>

enum {
    VERSION_PLAIN = 1,
    VERSION_BUNDLES = 2,
    BIT_HOLD = 1,
    BIT_PRESENTMENT = 2,
    BIT_TAX_INCLUDED = 4,
    BIT_VAT_INCLUSIVE = 8
};

/* ---- writing ---- */

static void put_bundles(struct buf *out, const struct order_summary *s)
{
    varint_put(out, s->bundle_count);
    for (size_t i = 0; i < s->bundle_count; i++) {
        const struct sale_bundle *b = &s->bundles[i];
        varint_put(out, b->line - (i == 0 ? 0 : s->bundles[i - 1].line));
        varint_put(out, b->request_lines);
        buf_byte(out, (uint8_t)(b->mark >> 8));
        buf_byte(out, (uint8_t)b->mark);
        varint_put(out, b->misc);
    }
}

int order_summary_write(const struct order_summary *s, struct buf *out)
{
    const size_t start = out->size, account = strlen(s->account);
    buf_byte(out, s->is_taken_apart ? VERSION_BUNDLES : VERSION_PLAIN);
    buf_byte(out, (uint8_t)((s->hold ? BIT_HOLD : 0) |
                            (s->money == MONEY_PRESENTMENT ? BIT_PRESENTMENT : 0) |
                            (s->proof.tax_included ? BIT_TAX_INCLUDED : 0) |
                            (s->vat_inclusive ? BIT_VAT_INCLUSIVE : 0)));
    buf_append(out, s->currency->code, 3);
    varint_put(out, (uint64_t)s->date);
    flags_put(out, &s->flags);
    const struct sale_proof *p = &s->proof;
    const int64_t amounts[] = {p->lines,       p->discounts,    p->charges,
                               p->tax,         p->tax_expected, p->tenders,
                               p->outstanding, p->difference,   p->tolerance};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        varint_put_amount(out, amounts[i]);
    varint_put(out, account);
    buf_append(out, s->account, account);
    varint_put(out, s->misc_count);
    for (size_t i = 0; i < s->misc_count; i++)
        varint_put(out, s->misc_lines[i] - (i == 0 ? 0 : s->misc_lines[i - 1]));
    if (s->is_taken_apart)
        put_bundles(out, s);
    return out->failed || out->size - start > SUMMARY_BYTES_MAX ? -ENOMEM : 0;
}

/* ---- reading ---- */

static int take_misc_lines(struct varint_reader *c, struct arena *arena, struct order_summary *s)
{
    s->misc_count = varint_take(c, (uint64_t)(c->end - c->at)); /* one byte each at least */
    uint32_t *lines = arena_alloc(arena, s->misc_count * sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->misc_count; i++)
        lines[i] = (i == 0 ? 0 : lines[i - 1]) + (uint32_t)varint_take(c, UINT32_MAX);
    s->misc_lines = lines;
    return 0;
}

static int take_bundles(struct varint_reader *c, struct arena *arena, struct order_summary *s)
{
    s->bundle_count = varint_take(c, (uint64_t)(c->end - c->at) / 5); /* five bytes each at least */
    struct sale_bundle *bundles = arena_alloc(arena, s->bundle_count * sizeof *bundles);
    if (bundles == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->bundle_count; i++) {
        bundles[i].line = (i == 0 ? 0 : bundles[i - 1].line) + (uint32_t)varint_take(c, UINT32_MAX);
        bundles[i].request_lines = (uint32_t)varint_take(c, UINT32_MAX);
        const unsigned high = varint_byte(c);
        bundles[i].mark = (uint16_t)(high << 8 | varint_byte(c));
        bundles[i].misc = varint_take(c, UINT64_MAX);
    }
    s->bundles = bundles;
    return 0;
}

int order_summary_read(const char *bytes, size_t size, struct arena *arena,
                       struct order_summary *ret_summary)
{
    struct varint_reader c = {(const uint8_t *)bytes, (const uint8_t *)bytes + size, false};
    struct order_summary s = {0};
    const uint8_t version = varint_byte(&c);
    c.bad = version != VERSION_PLAIN && version != VERSION_BUNDLES;
    s.is_taken_apart = version == VERSION_BUNDLES;
    const uint8_t bits = varint_byte(&c);
    c.bad |= bits >= 2 * BIT_VAT_INCLUSIVE;
    s.hold = bits & BIT_HOLD;
    s.money = bits & BIT_PRESENTMENT ? MONEY_PRESENTMENT : MONEY_SHOP;
    s.proof.tax_included = bits & BIT_TAX_INCLUDED;
    s.vat_inclusive = bits & BIT_VAT_INCLUSIVE;
    char code[4];
    varint_bytes(&c, code, 3);
    s.currency = currency_find(code);
    c.bad |= s.currency == NULL;
    s.date = (int32_t)varint_take(&c, 99991231);
    flags_take(&c, &s.flags);
    int64_t *amounts[] = {&s.proof.lines,       &s.proof.discounts,    &s.proof.charges,
                          &s.proof.tax,         &s.proof.tax_expected, &s.proof.tenders,
                          &s.proof.outstanding, &s.proof.difference,   &s.proof.tolerance};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        *amounts[i] = varint_take_amount(&c);
    varint_bytes(&c, s.account, varint_take(&c, sizeof s.account - 1));
    int r = c.bad ? -EBADMSG : take_misc_lines(&c, arena, &s);
    if (r == 0 && s.is_taken_apart)
        r = take_bundles(&c, arena, &s);
    if (r < 0)
        return r;
    if (c.bad || c.at != c.end)
        return -EBADMSG;
    *ret_summary = s;
    return 0;
}

enum outcome order_summary_outcome(const char *bytes, size_t size,
                                   enum pf_error ret_codes[static 8], size_t *ret_code_count)
{
    struct arena *arena = arena_new(16 * SUMMARY_BYTES_MAX);
    struct order_summary summary;
    if (arena == NULL || order_summary_read(bytes, size, arena, &summary) < 0) {
        arena_free(arena);
        ret_codes[0] = PF_E_defect;
        *ret_code_count = 1;
        return OUTCOME_POSTED_ON_HOLD;
    }
    arena_free(arena);
    for (size_t i = 0; i < summary.flags.count; i++)
        ret_codes[i] = summary.flags.items[i].code;
    *ret_code_count = summary.flags.count;
    return summary.hold ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED;
}
