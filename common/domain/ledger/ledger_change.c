/* From one entry to the next; see ledger_change.h. */
#include "domain/ledger/ledger_change.h"

#include <errno.h>
#include <string.h>

struct changer {
    struct ledger_entry *entry;
    struct arena *arena;
    bool no_memory;
};

/* A copy with room for `more` items. */
static void *grow(struct changer *c, const void *items, size_t count, size_t more, size_t size)
{
    char *copy = arena_alloc(c->arena, (count + more + 1) * size);
    c->no_memory |= copy == NULL;
    if (copy != NULL && count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

#define GROW(c, array, more)                                                                       \
    ((array).items = grow((c), (array).items, (array).count, (more), sizeof *(array).items))

bool ledger_has_credit(const struct ledger_entry *entry, const char *refund_id)
{
    bool found = false;
    for (size_t i = 0; i < entry->credits.count; i++)
        found |= strcmp(entry->credits.items[i].refund_id, refund_id) == 0;
    return found;
}

/* ---- an entry of its own ---- */

int ledger_book_open(const struct ledger_entry *entry, size_t notes, size_t owed,
                     struct arena *arena, struct ledger_book *ret_book)
{
    ret_book->entry = *entry;
    ret_book->arena = arena;
    struct ledger_entry *e = &ret_book->entry;
    struct changer c = {.entry = e, .arena = arena};
    GROW(&c, e->lines, 0);
    GROW(&c, e->charges, 0);
    GROW(&c, e->tenders, 0);
    GROW(&c, e->credits, notes);
    GROW(&c, e->shares, e->lines.count + e->charges.count); /* one for each group at most */
    GROW(&c, e->owed, owed);
    for (size_t i = 0; !c.no_memory && i < e->lines.count; i++)
        GROW(&c, e->lines.items[i].taxes, 0);
    for (size_t i = 0; !c.no_memory && i < e->charges.count; i++)
        GROW(&c, e->charges.items[i].taxes, 0);
    for (size_t i = 0; !c.no_memory && i < e->shares.count; i++)
        GROW(&c, e->shares.items[i].taxes, 0);
    for (size_t i = 0; !c.no_memory && i < e->owed.count; i++)
        GROW(&c, e->owed.items[i].taxes, 0);
    return c.no_memory ? -ENOMEM : ledger_balance_read(e, arena, &ret_book->balance);
}

/* ---- a credit note ---- */

/* What counts in the entry's own amounts: with tax or without. */
static int64_t amount_of(const struct ledger_entry *e, const struct credit_part *part,
                         size_t tax_count)
{
    int64_t amount = part->gross;
    for (size_t i = 0; !e->tax_included && i < tax_count; i++)
        amount -= part->taxes[i];
    return amount;
}

static void add_taxes(struct ledger_tax taxes[], size_t count, const struct credit_part *part)
{
    for (size_t i = 0; i < count; i++)
        taxes[i].credited_minor += part->taxes[i];
}

static void credit_line(struct changer *c, size_t at, const struct credit_part *part)
{
    struct ledger_line *line = &c->entry->lines.items[at];
    line->credited_quantity += (int32_t)part->quantity;
    line->credited_minor += amount_of(c->entry, part, line->taxes.count);
    add_taxes(line->taxes.items, line->taxes.count, part);
}

static void credit_charge(struct changer *c, size_t at, const struct credit_part *part)
{
    struct ledger_charge *charge = &c->entry->charges.items[at];
    charge->credited_minor += amount_of(c->entry, part, charge->taxes.count);
    add_taxes(charge->taxes.items, charge->taxes.count, part);
}

static void credit_owed(struct changer *c, size_t at, const struct credit_part *part)
{
    struct ledger_owed *owed = &c->entry->owed.items[at];
    owed->quantity -= (int32_t)part->quantity;
    owed->amount_minor -= amount_of(c->entry, part, owed->taxes.count);
    for (size_t i = 0; i < owed->taxes.count; i++)
        owed->taxes.items[i].tax_minor -= part->taxes[i];
    for (size_t i = 0; i < c->entry->lines.count; i++)
        if (c->entry->lines.items[i].number == owed->number) {
            credit_line(c, i, part);
            return;
        }
}

static void credit_share(struct changer *c, const struct ledger_place *group,
                         const struct credit_part *part)
{
    struct ledger_entry *e = c->entry;
    size_t at = 0;
    for (; at < e->shares.count; at++) {
        bool same = e->shares.items[at].taxes.count == group->tax_count;
        for (size_t i = 0; same && i < group->tax_count; i++)
            same = e->shares.items[at].taxes.items[i].rate_ppm == group->rates[i].rate_ppm;
        if (same)
            break;
    }
    struct ledger_share *share = &e->shares.items[at];
    if (at == e->shares.count) {
        e->shares.count++;
        *share = (struct ledger_share){.taxes = {.count = group->tax_count}};
        share->taxes.items = grow(c, group->rates, group->tax_count, 0, sizeof *share->taxes.items);
        for (size_t i = 0; !c->no_memory && i < group->tax_count; i++)
            share->taxes.items[i] = (struct ledger_tax){.rate_ppm = group->rates[i].rate_ppm};
    }
    share->credited_minor += amount_of(e, part, group->tax_count);
    if (!c->no_memory)
        add_taxes(share->taxes.items, group->tax_count, part);
}

static void apply_part(struct changer *c, const struct ledger_balance *b,
                       const struct credit_part *part)
{
    if (part->place < ledger_charges_at(b))
        credit_line(c, part->place, part);
    else if (part->place < ledger_owed_at(b))
        credit_charge(c, part->place - ledger_charges_at(b), part);
    else if (part->place < ledger_groups_at(b))
        credit_owed(c, part->place - ledger_owed_at(b), part);
    else
        credit_share(c, &b->places[part->place], part);
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static int64_t tender_room(const struct ledger_tender *t)
{
    return t->amount_minor - t->credited_minor;
}

/* To the payment that it names; else to those of its kind and provider, the first first. What finds
 * none is not noted: who was paid otherwise than they paid is in the note. */
static void apply_tender(struct ledger_entry *e, const struct credit_tender *back)
{
    int64_t rest = back->amount;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < e->tenders.count && rest > 0; i++) {
            struct ledger_tender *t = &e->tenders.items[i];
            const bool fits =
                pass == 0 ? same_text(t->transaction_id, back->parent_id)
                          : same_text(t->kind, back->kind) &&
                                (back->gateway == NULL || same_text(t->gateway, back->gateway));
            const int64_t room = tender_room(t), part = rest < room ? rest : room;
            if (!fits || part <= 0)
                continue;
            t->credited_minor += part;
            rest -= part;
        }
}

static void note_credit(struct changer *c, const struct ledger_balance *b,
                        const struct credit *credit, const struct credit_note_posted *note)
{
    struct ledger_note row = {
        .refund_id = note->refund_id, .document = note->document, .posted_at = note->posted_at};
    for (size_t i = 0; i < credit->count; i++) {
        const struct credit_part *part = &credit->parts[i];
        row.amount_minor += part->gross;
        for (size_t k = 0; k < b->places[part->place].tax_count; k++)
            row.tax_minor += part->taxes[k];
    }
    c->entry->credits.items[c->entry->credits.count++] = row;
}

int ledger_book_apply(struct ledger_book *book, const struct credit *credit,
                      const struct credit_note_posted *note)
{
    struct ledger_excess excess;
    struct changer c = {.entry = &book->entry, .arena = book->arena};
    if (ledger_has_credit(&book->entry, note->refund_id))
        return -EEXIST;
    const int r = ledger_reserve(&book->balance, credit, &excess);
    if (r < 0)
        return r;
    for (size_t i = 0; !c.no_memory && i < credit->count; i++)
        apply_part(&c, &book->balance, &credit->parts[i]);
    if (c.no_memory)
        return -ENOMEM;
    for (size_t i = 0; i < note->tender_count; i++)
        apply_tender(&book->entry, &note->tenders[i]);
    note_credit(&c, &book->balance, credit, note);
    book->entry.outstanding_credited_minor += credit->account;
    book->entry.version++;
    return 0;
}

int ledger_apply(const struct ledger_entry *entry, const struct credit *credit,
                 const struct credit_note_posted *note, struct arena *arena,
                 struct ledger_entry *ret_entry)
{
    struct ledger_book book;
    int r = ledger_has_credit(entry, note->refund_id) ? -EEXIST : 0;
    if (r == 0)
        r = ledger_book_open(entry, 1, 0, arena, &book);
    if (r == 0)
        r = ledger_book_apply(&book, credit, note);
    if (r == 0)
        *ret_entry = book.entry;
    return r;
}

/* ---- an edit ---- */

static struct ledger_owed owe_line(struct changer *c, struct exact *x,
                                   const struct ledger_balance *b, const struct ledger_taken *taken)
{
    const struct ledger_line *line = &c->entry->lines.items[taken->line];
    const struct ledger_place *place = &b->places[taken->line];
    const int64_t units = taken->units < place->quantity ? taken->units : place->quantity;
    int64_t *taxes = arena_alloc(c->arena, (place->tax_count + 1) * sizeof *taxes);
    struct ledger_owed owed = {.number = line->number, .quantity = (int32_t)units};
    owed.taxes.items = arena_alloc(c->arena, (place->tax_count + 1) * sizeof *owed.taxes.items);
    owed.taxes.count = place->tax_count;
    c->no_memory |= taxes == NULL || owed.taxes.items == NULL;
    if (c->no_memory || units <= 0)
        return owed;
    ledger_share_of(x, place, units, &owed.amount_minor, taxes);
    owed.discount_minor = exact_share(x, line->discount_minor, units, line->quantity);
    for (size_t i = 0; i < place->tax_count; i++) {
        owed.taxes.items[i] =
            (struct ledger_tax){.rate_ppm = place->rates[i].rate_ppm, .tax_minor = taxes[i]};
        if (!c->entry->tax_included)
            owed.amount_minor -= taxes[i];
    }
    return owed;
}

/* Behind what is as old: the oldest first. */
static void insert_owed(struct ledger_entry *e, const struct ledger_owed *owed)
{
    size_t at = e->owed.count++;
    for (; at > 0 && e->owed.items[at - 1].event_time > owed->event_time; at--)
        e->owed.items[at] = e->owed.items[at - 1];
    e->owed.items[at] = *owed;
}

static bool is_owed(const struct ledger_entry *entry, const char *edit_id)
{
    bool found = false;
    for (size_t i = 0; i < entry->owed.count; i++)
        found |= strcmp(entry->owed.items[i].edit_id, edit_id) == 0;
    return found;
}

int ledger_book_owe(struct ledger_book *book, const char *edit_id, int64_t event_time,
                    const struct ledger_taken taken[], size_t count)
{
    struct ledger_entry *entry = &book->entry;
    struct changer c = {.entry = entry, .arena = book->arena};
    struct exact x = {.currency = book->balance.currency};
    if (is_owed(entry, edit_id))
        return -EEXIST;
    for (size_t i = 0; !c.no_memory && i < count; i++) {
        struct ledger_owed owed = owe_line(&c, &x, &book->balance, &taken[i]);
        owed.edit_id = edit_id;
        owed.event_time = event_time;
        if (c.no_memory || owed.quantity <= 0)
            continue;
        insert_owed(entry, &owed);
        /* the same line once more in one edit: of what is left then */
        struct ledger_place *place = &book->balance.places[taken[i].line];
        place->quantity -= owed.quantity;
        place->gross -= owed.amount_minor;
        for (size_t k = 0; k < place->tax_count; k++) {
            place->taxes[k] -= owed.taxes.items[k].tax_minor;
            place->gross -= entry->tax_included ? 0 : owed.taxes.items[k].tax_minor;
        }
    }
    if (c.no_memory)
        return -ENOMEM;
    if (x.overflow)
        return -EBADMSG;
    entry->version++;
    return ledger_balance_read(entry, book->arena, &book->balance);
}

int ledger_owe(const struct ledger_entry *entry, const char *edit_id, int64_t event_time,
               const struct ledger_taken taken[], size_t count, struct arena *arena,
               struct ledger_entry *ret_entry)
{
    struct ledger_book book;
    int r = is_owed(entry, edit_id) ? -EEXIST : 0;
    if (r == 0)
        r = ledger_book_open(entry, 0, count, arena, &book);
    if (r == 0)
        r = ledger_book_owe(&book, edit_id, event_time, taken, count);
    if (r == 0)
        *ret_entry = book.entry;
    return r;
}
