/* What each part of a refund takes; see refund_shares.h. */
#include "refund_shares.h"

#include <errno.h>

enum { PPM = 1000000 };

struct sharer {
    struct ledger_balance *balance;
    struct arena *arena;
    struct exact exact;
    bool by_channel;
    struct credit_part *parts;
    const struct refund_part **sources;
    size_t count;
    int64_t cut;
    struct ledger_excess *excess;
    int result;
};

/* ---- the tax of one part ---- */

/* A part on its way: its taxes between what must and what may be taken. */
struct portion {
    const struct ledger_place *place, *group; /* group NULL: none */
    int64_t gross;
    int64_t *taxes;
};

static int64_t tax_sum(struct exact *x, const int64_t taxes[], size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = exact_add(x, sum, taxes[i]);
    return sum;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t tax_left(const struct portion *p, size_t rate)
{
    return p->group == NULL ? p->place->taxes[rate]
                            : least(p->place->taxes[rate], p->group->taxes[rate]);
}

static int64_t net_left(const struct portion *p)
{
    const int64_t net = p->place->gross - ledger_place_tax(p->place);
    return p->group == NULL ? net : least(net, p->group->gross - ledger_place_tax(p->group));
}

/* The ledger's own share: in proportion to what remains. */
static void tax_in_proportion(struct exact *x, const struct portion *p)
{
    for (size_t i = 0; i < p->place->tax_count; i++)
        p->taxes[i] = p->place->gross != 0
                          ? exact_portion(x, p->gross, p->place->taxes[i], p->place->gross)
                          : 0;
}

/* The tax that a gross contains: at the place's rates; where those say nothing, in proportion to what
 * remains. */
static int64_t tax_allowed(struct exact *x, const struct portion *p, int64_t remains)
{
    int64_t rate = 0;
    for (size_t i = 0; i < p->place->tax_count; i++)
        rate = exact_add(x, rate, p->place->rates[i].rate_ppm);
    return rate > 0 ? exact_portion(x, p->gross, rate, PPM + rate)
                    : exact_portion(x, p->gross, remains, p->place->gross);
}

/* The last units: all that remains when rounding explains the rest, else what the gross allows. */
static void tax_of_last_units(struct exact *x, const struct portion *p, int64_t units_sold)
{
    const int64_t remains = ledger_place_tax(p->place), allowed = tax_allowed(x, p, remains);
    const size_t count = p->place->tax_count;
    if (remains <= exact_add(x, allowed, units_sold) || count == 0 || count > SHARES_MAX)
        for (size_t i = 0; i < count; i++)
            p->taxes[i] = p->place->taxes[i];
    else
        exact_split(x, allowed, p->place->taxes, count, p->taxes);
}

/* Down to what remains of each and to the gross; what was cut off. */
static int64_t tax_cap(struct exact *x, const struct portion *p)
{
    const size_t count = p->place->tax_count;
    int64_t cut = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t left = tax_left(p, i);
        if (p->taxes[i] > left) {
            cut = exact_add(x, cut, exact_subtract(x, p->taxes[i], left));
            p->taxes[i] = left;
        }
    }
    int64_t over = exact_subtract(x, tax_sum(x, p->taxes, count), p->gross);
    for (size_t i = 0; i < count && over > 0; i++) {
        const int64_t off = least(over, p->taxes[i]);
        p->taxes[i] -= off;
        cut = exact_add(x, cut, off);
        over -= off;
    }
    return cut;
}

/* Up to where the net fits into what remains of it. */
static void tax_fill(struct exact *x, const struct portion *p)
{
    const size_t count = p->place->tax_count;
    int64_t lacks =
        exact_subtract(x, exact_subtract(x, p->gross, tax_sum(x, p->taxes, count)), net_left(p));
    for (size_t i = 0; i < count && lacks > 0; i++) {
        const int64_t more = least(lacks, tax_left(p, i) - p->taxes[i]);
        if (more <= 0)
            continue;
        p->taxes[i] += more;
        lacks -= more;
    }
}

/* ---- one part ---- */

static int64_t units_sold(const struct ledger_balance *b, size_t place)
{
    return place < b->line_count ? b->entry->lines.items[place].quantity : 1;
}

static void choose_taxes(struct sharer *s, const struct refund_part *part, const struct portion *p)
{
    struct exact *x = &s->exact;
    const bool is_last =
        part->kind == PART_LINE && part->quantity > 0 && part->quantity == p->place->quantity;
    int64_t elsewhere = 0;
    if (is_last && p->place->gross > 0) {
        tax_of_last_units(x, p, units_sold(s->balance, part->place));
    } else if (part->taxes != NULL) {
        for (size_t i = 0; i < p->place->tax_count; i++)
            p->taxes[i] = part->taxes[i];
        elsewhere = part->tax_elsewhere;
    } else {
        tax_in_proportion(x, p);
    }
    const int64_t cut = exact_add(x, tax_cap(x, p), elsewhere);
    if (part->taxes != NULL && cut > (part->quantity > 1 ? part->quantity : 1))
        s->cut = exact_add(x, s->cut, cut);
    tax_fill(x, p);
}

static void take_from(struct sharer *s, const struct refund_part *source, size_t at,
                      int64_t quantity, int64_t gross, const int64_t *taxes)
{
    struct credit_part *part = &s->parts[s->count];
    *part = (struct credit_part){at, quantity, gross, taxes};
    s->sources[s->count++] = source;
    s->result = ledger_reserve(s->balance, &(struct credit){part, 1, 0}, s->excess);
}

static struct portion portion_of(struct sharer *s, size_t at, int64_t gross)
{
    const struct ledger_place *place = &s->balance->places[at];
    struct portion p = {
        .place = place,
        .group = place->group == LEDGER_NO_GROUP ? NULL : &s->balance->places[place->group],
        .gross = gross,
        .taxes = arena_alloc(s->arena, (place->tax_count + 1) * sizeof *p.taxes)};
    if (p.taxes == NULL)
        s->result = -ENOMEM;
    return p;
}

static void take_part(struct sharer *s, const struct refund_part *part)
{
    if (part->gross == 0 && part->quantity == 0)
        return;
    const struct portion p = portion_of(s, part->place, part->gross);
    if (s->result < 0)
        return;
    if (part->gross > 0)
        choose_taxes(s, part, &p);
    take_from(s, part, part->place, part->quantity, part->gross, p.taxes);
}

/* ---- amounts for the whole order ---- */

/* The excess of an amount that no group can take. */
static void too_much(struct sharer *s, int64_t wanted, int64_t remains)
{
    *s->excess = (struct ledger_excess){EXCESS_ORDER, 0, wanted, remains};
    s->result = -ENOSPC;
}

/* The tax that the channel states, by what remains at the group's rates. */
static void tell_group_tax(struct sharer *s, const struct portion *p, int64_t tax)
{
    const size_t count = p->place->tax_count;
    if (count > 0 && count <= SHARES_MAX)
        exact_split(&s->exact, tax, p->place->taxes, count, p->taxes);
    const int64_t cut = tax_cap(&s->exact, p);
    if (cut > 1)
        s->cut = exact_add(&s->exact, s->cut, cut);
}

static void take_order(struct sharer *s, const struct refund_part *part, int64_t gross)
{
    struct ledger_balance *b = s->balance;
    const size_t first = ledger_groups_at(b), count = b->group_count;
    int64_t weights[SHARES_MAX], tax_weights[SHARES_MAX], shares[SHARES_MAX], taxes[SHARES_MAX],
        remains = 0;
    if (gross == 0)
        return;
    for (size_t i = 0; i < count && count <= SHARES_MAX; i++) {
        weights[i] = b->places[first + i].gross;
        tax_weights[i] = ledger_place_tax(&b->places[first + i]);
        remains = exact_add(&s->exact, remains, weights[i]);
    }
    if (count == 0 || gross > remains || count > SHARES_MAX) {
        too_much(s, gross, remains);
        return;
    }
    exact_split(&s->exact, gross, weights, count, shares);
    exact_split(&s->exact, part->tax, tax_weights, count, taxes);
    for (size_t i = 0; i < count && s->result == 0; i++) {
        if (shares[i] == 0)
            continue;
        const struct portion p = portion_of(s, first + i, shares[i]);
        if (s->result < 0)
            return;
        if (s->by_channel && part->has_tax)
            tell_group_tax(s, &p, taxes[i]);
        else
            tax_in_proportion(&s->exact, &p);
        (void)tax_cap(&s->exact, &p);
        tax_fill(&s->exact, &p);
        take_from(s, part, first + i, 0, shares[i], p.taxes);
    }
}

/* Tax alone, of the groups that have this rate, by what remains of it in each. */
static void take_tax(struct sharer *s, const struct refund_part *part)
{
    struct ledger_balance *b = s->balance;
    const size_t first = ledger_groups_at(b);
    int64_t rest = part->gross;
    for (size_t i = 0; i < b->group_count && rest > 0 && s->result == 0; i++) {
        const struct ledger_place *group = &b->places[first + i];
        for (size_t k = 0; k < group->tax_count && rest > 0 && s->result == 0; k++) {
            const int64_t tax = least(rest, group->taxes[k]);
            if (group->rates[k].rate_ppm != part->rate_ppm || tax <= 0)
                continue;
            const struct portion p = portion_of(s, first + i, tax);
            if (s->result < 0)
                return;
            p.taxes[k] = tax;
            take_from(s, part, first + i, 0, tax, p.taxes);
            rest -= tax;
        }
    }
    if (s->result == 0 && rest > 0)
        too_much(s, part->gross, part->gross - rest);
}

/* What of something owed its rates still have, net and tax each: amounts for the whole order took from
 * them, too. */
static int64_t owed_left(struct exact *x, const struct portion *p)
{
    int64_t left = net_left(p);
    for (size_t i = 0; i < p->place->tax_count; i++)
        left = exact_add(x, left, tax_left(p, i));
    return left;
}

static void take_money(struct sharer *s, const struct refund_part *part)
{
    struct ledger_balance *b = s->balance;
    int64_t rest = part->gross;
    for (size_t at = ledger_owed_at(b); at < ledger_groups_at(b) && rest > 0; at++) {
        const struct ledger_place *owed = &b->places[at];
        struct portion p = portion_of(s, at, 0);
        if (s->result < 0)
            return;
        p.gross = least(rest, owed_left(&s->exact, &p));
        if (p.gross <= 0)
            continue;
        tax_in_proportion(&s->exact, &p);
        (void)tax_cap(&s->exact, &p);
        tax_fill(&s->exact, &p);
        rest -= p.gross;
        take_from(s, part, at, p.gross == owed->gross ? owed->quantity : 0, p.gross, p.taxes);
    }
    if (s->result == 0 && rest > 0)
        take_order(s, part, rest);
}

/* Negative amounts (the rounding of cash) first, for they make room; what is for the whole order
 * last, for it goes by what the rest left. */
static void take_all(struct sharer *s, const struct refund_parts *parts)
{
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < parts->count && s->result == 0; i++) {
            const struct refund_part *part = &parts->items[i];
            const bool has_place = part->kind == PART_LINE || part->kind == PART_CHARGE;
            if (pass != (!has_place ? 2 : part->gross < 0 ? 0 : 1))
                continue;
            if (has_place)
                take_part(s, part);
            else if (part->kind == PART_TAX)
                take_tax(s, part);
            else if (part->kind == PART_MONEY_ALONE)
                take_money(s, part);
            else
                take_order(s, part, part->gross);
        }
}

int refund_shares_take(const struct refund_parts *parts, bool tax_by_channel,
                       struct ledger_balance *balance, struct arena *arena,
                       struct refund_shares *ret_shares, struct ledger_excess *ret_excess)
{
    size_t room = 1 + balance->owed_count;
    for (size_t i = 0; i < balance->group_count; i++)
        room += 1 + balance->places[ledger_groups_at(balance) + i].tax_count;
    room *= parts->count + 1;
    struct sharer s = {.balance = balance,
                       .arena = arena,
                       .exact = {.currency = balance->currency},
                       .by_channel = tax_by_channel,
                       .parts = arena_alloc(arena, room * sizeof *s.parts),
                       .sources = arena_alloc(arena, room * sizeof *s.sources),
                       .excess = ret_excess};
    if (s.parts == NULL || s.sources == NULL)
        return -ENOMEM;
    take_all(&s, parts);
    if (s.exact.overflow && s.result == 0)
        s.result = -ERANGE;
    if (s.result == 0)
        *ret_shares = (struct refund_shares){
            .credit = {s.parts, s.count, 0}, .sources = s.sources, .cut = s.cut};
    return s.result;
}
