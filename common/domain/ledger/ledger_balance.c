/* What remains creditable of an order; see ledger_balance.h. */
#include "domain/ledger/ledger_balance.h"

#include <assert.h>
#include <errno.h>

/* 0 <= part <= whole, or the other way round where the whole is negative. */
static bool is_part(int64_t part, int64_t whole)
{
    return whole >= 0 ? part >= 0 && part <= whole : part <= 0 && part >= whole;
}

/* ---- reading an entry ---- */

struct balance_reader {
    struct ledger_balance *balance;
    struct arena *arena;
    struct exact exact;
    int64_t magnitude; /* of everything that was read: no sum of some of it can be too large */
    bool no_memory, is_broken;
};

static bool same_rates(const struct ledger_place *place, const struct ledger_tax *rates,
                       size_t count)
{
    bool same = place->tax_count == count;
    for (size_t i = 0; same && i < count; i++)
        same = place->rates[i].rate_ppm == rates[i].rate_ppm;
    return same;
}

static size_t find_group(const struct ledger_balance *b, const struct ledger_tax *rates,
                         size_t count)
{
    const size_t first = ledger_groups_at(b);
    for (size_t i = first; i < first + b->group_count; i++)
        if (same_rates(&b->places[i], rates, count))
            return i;
    return LEDGER_NO_GROUP;
}

static int64_t *take_taxes(struct balance_reader *r, size_t count)
{
    int64_t *taxes = arena_alloc(r->arena, (count + 1) * sizeof *taxes);
    r->no_memory |= taxes == NULL;
    return taxes;
}

/* Adds (sign 1) or takes (sign -1) a place's rest to or from another one's of the same rates. */
static void balance_move(struct exact *x, struct ledger_place *to, const struct ledger_place *from,
                         int64_t sign)
{
    to->gross = exact_add(x, to->gross, sign * from->gross);
    for (size_t i = 0; i < to->tax_count; i++)
        to->taxes[i] = exact_add(x, to->taxes[i], sign * from->taxes[i]);
}

static void read_magnitude(struct balance_reader *r, int64_t minor)
{
    r->magnitude =
        exact_add(&r->exact, r->magnitude, minor < 0 ? exact_subtract(&r->exact, 0, minor) : minor);
}

/* What is left of an amount and its taxes. */
static struct ledger_place read_place(struct balance_reader *r, int64_t amount, int64_t credited,
                                      const struct ledger_tax *taxes, size_t count)
{
    struct exact *x = &r->exact;
    struct ledger_place place = {.group = LEDGER_NO_GROUP,
                                 .rates = taxes,
                                 .taxes = take_taxes(r, count),
                                 .tax_count = count,
                                 .gross = exact_subtract(x, amount, credited)};
    r->is_broken |= !is_part(credited, amount);
    for (size_t i = 0; !r->no_memory && i < count; i++) {
        place.taxes[i] = exact_subtract(x, taxes[i].tax_minor, taxes[i].credited_minor);
        r->is_broken |= !is_part(taxes[i].credited_minor, taxes[i].tax_minor);
        read_magnitude(r, taxes[i].tax_minor);
        if (!r->balance->entry->tax_included)
            place.gross = exact_add(x, place.gross, place.taxes[i]);
    }
    read_magnitude(r, amount);
    return place;
}

/* A negative amount has no group, whatever is left of it: it would make room for what nobody paid. */
static void join_group(struct balance_reader *r, struct ledger_place *place, int64_t posted)
{
    struct ledger_balance *b = r->balance;
    if (r->no_memory || posted < 0 || place->gross < 0)
        return;
    place->group = find_group(b, place->rates, place->tax_count);
    if (place->group == LEDGER_NO_GROUP) {
        place->group = ledger_groups_at(b) + b->group_count++;
        b->places[place->group] = (struct ledger_place){.group = LEDGER_NO_GROUP,
                                                        .rates = place->rates,
                                                        .taxes = take_taxes(r, place->tax_count),
                                                        .tax_count = place->tax_count};
    }
    if (!r->no_memory)
        balance_move(&r->exact, &b->places[place->group], place, 1);
}

static void read_lines(struct balance_reader *r)
{
    const struct ledger_entry *e = r->balance->entry;
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct ledger_line *line = &e->lines.items[i];
        struct ledger_place *place = &r->balance->places[i];
        *place = read_place(r, line->amount_minor, line->credited_minor, line->taxes.items,
                            line->taxes.count);
        place->quantity = (int64_t)line->quantity - line->credited_quantity;
        r->is_broken |= line->credited_quantity < 0 || place->quantity < 0;
        join_group(r, place, line->amount_minor);
    }
}

static void read_charges(struct balance_reader *r)
{
    const struct ledger_entry *e = r->balance->entry;
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct ledger_charge *charge = &e->charges.items[i];
        struct ledger_place *place = &r->balance->places[ledger_charges_at(r->balance) + i];
        *place = read_place(r, charge->amount_minor, charge->credited_minor, charge->taxes.items,
                            charge->taxes.count);
        join_group(r, place, charge->amount_minor);
    }
}

static size_t line_of_number(const struct ledger_entry *e, int32_t number)
{
    size_t i = 0;
    while (i < e->lines.count && e->lines.items[i].number != number)
        i++;
    return i;
}

/* Out of its line, into a place of its own; the group has it still. */
static void read_owed(struct balance_reader *r)
{
    struct ledger_balance *b = r->balance;
    const struct ledger_entry *e = b->entry;
    for (size_t i = 0; !r->no_memory && i < e->owed.count; i++) {
        const struct ledger_owed *owed = &e->owed.items[i];
        const size_t at = line_of_number(e, owed->number);
        struct ledger_place *line = &b->places[at], *place = &b->places[ledger_owed_at(b) + i];
        *place = read_place(r, owed->amount_minor, 0, owed->taxes.items, owed->taxes.count);
        place->quantity = owed->quantity;
        if (at == e->lines.count || !same_rates(line, place->rates, place->tax_count)) {
            r->is_broken = true;
            return;
        }
        place->group = line->group;
        line->quantity -= owed->quantity;
        balance_move(&r->exact, line, place, -1);
        r->is_broken |= owed->quantity < 0 || line->quantity < 0 || line->gross < 0;
        for (size_t k = 0; k < line->tax_count; k++)
            r->is_broken |= line->taxes[k] < 0;
    }
}

static void read_shares(struct balance_reader *r)
{
    struct ledger_balance *b = r->balance;
    const struct ledger_entry *e = b->entry;
    for (size_t i = 0; !r->no_memory && i < e->shares.count; i++) {
        const struct ledger_share *share = &e->shares.items[i];
        const size_t at = find_group(b, share->taxes.items, share->taxes.count);
        if (at == LEDGER_NO_GROUP) {
            r->is_broken = true;
            return;
        }
        struct ledger_place *group = &b->places[at];
        group->gross = exact_subtract(&r->exact, group->gross, share->credited_minor);
        for (size_t k = 0; k < group->tax_count; k++) {
            const int64_t tax = share->taxes.items[k].credited_minor;
            group->taxes[k] = exact_subtract(&r->exact, group->taxes[k], tax);
            if (!e->tax_included)
                group->gross = exact_subtract(&r->exact, group->gross, tax);
            r->is_broken |= group->taxes[k] < 0;
        }
        r->is_broken |= group->gross < 0;
    }
}

int ledger_balance_read(const struct ledger_entry *entry, struct arena *arena,
                        struct ledger_balance *ret_balance)
{
    const size_t places = entry->lines.count + entry->charges.count;
    struct ledger_balance balance = {.entry = entry,
                                     .currency = currency_find(entry->currency),
                                     .line_count = entry->lines.count,
                                     .charge_count = entry->charges.count,
                                     .owed_count = entry->owed.count};
    struct balance_reader r = {
        .balance = &balance, .arena = arena, .exact = {.currency = balance.currency}};
    if (balance.currency == NULL)
        return -EBADMSG;
    balance.places =
        arena_alloc(arena, (2 * places + entry->owed.count + 1) * sizeof *balance.places);
    if (balance.places == NULL)
        return -ENOMEM;
    balance.gross = ledger_creditable(&r.exact, entry);
    balance.account =
        exact_subtract(&r.exact, entry->outstanding_minor, entry->outstanding_credited_minor);
    read_lines(&r);
    read_charges(&r);
    read_owed(&r);
    read_shares(&r);
    if (r.no_memory)
        return -ENOMEM;
    if (r.is_broken || r.exact.overflow || balance.account < 0)
        return -EBADMSG;
    *ret_balance = balance;
    return 0;
}

/* ---- taking and giving back ---- */

static int64_t part_tax(struct exact *x, const struct ledger_place *place,
                        const struct credit_part *part)
{
    int64_t sum = 0;
    for (size_t i = 0; i < place->tax_count; i++)
        sum = exact_add(x, sum, part->taxes[i]);
    return sum;
}

static bool place_has(struct exact *x, const struct ledger_place *place, size_t at,
                      const struct credit_part *part, struct ledger_excess *ret_excess)
{
    const int64_t net = exact_subtract(x, part->gross, part_tax(x, place, part)),
                  net_rest = exact_subtract(x, place->gross, ledger_place_tax(place));
    struct ledger_excess excess = {.place = at};
    for (size_t i = 0; i < place->tax_count; i++)
        if (!is_part(part->taxes[i], place->taxes[i]))
            excess = (struct ledger_excess){EXCESS_TAX, at, part->taxes[i], place->taxes[i]};
    if (!is_part(net, net_rest))
        excess = (struct ledger_excess){EXCESS_NET, at, net, net_rest};
    if (!is_part(part->gross, place->gross))
        excess = (struct ledger_excess){EXCESS_GROSS, at, part->gross, place->gross};
    if (excess.wanted != 0)
        *ret_excess = excess;
    return excess.wanted == 0;
}

static void place_change(struct ledger_place *place, const struct credit_part *part, int64_t sign)
{
    place->gross += sign * part->gross; /* within what was added up */
    for (size_t i = 0; i < place->tax_count; i++)
        place->taxes[i] += sign * part->taxes[i];
}

static void part_change(struct ledger_balance *b, const struct credit_part *part, int64_t sign)
{
    struct ledger_place *place = &b->places[part->place];
    place->quantity += sign * part->quantity;
    place_change(place, part, sign);
    if (place->group != LEDGER_NO_GROUP)
        place_change(&b->places[place->group], part, sign);
    b->gross += sign * part->gross;
}

static bool has_room(struct exact *x, const struct ledger_balance *b,
                     const struct credit_part *part, struct ledger_excess *ret_excess)
{
    const struct ledger_place *place = &b->places[part->place];
    assert(part->place < ledger_groups_at(b) + b->group_count);
    if (!is_part(part->quantity, place->quantity)) {
        *ret_excess =
            (struct ledger_excess){EXCESS_QUANTITY, part->place, part->quantity, place->quantity};
        return false;
    }
    return place_has(x, place, part->place, part, ret_excess) &&
           (place->group == LEDGER_NO_GROUP ||
            place_has(x, &b->places[place->group], place->group, part, ret_excess));
}

static int64_t credit_gross(struct exact *x, const struct credit *credit)
{
    int64_t sum = 0;
    for (size_t i = 0; i < credit->count; i++)
        sum = exact_add(x, sum, credit->parts[i].gross);
    return sum;
}

int ledger_reserve(struct ledger_balance *b, const struct credit *credit,
                   struct ledger_excess *ret_excess)
{
    struct exact x = {.currency = b->currency};
    struct ledger_excess excess = {0};
    const int64_t gross = credit_gross(&x, credit);
    size_t done = 0;
    while (!x.overflow && done < credit->count && has_room(&x, b, &credit->parts[done], &excess))
        part_change(b, &credit->parts[done++], -1);
    /* Parts have taken from the order already: what is below 0 now was not there. */
    bool fits = done == credit->count;
    if (fits && b->gross < 0) {
        excess = (struct ledger_excess){EXCESS_ORDER, 0, gross, b->gross + gross};
        fits = false;
    }
    if (fits && !is_part(credit->account, b->account)) {
        excess = (struct ledger_excess){EXCESS_ACCOUNT, 0, credit->account, b->account};
        fits = false;
    }
    if (fits && !x.overflow) {
        b->account -= credit->account;
        return 0;
    }
    while (done > 0)
        part_change(b, &credit->parts[--done], 1);
    if (x.overflow)
        return -ERANGE;
    *ret_excess = excess;
    return -ENOSPC;
}

void ledger_release(struct ledger_balance *b, const struct credit *credit)
{
    for (size_t i = 0; i < credit->count; i++)
        part_change(b, &credit->parts[i], 1);
    b->account += credit->account;
}

/* ---- looking ---- */

void ledger_share_of(struct exact *x, const struct ledger_place *place, int64_t units,
                     int64_t *ret_gross, int64_t ret_taxes[])
{
    *ret_gross = exact_share(x, place->gross, units, place->quantity);
    for (size_t i = 0; i < place->tax_count; i++)
        ret_taxes[i] = exact_share(x, place->taxes[i], units, place->quantity);
}

static int64_t taxes_credited(struct exact *x, const struct ledger_entry *e,
                              const struct ledger_tax taxes[], size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; !e->tax_included && i < count; i++)
        sum = exact_add(x, sum, taxes[i].credited_minor);
    return sum;
}

int64_t ledger_creditable(struct exact *x, const struct ledger_entry *e)
{
    int64_t rest = e->total_minor;
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct ledger_line *l = &e->lines.items[i];
        rest = exact_subtract(x, rest, l->credited_minor);
        rest = exact_subtract(x, rest, taxes_credited(x, e, l->taxes.items, l->taxes.count));
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct ledger_charge *c = &e->charges.items[i];
        rest = exact_subtract(x, rest, c->credited_minor);
        rest = exact_subtract(x, rest, taxes_credited(x, e, c->taxes.items, c->taxes.count));
    }
    for (size_t i = 0; i < e->shares.count; i++) {
        const struct ledger_share *s = &e->shares.items[i];
        rest = exact_subtract(x, rest, s->credited_minor);
        rest = exact_subtract(x, rest, taxes_credited(x, e, s->taxes.items, s->taxes.count));
    }
    return rest;
}

int64_t ledger_rounding(const struct ledger_balance *b)
{
    int64_t sum = 0;
    for (size_t i = 0; i < b->line_count; i++)
        if (b->places[i].quantity == 0 && b->places[i].gross > 0)
            sum += b->places[i].gross;
    return sum < b->gross ? sum : b->gross > 0 ? b->gross : 0;
}
