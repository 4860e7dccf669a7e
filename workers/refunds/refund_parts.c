/* What a refund consists of; see refund_parts.h. */
#include "refund_parts.h"

#include "refund_money.h"

#include <errno.h>
#include <string.h>

struct parts_reader {
    const struct refund_event *event;
    const struct ledger_balance *balance;
    const struct ledger_entry *entry;
    struct arena *arena;
    struct refund_parts *parts;
    size_t *places; /* found for the part at hand */
    size_t place_count;
    const char *fault, *stranger; /* the first of each */
    bool no_memory;
};

/* One amount as the event has it, before it is spread over places. */
struct told {
    int64_t amount;
    bool has_tax;
    int64_t tax;
    const struct refund_tax *rates;
    size_t rate_count;
};

static void parts_fault(struct parts_reader *r, const char *what)
{
    if (r->fault == NULL)
        r->fault = what;
}

static int64_t read_money(struct parts_reader *r, const struct money_set *set)
{
    if (!refund_has(r->entry, set))
        parts_fault(r, "an amount lacks presentment money, in which the order was posted");
    return refund_pick(r->entry, set);
}

static struct told read_told(struct parts_reader *r, const struct money_set *amount,
                             const struct money_set *tax, const struct refund_tax *rates,
                             size_t rate_count)
{
    struct told told = {.amount = read_money(r, amount),
                        .has_tax = tax != NULL || rate_count > 0,
                        .rates = rates,
                        .rate_count = rate_count};
    for (size_t i = 0; i < rate_count; i++) {
        const int64_t one = read_money(r, &rates[i].amount);
        if (one < 0)
            parts_fault(r, "a tax is negative; what comes back is a positive amount");
        told.tax = exact_add(&r->parts->exact, told.tax, one);
    }
    if (rate_count == 0 && tax != NULL)
        told.tax = read_money(r, tax);
    if (told.has_tax && told.tax < 0)
        parts_fault(r, "a tax is negative; what comes back is a positive amount");
    return told;
}

static struct refund_part *add_part(struct parts_reader *r, enum part_kind kind)
{
    struct refund_parts *p = r->parts;
    if (p->count == p->room) {
        parts_fault(r, "the refund has more parts than can be shared out");
        return NULL;
    }
    p->items[p->count] = (struct refund_part){.kind = kind};
    return &p->items[p->count++];
}

/* ---- spreading an amount over places ---- */

static int64_t above_0(int64_t minor)
{
    return minor > 0 ? minor : 0;
}

/* The stated tax by the rates of the place: per rate as told, or one sum by what remains of each. */
static void tell_taxes(struct parts_reader *r, struct refund_part *part, const struct told *told,
                       int64_t tax)
{
    struct exact *x = &r->parts->exact;
    const struct ledger_place *place = &r->balance->places[part->place];
    int64_t weights[SHARES_MAX];
    if (!told->has_tax)
        return;
    part->taxes = arena_alloc(r->arena, (place->tax_count + 1) * sizeof *part->taxes);
    r->no_memory |= part->taxes == NULL;
    if (place->tax_count > SHARES_MAX)
        parts_fault(r, "the order has more taxes on a line than can be shared out");
    if (r->no_memory || r->fault != NULL)
        return;
    for (size_t i = 0; i < place->tax_count; i++)
        weights[i] = above_0(place->taxes[i]);
    if (told->rate_count == 0) {
        if (place->tax_count > 0)
            exact_split(x, tax, weights, place->tax_count, part->taxes);
        else
            part->tax_elsewhere = tax;
        return;
    }
    for (size_t t = 0; t < told->rate_count; t++) {
        const int64_t one = exact_portion(x, refund_pick(r->entry, &told->rates[t].amount), tax,
                                          told->tax > 0 ? told->tax : 1);
        size_t k = 0;
        while (k < place->tax_count && place->rates[k].rate_ppm != told->rates[t].rate_ppm)
            k++;
        int64_t *to = k < place->tax_count ? &part->taxes[k] : &part->tax_elsewhere;
        *to = exact_add(x, *to, one);
    }
}

/* The tax that is to be added to a net amount when the channel says none: the ledger's share. */
static int64_t share_of_tax(struct exact *x, const struct ledger_place *place, int64_t net)
{
    const int64_t tax = ledger_place_tax(place), rest = exact_subtract(x, place->gross, tax);
    return rest > 0 ? exact_portion(x, net, tax, rest) : 0;
}

/* One place's part of what was told. */
static void place_part(struct parts_reader *r, enum part_kind kind, size_t place,
                       const struct told *told, int64_t amount, int64_t tax,
                       const struct refund_line *line, int64_t quantity)
{
    struct exact *x = &r->parts->exact;
    struct refund_part *part = add_part(r, kind);
    if (part == NULL)
        return;
    part->place = place;
    part->line = line;
    part->quantity = quantity;
    part->gross = amount;
    if (!r->entry->tax_included)
        part->gross = exact_add(
            x, amount, told->has_tax ? tax : share_of_tax(x, &r->balance->places[place], amount));
    tell_taxes(r, part, told, tax);
}

/* For q of Q bundles each part gives back its units x q / Q. */
static int64_t units_of(const struct ledger_line *line, int64_t quantity)
{
    return line->bundle_quantity > 0 ? quantity * line->quantity / line->bundle_quantity : quantity;
}

static void spread(struct parts_reader *r, enum part_kind kind, const struct told *told,
                   const struct refund_line *line)
{
    struct exact *x = &r->parts->exact;
    int64_t weights[SHARES_MAX], tax_weights[SHARES_MAX], amounts[SHARES_MAX], taxes[SHARES_MAX];
    if (r->place_count > SHARES_MAX)
        parts_fault(r, "a line has more parts than can be shared out");
    if (r->fault != NULL)
        return;
    for (size_t i = 0; i < r->place_count; i++) {
        const struct ledger_place *place = &r->balance->places[r->places[i]];
        weights[i] =
            above_0(r->entry->tax_included ? place->gross : place->gross - ledger_place_tax(place));
        tax_weights[i] = above_0(ledger_place_tax(place));
    }
    exact_split(x, told->amount, weights, r->place_count, amounts);
    exact_split(x, told->tax, tax_weights, r->place_count, taxes);
    for (size_t i = 0; i < r->place_count; i++) {
        const size_t at = r->places[i];
        place_part(r, kind, at, told, amounts[i], taxes[i], line,
                   line != NULL ? units_of(&r->entry->lines.items[at], line->quantity) : 0);
    }
}

/* ---- what the event names, in the ledger ---- */

static bool same_id(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void find_lines(struct parts_reader *r, const char *line_id)
{
    r->place_count = 0;
    for (int by_bundle = 0; by_bundle < 2 && r->place_count == 0; by_bundle++)
        for (size_t i = 0; i < r->entry->lines.count; i++) {
            const struct ledger_line *l = &r->entry->lines.items[i];
            if (same_id(by_bundle ? l->bundle_line_id : l->line_id, line_id))
                r->places[r->place_count++] = i;
        }
}

/* By its line id; where either side lacks it, every charge of that kind. */
static void find_charges(struct parts_reader *r, const char *kind, const char *line_id)
{
    r->place_count = 0;
    for (int loose = 0; loose < 2 && r->place_count == 0; loose++)
        for (size_t i = 0; i < r->entry->charges.count; i++) {
            const struct ledger_charge *c = &r->entry->charges.items[i];
            if (strcmp(c->kind, kind) != 0)
                continue;
            if (loose ? line_id == NULL || c->line_id == NULL : same_id(c->line_id, line_id))
                r->places[r->place_count++] = ledger_charges_at(r->balance) + i;
        }
}

static void stranger(struct parts_reader *r, const char *what, const char *id)
{
    if (r->stranger == NULL)
        r->stranger = arena_printf(r->arena, "%s %.60s is not in the order as it was posted", what,
                                   id != NULL ? id : "");
    r->no_memory |= r->stranger == NULL;
}

static void read_lines(struct parts_reader *r)
{
    for (size_t i = 0; i < r->event->lines.count && r->fault == NULL; i++) {
        const struct refund_line *line = &r->event->lines.items[i];
        const struct told told =
            read_told(r, &line->amount, line->tax, line->tax_lines.items, line->tax_lines.count);
        if (line->quantity < 0)
            parts_fault(r, "a line's quantity is negative");
        if (told.amount < 0)
            parts_fault(r, "a line is negative; what comes back is a positive amount");
        find_lines(r, line->line_id);
        if (r->place_count == 0)
            stranger(r, "line", line->line_id);
        else
            spread(r, PART_LINE, &told, line);
    }
}

static void read_carriage(struct parts_reader *r)
{
    for (size_t i = 0; i < r->event->carriage.count && r->fault == NULL; i++) {
        const struct refund_carriage *c = &r->event->carriage.items[i];
        const struct told told =
            read_told(r, &c->amount, c->tax, c->tax_lines.items, c->tax_lines.count);
        if (told.amount < 0)
            parts_fault(r, "carriage is negative; what comes back is a positive amount");
        find_charges(r, "shipping", c->line_id);
        if (r->place_count == 0)
            stranger(r, "carriage", c->line_id);
        else
            spread(r, PART_CHARGE, &told, NULL);
    }
}

static void read_charges(struct parts_reader *r)
{
    for (size_t i = 0; i < r->event->charges.count && r->fault == NULL; i++) {
        const struct refund_charge *c = &r->event->charges.items[i];
        const struct told told =
            read_told(r, &c->amount, c->tax, c->tax_lines.items, c->tax_lines.count);
        if (told.amount < 0 && c->kind != CHARGE_CASH_ROUNDING)
            parts_fault(r, "a charge is negative; only cash rounding may be");
        find_charges(r, charge_kind_names[c->kind], c->line_id);
        if (r->place_count == 0)
            stranger(r, "charge", charge_kind_names[c->kind]);
        else
            spread(r, PART_CHARGE, &told, NULL);
    }
}

static void read_order_amounts(struct parts_reader *r)
{
    if (r->event->order_amount != NULL) {
        struct refund_part *part = add_part(r, PART_ORDER);
        if (part != NULL)
            part->gross = read_money(r, r->event->order_amount);
        if (part != NULL && part->gross < 0)
            parts_fault(r, "the amount for the order is negative");
    }
    for (size_t i = 0; i < r->event->taxes.count && r->fault == NULL; i++) {
        struct refund_part *part = add_part(r, PART_TAX);
        if (part == NULL)
            return;
        part->gross = read_money(r, &r->event->taxes.items[i].amount);
        part->rate_ppm = r->event->taxes.items[i].rate_ppm;
        if (part->gross < 0)
            parts_fault(r, "a tax is negative; what comes back is a positive amount");
    }
}

/* Where prices contain tax, an adjustment's amount contains its own, or lacks it: Shopify's words are
 * that it is added, while amounts of lines contain it. What was posted tells: the tax of an amount that
 * contains it is the smaller share. */
static bool tax_was_added(struct parts_reader *r, const struct told *told)
{
    struct exact *x = &r->parts->exact;
    int64_t gross = 0, tax = 0;
    for (size_t i = 0; i < r->place_count; i++) {
        const struct ledger_place *place = &r->balance->places[r->places[i]];
        gross = exact_add(x, gross, above_0(place->gross));
        tax = exact_add(x, tax, above_0(ledger_place_tax(place)));
    }
    if (!r->entry->tax_included || tax == 0 || gross <= tax)
        return false;
    const int64_t contained = exact_portion(x, told->amount, tax, gross),
                  added = exact_portion(x, told->amount, tax, gross - tax);
    return told->tax > contained && added - told->tax < told->tax - contained;
}

/* Carriage is always more back, whatever its sign; told twice, the line wins. */
static void read_adjustments(struct parts_reader *r)
{
    struct refund_parts *p = r->parts;
    struct told carriage = {0};
    for (size_t i = 0; i < r->event->adjustments.count; i++) {
        const struct refund_adjustment *a = &r->event->adjustments.items[i];
        int64_t amount = read_money(r, &a->amount);
        const int64_t tax = a->tax != NULL ? read_money(r, a->tax) : 0;
        if (a->kind == ADJUSTMENT_CARRIAGE) {
            carriage.amount = exact_add(&p->exact, carriage.amount, amount);
            carriage.tax = exact_add(&p->exact, carriage.tax, tax);
            carriage.has_tax |= a->tax != NULL;
            continue;
        }
        if (!r->entry->tax_included)
            amount = exact_add(&p->exact, amount, tax);
        p->adjustments = exact_add(&p->exact, p->adjustments, amount);
        p->adjustments_tax = exact_add(&p->exact, p->adjustments_tax, tax);
        p->adjustments_have_tax |= a->tax != NULL;
    }
    if (carriage.amount == 0 || r->event->carriage.count > 0)
        return;
    if (carriage.amount < 0) {
        carriage.amount = exact_subtract(&p->exact, 0, carriage.amount);
        carriage.tax = exact_subtract(&p->exact, 0, carriage.tax);
    }
    if (carriage.tax < 0)
        parts_fault(r, "an adjustment's tax has another sign than its amount");
    find_charges(r, "shipping", NULL);
    if (tax_was_added(r, &carriage))
        carriage.amount = exact_add(&p->exact, carriage.amount, carriage.tax);
    if (r->place_count == 0)
        stranger(r, "carriage", NULL);
    else
        spread(r, PART_CHARGE, &carriage, NULL);
}

int refund_parts_read(const struct refund_event *event, const struct ledger_balance *balance,
                      struct arena *arena, struct refund_parts *ret_parts, const char **ret_detail)
{
    const struct ledger_entry *entry = balance->entry;
    struct refund_parts parts = {.room = SHARES_MAX, .exact = {.currency = balance->currency}};
    struct parts_reader r = {
        .event = event, .balance = balance, .entry = entry, .arena = arena, .parts = &parts};
    parts.items = arena_alloc(arena, (SHARES_MAX + 1) * sizeof *parts.items);
    r.places =
        arena_alloc(arena, (entry->lines.count + entry->charges.count + 1) * sizeof *r.places);
    if (parts.items == NULL || r.places == NULL)
        return -ENOMEM;
    read_lines(&r);
    read_carriage(&r);
    read_charges(&r);
    read_order_amounts(&r);
    read_adjustments(&r);
    for (size_t i = 0; i < parts.count; i++)
        parts.stated = exact_add(&parts.exact, parts.stated, parts.items[i].gross);
    if (r.no_memory)
        return -ENOMEM;
    *ret_detail = r.fault != NULL        ? r.fault
                  : parts.exact.overflow ? "the amounts are too large to add up"
                  : r.stranger != NULL   ? r.stranger
                                         : NULL;
    if (r.fault != NULL || parts.exact.overflow)
        return -EINVAL;
    if (r.stranger != NULL)
        return -ENOENT;
    *ret_parts = parts;
    return 0;
}

/* ---- against the money ---- */

int refund_parts_sum(const struct refund_parts *parts, int64_t *ret_sum)
{
    if (parts->adjustments != 0)
        return -EINVAL;
    *ret_sum = parts->stated;
    return 0;
}

static bool is_empty(const struct refund_parts *p)
{
    return p->count == 0 && p->adjustments == 0;
}

static int64_t distance(int64_t a, int64_t b)
{
    struct exact x = {0};
    const int64_t d = exact_distance(&x, a, b);
    return x.overflow ? INT64_MAX : d;
}

int64_t refund_parts_nearest(const struct refund_parts *p, int64_t money)
{
    struct exact x = {0};
    const int64_t more = exact_add(&x, p->stated, p->adjustments),
                  less = exact_subtract(&x, p->stated, p->adjustments);
    if (is_empty(p))
        return money;
    return distance(more, money) <= distance(less, money) ? more : less;
}

/* A part that the channel paid back less of: its tax goes down with it. */
static void lower_part(struct exact *x, struct refund_part *part, int64_t by, size_t tax_count)
{
    const int64_t before = part->gross;
    part->gross = exact_subtract(x, before, by);
    for (size_t i = 0; part->taxes != NULL && before > 0 && i < tax_count; i++)
        part->taxes[i] = exact_portion(x, part->taxes[i], part->gross, before);
}

/* A fee: off the lines, where they come to as much, else off everything. */
static void take_fee(struct refund_parts *p, const struct ledger_balance *balance, int64_t fee)
{
    int64_t weights[SHARES_MAX], shares[SHARES_MAX], lines = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->items[i].kind == PART_LINE)
            lines = exact_add(&p->exact, lines, p->items[i].gross);
    for (size_t i = 0; i < p->count; i++)
        weights[i] = lines < fee || p->items[i].kind == PART_LINE ? above_0(p->items[i].gross) : 0;
    exact_split(&p->exact, fee, weights, p->count, shares);
    for (size_t i = 0; i < p->count; i++) {
        struct refund_part *part = &p->items[i];
        const bool has_place = part->kind == PART_LINE || part->kind == PART_CHARGE;
        lower_part(&p->exact, part, shares[i],
                   has_place ? balance->places[part->place].tax_count : 0);
    }
}

static int64_t room_of(const struct ledger_balance *balance, const struct refund_part *part)
{
    if (part->kind != PART_LINE && part->kind != PART_CHARGE)
        return part->kind == PART_TAX ? 0 : INT64_MAX;
    if (part->gross < 0)
        return 0;
    return above_0(balance->places[part->place].gross - part->gross);
}

/* What rounding left: more to whatever has room, less off the largest part. What finds no room stays
 * on the first part, where it is seen as too much. */
static void take_rounding(struct refund_parts *p, const struct ledger_balance *balance,
                          int64_t rest)
{
    size_t largest = 0;
    for (size_t i = 0; i < p->count; i++) {
        const int64_t room = rest > 0 ? room_of(balance, &p->items[i]) : 0,
                      more = rest < room ? rest : room;
        if (p->items[i].gross > p->items[largest].gross)
            largest = i;
        if (more > 0) {
            p->items[i].gross = exact_add(&p->exact, p->items[i].gross, more);
            rest -= more;
        }
    }
    if (rest < 0)
        p->items[largest].gross = exact_add(&p->exact, p->items[largest].gross, rest);
    else
        p->items[0].gross = exact_add(&p->exact, p->items[0].gross, rest);
}

int refund_parts_settle(struct refund_parts *p, const struct ledger_balance *balance, int64_t money,
                        int64_t tolerance)
{
    if (is_empty(p)) {
        p->items[p->count++] = (struct refund_part){.kind = PART_MONEY_ALONE, .gross = money};
        p->stated = money;
        return 0;
    }
    const int64_t sum = refund_parts_nearest(p, money);
    const int64_t by = exact_subtract(&p->exact, sum, p->stated);
    if (distance(sum, money) > tolerance || p->exact.overflow || p->stated < 0 || by < -p->stated)
        return -EDOM;
    if (by < 0)
        take_fee(p, balance, -by);
    if (by > 0)
        p->items[p->count++] = (struct refund_part){
            .kind = PART_ORDER,
            .gross = by,
            .has_tax = p->adjustments_have_tax,
            .tax = p->adjustments_tax < 0 ? -p->adjustments_tax : p->adjustments_tax};
    p->stated = sum;
    take_rounding(p, balance, money - sum);
    return p->exact.overflow ? -EDOM : 0;
}
