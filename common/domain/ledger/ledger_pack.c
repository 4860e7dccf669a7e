/* What a refund takes, packed; see ledger_pack.h. */
#include "domain/ledger/ledger_pack.h"

#include "base/varint.h"

#include <errno.h>

enum {
    VERSION = 1,
    MARK_BYTES = 3,
    /* at least: what is taken for an array is bounded by the bytes that are left */
    PART_BYTES_MIN = 4,
    TAX_BYTES_MIN = 2,
    TENDER_BYTES_MIN = 4,
    TAKEN_BYTES_MIN = 2 + MARK_BYTES,
};

/* ---- writing ---- */

static void put_mark(struct buf *out, int32_t mark)
{
    for (int shift = 8 * (MARK_BYTES - 1); shift >= 0; shift -= 8)
        buf_byte(out, (uint8_t)(mark >> shift));
}

static void put_name(struct buf *out, const struct ledger_credit_part *name)
{
    buf_byte(out, (uint8_t)name->what);
    if (name->what == CREDIT_AT_ORDER)
        return;
    varint_put(out, (uint32_t)name->number);
    if (name->what == CREDIT_AT_CHARGE) {
        varint_put_text(out, name->code);
        varint_put_text(out, name->line_id);
        return;
    }
    put_mark(out, name->mark);
    if (name->what == CREDIT_AT_OWED)
        varint_put_text(out, name->edit_id);
}

static void put_amounts(struct buf *out, int64_t quantity, int64_t gross, size_t tax_count)
{
    varint_put_amount(out, quantity);
    varint_put_amount(out, gross);
    varint_put(out, tax_count);
}

static void put_tax(struct buf *out, int64_t rate_ppm, int64_t tax)
{
    varint_put_amount(out, rate_ppm);
    varint_put_amount(out, tax);
}

static void put_part(struct buf *out, const struct ledger_balance *balance,
                     const struct credit_part *part)
{
    const struct ledger_place *place = &balance->places[part->place];
    struct ledger_credit_part name;
    ledger_name_place(balance, part->place, &name);
    put_name(out, &name);
    put_amounts(out, part->quantity, part->gross, place->tax_count);
    for (size_t i = 0; i < place->tax_count; i++)
        put_tax(out, place->rates[i].rate_ppm, part->taxes[i]);
}

static void put_named(struct buf *out, const struct ledger_credit_part *part)
{
    put_name(out, part);
    put_amounts(out, part->quantity, part->gross_minor, part->taxes.count);
    for (size_t i = 0; i < part->taxes.count; i++)
        put_tax(out, part->taxes.items[i].rate_ppm, part->taxes.items[i].tax_minor);
}

static void put_tender(struct buf *out, const char *kind, const char *gateway,
                       const char *parent_id, int64_t amount)
{
    varint_put_text(out, kind);
    varint_put_text(out, gateway);
    varint_put_text(out, parent_id);
    varint_put_amount(out, amount);
}

static void put_taken(struct buf *out, int32_t number, int32_t mark, int64_t units)
{
    varint_put(out, (uint32_t)number);
    put_mark(out, mark);
    varint_put_amount(out, units);
}

static int pack_end(struct buf *out, size_t start)
{
    if (!out->failed)
        return 0;
    buf_truncate(out, start);
    return -ENOMEM;
}

int ledger_pack(const struct ledger_balance *balance, const struct credit *credit,
                const struct credit_tender tenders[], size_t tender_count, struct buf *out)
{
    const size_t start = out->size;
    buf_byte(out, VERSION);
    varint_put_amount(out, credit->account);
    varint_put(out, credit->count);
    for (size_t i = 0; i < credit->count; i++)
        put_part(out, balance, &credit->parts[i]);
    varint_put(out, tender_count);
    for (size_t i = 0; i < tender_count; i++)
        put_tender(out, tenders[i].kind, tenders[i].gateway, tenders[i].parent_id,
                   tenders[i].amount);
    varint_put(out, 0); /* taken */
    return pack_end(out, start);
}

int ledger_pack_taken(const struct ledger_entry *entry, const struct ledger_taken taken[],
                      size_t count, struct buf *out)
{
    const size_t start = out->size;
    buf_byte(out, VERSION);
    varint_put_amount(out, 0); /* account */
    varint_put(out, 0);        /* parts */
    varint_put(out, 0);        /* tenders */
    varint_put(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_line *line = &entry->lines.items[taken[i].line];
        put_taken(out, line->number, ledger_line_mark(line), taken[i].units);
    }
    return pack_end(out, start);
}

int ledger_pack_again(const struct ledger_credit *credit, struct buf *out)
{
    const size_t start = out->size;
    buf_byte(out, VERSION);
    varint_put_amount(out, credit->account_minor);
    varint_put(out, credit->parts.count);
    for (size_t i = 0; i < credit->parts.count; i++)
        put_named(out, &credit->parts.items[i]);
    varint_put(out, credit->tenders.count);
    for (size_t i = 0; i < credit->tenders.count; i++) {
        const struct ledger_credit_tender *t = &credit->tenders.items[i];
        put_tender(out, t->kind, t->gateway, t->parent_id, t->amount_minor);
    }
    varint_put(out, credit->taken.count);
    for (size_t i = 0; i < credit->taken.count; i++) {
        const struct ledger_credit_taken *t = &credit->taken.items[i];
        put_taken(out, t->number, t->mark, t->units);
    }
    return pack_end(out, start);
}

/* ---- reading ---- */

struct unpacker {
    struct varint_reader r;
    struct arena *arena;
    struct ledger_credit *credit;
    bool no_memory;
};

static void *unpack_array(struct unpacker *u, size_t bytes_min, size_t size, size_t *ret_count)
{
    *ret_count = varint_take(&u->r, (uint64_t)(u->r.end - u->r.at) / bytes_min);
    void *items = arena_alloc(u->arena, (*ret_count + 1) * size);
    u->no_memory |= items == NULL;
    if (items == NULL)
        *ret_count = 0;
    return items;
}

static int32_t take_int(struct unpacker *u)
{
    const int64_t value = varint_take_amount(&u->r);
    u->r.bad |= value < INT32_MIN || value > INT32_MAX;
    return u->r.bad ? 0 : (int32_t)value;
}

static int32_t take_mark(struct unpacker *u)
{
    int32_t mark = 0;
    for (int i = 0; i < MARK_BYTES; i++)
        mark = mark << 8 | varint_byte(&u->r);
    return mark;
}

static const char *take_text(struct unpacker *u)
{
    return varint_take_text(&u->r, u->arena, &u->no_memory);
}

static const char *take_needed(struct unpacker *u)
{
    const char *text = take_text(u);
    u->r.bad |= text == NULL && !u->no_memory;
    return text;
}

static void take_name(struct unpacker *u, struct ledger_credit_part *part)
{
    const uint8_t what = varint_byte(&u->r);
    u->r.bad |= what >= CREDIT_PLACE_COUNT;
    part->what = (enum credit_place)what;
    if (u->r.bad || part->what == CREDIT_AT_ORDER)
        return;
    part->number = (int32_t)varint_take(&u->r, INT32_MAX);
    if (part->what == CREDIT_AT_CHARGE) {
        part->code = take_needed(u);
        part->line_id = take_text(u);
        return;
    }
    part->mark = take_mark(u);
    if (part->what == CREDIT_AT_OWED)
        part->edit_id = take_needed(u);
}

static void sum_up(struct unpacker *u, int64_t *sum, int64_t more)
{
    u->r.bad |= __builtin_add_overflow(*sum, more, sum);
}

static void take_part(struct unpacker *u, struct ledger_credit_part *part)
{
    take_name(u, part);
    part->quantity = take_int(u);
    part->gross_minor = varint_take_amount(&u->r);
    sum_up(u, &u->credit->amount_minor, part->gross_minor);
    part->taxes.items =
        unpack_array(u, TAX_BYTES_MIN, sizeof *part->taxes.items, &part->taxes.count);
    for (size_t i = 0; i < part->taxes.count; i++) {
        struct ledger_credit_tax *tax = &part->taxes.items[i];
        tax->rate_ppm = varint_take_amount(&u->r);
        tax->tax_minor = varint_take_amount(&u->r);
        sum_up(u, &u->credit->tax_minor, tax->tax_minor);
    }
}

static void take_parts(struct unpacker *u)
{
    struct ledger_credit *c = u->credit;
    c->parts.items = unpack_array(u, PART_BYTES_MIN, sizeof *c->parts.items, &c->parts.count);
    for (size_t i = 0; i < c->parts.count; i++)
        take_part(u, &c->parts.items[i]);
}

static void take_tenders(struct unpacker *u)
{
    struct ledger_credit *c = u->credit;
    c->tenders.items =
        unpack_array(u, TENDER_BYTES_MIN, sizeof *c->tenders.items, &c->tenders.count);
    for (size_t i = 0; i < c->tenders.count; i++) {
        struct ledger_credit_tender *t = &c->tenders.items[i];
        t->kind = take_needed(u);
        t->gateway = take_text(u);
        t->parent_id = take_text(u);
        t->amount_minor = varint_take_amount(&u->r);
    }
}

static void take_taken(struct unpacker *u)
{
    struct ledger_credit *c = u->credit;
    c->taken.items = unpack_array(u, TAKEN_BYTES_MIN, sizeof *c->taken.items, &c->taken.count);
    for (size_t i = 0; i < c->taken.count; i++) {
        c->taken.items[i].number = (int32_t)varint_take(&u->r, INT32_MAX);
        c->taken.items[i].mark = take_mark(u);
        c->taken.items[i].units = take_int(u);
    }
}

int ledger_unpack(const char *bytes, size_t size, struct arena *arena,
                  struct ledger_credit *ret_credit, size_t *ret_used)
{
    const uint8_t *start = (const uint8_t *)bytes;
    struct ledger_credit credit = {.key = "",
                                   .order = "",
                                   .company = "",
                                   .channel = "",
                                   .store = "",
                                   .order_id = "",
                                   .refund_id = "",
                                   .state = CREDIT_OPEN,
                                   .currency = ""};
    struct unpacker u = {.r = {start, start + size, false}, .arena = arena, .credit = &credit};
    u.r.bad = varint_byte(&u.r) != VERSION;
    credit.account_minor = varint_take_amount(&u.r);
    take_parts(&u);
    take_tenders(&u);
    take_taken(&u);
    if (u.no_memory)
        return -ENOMEM;
    if (u.r.bad)
        return -EBADMSG;
    *ret_credit = credit;
    *ret_used = (size_t)(u.r.at - start);
    return 0;
}
