/* Places of a credit by name; see ledger_place.h. */
#include "domain/ledger/ledger_place.h"

#include "base/digest.h"

#include <errno.h>
#include <string.h>

#define NO_PLACE SIZE_MAX

static bool is_same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* ---- names ---- */

static void digest_text(struct digest *d, const char *text)
{
    digest_add(d, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

int32_t ledger_line_mark(const struct ledger_line *line)
{
    uint8_t hash[DIGEST_SIZE];
    struct digest *d = digest_new();
    digest_text(d, line->line_id);
    digest_text(d, line->product);
    digest_text(d, line->bundle_line_id);
    for (size_t i = 0; i < line->matrix_codes.count; i++)
        digest_text(d, line->matrix_codes.items[i]);
    digest_end(d, hash);
    const int32_t mark = hash[0] << 16 | hash[1] << 8 | hash[2];
    return mark != 0 ? mark : 1;
}

/* By its number, unless that is another line's now; then by its mark, if one line alone has it. */
static size_t find_line(const struct ledger_entry *e, int32_t number, int32_t mark)
{
    size_t found = NO_PLACE, marked = 0;
    for (size_t i = 0; i < e->lines.count; i++)
        if (e->lines.items[i].number == number &&
            (mark == 0 || ledger_line_mark(&e->lines.items[i]) == mark))
            return i;
    for (size_t i = 0; mark != 0 && i < e->lines.count; i++)
        if (ledger_line_mark(&e->lines.items[i]) == mark) {
            found = i;
            marked++;
        }
    return marked == 1 ? found : NO_PLACE;
}

static bool is_same_charge(const struct ledger_charge *charge, const char *code,
                           const char *line_id)
{
    return is_same(charge->code, code) && is_same(charge->line_id, line_id);
}

static size_t find_charge(const struct ledger_balance *b, const struct ledger_credit_part *part)
{
    int32_t before = 0;
    for (size_t i = 0; i < b->charge_count; i++)
        if (is_same_charge(&b->entry->charges.items[i], part->code, part->line_id) &&
            before++ == part->number)
            return ledger_charges_at(b) + i;
    return NO_PLACE;
}

/* What the edit left owed of the line; the line itself where nothing is owed for it any more,
 * because a version of the order that was posted since contains the edit. */
static size_t find_owed(const struct ledger_balance *b, const struct ledger_credit_part *part)
{
    const struct ledger_entry *e = b->entry;
    const size_t line = find_line(e, part->number, part->mark);
    for (size_t i = 0; line != NO_PLACE && i < b->owed_count; i++)
        if (e->owed.items[i].number == e->lines.items[line].number &&
            is_same(e->owed.items[i].edit_id, part->edit_id))
            return ledger_owed_at(b) + i;
    return line;
}

static size_t find_group(const struct ledger_balance *b, const struct ledger_credit_part *part)
{
    for (size_t g = 0; g < b->group_count; g++) {
        const struct ledger_place *group = &b->places[ledger_groups_at(b) + g];
        bool same = group->tax_count == part->taxes.count;
        for (size_t i = 0; same && i < group->tax_count; i++)
            same = group->rates[i].rate_ppm == part->taxes.items[i].rate_ppm;
        if (same)
            return ledger_groups_at(b) + g;
    }
    return NO_PLACE;
}

static size_t find_place(const struct ledger_balance *b, const struct ledger_credit_part *part)
{
    switch (part->what) {
    case CREDIT_AT_LINE:
        return find_line(b->entry, part->number, part->mark);
    case CREDIT_AT_CHARGE:
        return find_charge(b, part);
    case CREDIT_AT_OWED:
        return find_owed(b, part);
    case CREDIT_AT_ORDER:
        return find_group(b, part);
    default:
        return NO_PLACE;
    }
}

/* ---- what it takes of them ---- */

/* Units, net and taxes are each taken for themselves: a place has room for a part when it has room
 * for each of them. */
struct wanted {
    int64_t units, net;
    int64_t *taxes;
};

struct placer {
    const struct ledger_balance *balance;
    struct arena *arena;
    struct exact exact;
    struct ledger_place *left; /* of each place, while parts are being placed */
    struct credit_part *parts;
    size_t count;
    int result;
};

static void *placer_take(struct placer *p, size_t size)
{
    void *memory = arena_alloc(p->arena, size);
    if (memory == NULL)
        p->result = -ENOMEM;
    return memory;
}

/* By rate, for an amendment may have put them in another order. */
static void want_taxes(struct placer *p, const struct ledger_place *place,
                       const struct ledger_credit_part *part, struct wanted *w)
{
    bool *used = placer_take(p, place->tax_count + 1);
    for (size_t i = 0; p->result == 0 && i < part->taxes.count; i++) {
        const struct ledger_credit_tax *tax = &part->taxes.items[i];
        size_t k = 0;
        while (k < place->tax_count && (used[k] || place->rates[k].rate_ppm != tax->rate_ppm))
            k++;
        if (k < place->tax_count) {
            used[k] = true;
            w->taxes[k] = tax->tax_minor;
        } else if (tax->tax_minor != 0) {
            p->result = -ENOENT;
        }
        w->net = exact_subtract(&p->exact, w->net, tax->tax_minor);
    }
}

/* What of `*wanted` is there. */
static int64_t draw(int64_t *wanted, int64_t there)
{
    const bool is_all = *wanted >= 0 ? there >= *wanted : there <= *wanted,
               is_none = *wanted >= 0 ? there < 0 : there > 0;
    const int64_t drawn = is_all ? *wanted : is_none ? 0 : there;
    *wanted -= drawn;
    return drawn;
}

/* Adds to the credit what the place has of what is wanted. */
static void draw_part(struct placer *p, size_t at, struct wanted *w)
{
    struct ledger_place *place = &p->left[at];
    int64_t *taxes = placer_take(p, (place->tax_count + 1) * sizeof *taxes);
    if (taxes == NULL)
        return;
    int64_t gross = draw(&w->net, exact_subtract(&p->exact, place->gross, ledger_place_tax(place)));
    for (size_t i = 0; i < place->tax_count; i++) {
        taxes[i] = draw(&w->taxes[i], place->taxes[i]);
        gross = exact_add(&p->exact, gross, taxes[i]);
        place->taxes[i] -= taxes[i];
    }
    p->parts[p->count] = (struct credit_part){at, draw(&w->units, place->quantity), gross, taxes};
    place->gross -= gross; /* all within what was there */
    place->quantity -= p->parts[p->count++].quantity;
}

/* What nobody has: ledger_reserve will say so. */
static void leave_rest(struct placer *p, struct credit_part *part, const struct wanted *w)
{
    const size_t tax_count = p->left[part->place].tax_count;
    int64_t *taxes = placer_take(p, (tax_count + 1) * sizeof *taxes);
    if (taxes == NULL)
        return;
    part->quantity += w->units;
    part->gross = exact_add(&p->exact, part->gross, w->net);
    for (size_t i = 0; i < tax_count; i++) {
        taxes[i] = exact_add(&p->exact, part->taxes[i], w->taxes[i]);
        part->gross = exact_add(&p->exact, part->gross, w->taxes[i]);
    }
    part->taxes = taxes;
}

static bool is_nothing(const struct wanted *w, size_t tax_count)
{
    bool nothing = w->units == 0 && w->net == 0;
    for (size_t i = 0; nothing && i < tax_count; i++)
        nothing = w->taxes[i] == 0;
    return nothing;
}

/* The line of a line, or of something owed. */
static size_t line_at(const struct ledger_balance *b, size_t place)
{
    if (place < ledger_charges_at(b))
        return place;
    if (place < ledger_owed_at(b) || place >= ledger_groups_at(b))
        return NO_PLACE;
    const int32_t number = b->entry->owed.items[place - ledger_owed_at(b)].number;
    size_t line = 0;
    while (b->entry->lines.items[line].number != number) /* ledger_balance_read has found it */
        line++;
    return line;
}

/* The named place first, then its line, then what is owed of that, the oldest first. */
static void place_part(struct placer *p, const struct ledger_credit_part *part)
{
    const struct ledger_balance *b = p->balance;
    const size_t named = find_place(b, part);
    if (named == NO_PLACE) {
        p->result = -ENOENT;
        return;
    }
    const size_t tax_count = b->places[named].tax_count, first = p->count;
    struct wanted w = {.units = part->quantity,
                       .net = part->gross_minor,
                       .taxes = placer_take(p, (tax_count + 1) * sizeof *w.taxes)};
    if (p->result == 0)
        want_taxes(p, &b->places[named], part, &w);
    if (p->result == 0)
        draw_part(p, named, &w);
    const size_t line = line_at(b, named);
    if (line != NO_PLACE && line != named && p->result == 0 && !is_nothing(&w, tax_count))
        draw_part(p, line, &w);
    for (size_t i = 0; line != NO_PLACE && i < b->owed_count; i++)
        if (b->entry->owed.items[i].number == b->entry->lines.items[line].number &&
            ledger_owed_at(b) + i != named && p->result == 0 && !is_nothing(&w, tax_count))
            draw_part(p, ledger_owed_at(b) + i, &w);
    if (p->result == 0 && !is_nothing(&w, tax_count))
        leave_rest(p, &p->parts[first], &w);
}

static void copy_left(struct placer *p)
{
    const struct ledger_balance *b = p->balance;
    const size_t count = ledger_groups_at(b) + b->group_count;
    p->left = placer_take(p, (count + 1) * sizeof *p->left);
    for (size_t i = 0; p->result == 0 && i < count; i++) {
        const size_t size = b->places[i].tax_count * sizeof *b->places[i].taxes;
        p->left[i] = b->places[i];
        p->left[i].taxes = placer_take(p, size + sizeof *b->places[i].taxes);
        if (p->result == 0)
            memcpy(p->left[i].taxes, b->places[i].taxes, size);
    }
}

int ledger_place(const struct ledger_credit *credit, const struct ledger_balance *balance,
                 struct arena *arena, struct credit *ret_credit)
{
    struct placer p = {
        .balance = balance, .arena = arena, .exact = {.currency = balance->currency}};
    const size_t room = credit->parts.count * (2 + balance->owed_count) + 1;
    p.parts = placer_take(&p, room * sizeof *p.parts);
    copy_left(&p);
    for (size_t i = 0; p.result == 0 && i < credit->parts.count; i++)
        place_part(&p, &credit->parts.items[i]);
    if (p.result < 0)
        return p.result;
    if (p.exact.overflow)
        return -ERANGE;
    *ret_credit = (struct credit){p.parts, p.count, credit->account_minor};
    return 0;
}

int ledger_place_taken(const struct ledger_credit *owed, const struct ledger_entry *entry,
                       struct arena *arena, struct ledger_taken **ret_taken)
{
    struct ledger_taken *taken = arena_alloc(arena, (owed->taken.count + 1) * sizeof *taken);
    if (taken == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < owed->taken.count; i++) {
        const struct ledger_credit_taken *t = &owed->taken.items[i];
        taken[i] = (struct ledger_taken){find_line(entry, t->number, t->mark), t->units};
        if (taken[i].line == NO_PLACE)
            return -ENOENT;
    }
    *ret_taken = taken;
    return 0;
}

/* ---- from place to name ---- */

static void name_charge(const struct ledger_entry *e, size_t at, struct ledger_credit_part *part)
{
    const struct ledger_charge *charge = &e->charges.items[at];
    part->code = charge->code;
    part->line_id = charge->line_id;
    for (size_t i = 0; i < at; i++)
        part->number += is_same_charge(&e->charges.items[i], charge->code, charge->line_id);
}

static void name_line(const struct ledger_line *line, struct ledger_credit_part *part)
{
    part->number = line->number;
    part->mark = ledger_line_mark(line);
}

void ledger_name_place(const struct ledger_balance *b, size_t place,
                       struct ledger_credit_part *ret_part)
{
    const struct ledger_entry *e = b->entry;
    struct ledger_credit_part part = {.what = CREDIT_AT_ORDER};
    if (place < ledger_charges_at(b)) {
        part.what = CREDIT_AT_LINE;
        name_line(&e->lines.items[place], &part);
    } else if (place < ledger_owed_at(b)) {
        part.what = CREDIT_AT_CHARGE;
        name_charge(e, place - ledger_charges_at(b), &part);
    } else if (place < ledger_groups_at(b)) {
        part.what = CREDIT_AT_OWED;
        part.edit_id = e->owed.items[place - ledger_owed_at(b)].edit_id;
        name_line(&e->lines.items[line_at(b, place)], &part);
    }
    *ret_part = part;
}
