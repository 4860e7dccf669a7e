/* The plain model of refunds; see refund_model.h. */
#include "refund_model.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* a x b / c, halves up; none of these tests has negative amounts. */
static int64_t rounded(int64_t a, int64_t b, int64_t c)
{
    return c == 0 ? 0 : (2 * a * b + c) / (2 * c);
}

static size_t rate_of(struct model *m, int64_t ppm)
{
    size_t i = 0;
    while (i < m->rate_count && m->rates[i].ppm != ppm)
        i++;
    if (i == m->rate_count) {
        m->rates[i].ppm = ppm;
        m->rates[i].gross = m->rates[i].tax = 0;
        m->rate_count++;
    }
    return i;
}

void model_begin(struct model *m)
{
    *m = (struct model){.line_count = 0};
}

static struct model_place new_place(struct model *m, int64_t units, int64_t gross, int64_t tax,
                                    int64_t ppm)
{
    const size_t rate = rate_of(m, ppm);
    m->rates[rate].gross += gross;
    m->rates[rate].tax += tax;
    return (struct model_place){units, units, gross, tax, rate};
}

void model_add_line(struct model *m, int64_t units, int64_t gross, int64_t tax, int64_t ppm)
{
    m->lines[m->line_count++] = new_place(m, units, gross, tax, ppm);
}

void model_set_carriage(struct model *m, int64_t gross, int64_t tax, int64_t ppm)
{
    m->carriage = new_place(m, 0, gross, tax, ppm);
}

/* Takes of a place and its rate; false: it is not there. The tax is the wanted one, between what
 * must be (or more net would go than there is) and what may be. */
static bool take(struct model *m, struct model_place *p, int64_t units, int64_t gross, int64_t tax,
                 int64_t *ret_tax)
{
    const int64_t place_net = p->gross - p->tax,
                  rate_net = m->rates[p->rate].gross - m->rates[p->rate].tax,
                  most = smaller(smaller(p->tax, m->rates[p->rate].tax), gross),
                  fewest = gross - smaller(place_net, rate_net);
    if (units < 0 || units > p->units || gross < 0 || gross > p->gross ||
        gross > m->rates[p->rate].gross || fewest > most)
        return false;
    tax = tax > most ? most : tax < fewest ? fewest : tax;
    p->units -= units;
    p->gross -= gross;
    p->tax -= tax;
    m->rates[p->rate].gross -= gross;
    m->rates[p->rate].tax -= tax;
    *ret_tax = tax;
    return true;
}

static int64_t wanted_tax(const struct model *m, const struct model_place *p,
                          const struct model_part *part)
{
    const int64_t ppm = m->rates[p->rate].ppm,
                  contained = ppm > 0 ? rounded(part->gross, ppm, 1000000 + ppm)
                                      : rounded(part->gross, p->tax, p->gross);
    if (part->gross == p->gross)
        return p->tax;
    if (p->sold > 0 && part->units > 0 && part->units == p->units)
        return p->tax <= contained + p->sold ? p->tax : contained;
    return part->tax >= 0 ? part->tax : rounded(part->gross, p->tax, p->gross);
}

/* Over the rates by what remains of each: whole pence first, the rest to the largest fractions. */
static void share_over_rates(const struct model *m, int64_t whole, int64_t shares[])
{
    const int64_t all = model_gross(m);
    int64_t given = 0, fractions[MODEL_RATES_MAX];
    for (size_t i = 0; i < m->rate_count; i++) {
        shares[i] = whole * m->rates[i].gross / all;
        fractions[i] = whole * m->rates[i].gross % all;
        given += shares[i];
    }
    for (; given < whole; given++) {
        size_t best = 0;
        for (size_t i = 1; i < m->rate_count; i++)
            if (fractions[i] > fractions[best])
                best = i;
        shares[best]++;
        fractions[best] = -1;
    }
}

static bool take_for_order(struct model *m, int64_t gross, struct model_note *note)
{
    int64_t shares[MODEL_RATES_MAX], tax;
    if (gross == 0)
        return true;
    if (gross > model_gross(m))
        return false;
    share_over_rates(m, gross, shares);
    for (size_t i = 0; i < m->rate_count; i++) {
        /* a place that is the rate itself: taking of it must not count twice */
        struct model_place all = {0, 0, m->rates[i].gross, m->rates[i].tax, i};
        if (shares[i] == 0)
            continue;
        if (!take(m, &all, 0, shares[i], rounded(shares[i], m->rates[i].tax, m->rates[i].gross),
                  &tax))
            return false;
        note->order.gross += shares[i];
        note->order.tax += tax;
    }
    return true;
}

static bool take_money_alone(struct model *m, int64_t money, struct model_note *note)
{
    for (size_t i = 0; i < m->owed_count && money > 0; i++) {
        struct model_owed *o = &m->owed[i];
        const size_t rate = o->place.rate;
        const int64_t net = smaller(o->place.gross - o->place.tax,
                                    m->rates[rate].gross - m->rates[rate].tax),
                      gross = smaller(money, net + smaller(o->place.tax, m->rates[rate].tax));
        int64_t tax;
        if (gross == 0)
            continue;
        const int64_t units = gross == o->place.gross ? o->place.units : 0;
        if (!take(m, &o->place, units, gross, rounded(gross, o->place.tax, o->place.gross), &tax))
            return false;
        note->lines[o->line].units += units;
        note->lines[o->line].gross += gross;
        note->lines[o->line].tax += tax;
        money -= gross;
    }
    return take_for_order(m, money, note);
}

struct model_note model_refund(struct model *m, const struct model_part parts[], size_t count,
                               int64_t for_order, bool money_alone)
{
    const struct model before = *m;
    struct model_note note = {.is_posted = true};
    for (size_t i = 0; i < count && note.is_posted; i++) {
        const bool is_line = parts[i].line < MODEL_LINES_MAX;
        struct model_place *p = is_line ? &m->lines[parts[i].line] : &m->carriage;
        int64_t tax;
        note.is_posted =
            take(m, p, parts[i].units, parts[i].gross, wanted_tax(m, p, &parts[i]), &tax);
        if (!note.is_posted)
            break;
        if (is_line) {
            note.lines[parts[i].line].units += parts[i].units;
            note.lines[parts[i].line].gross += parts[i].gross;
            note.lines[parts[i].line].tax += tax;
        } else {
            note.carriage.gross += parts[i].gross;
            note.carriage.tax += tax;
        }
    }
    if (note.is_posted)
        note.is_posted = money_alone ? take_money_alone(m, for_order, &note)
                                     : take_for_order(m, for_order, &note);
    if (!note.is_posted) {
        *m = before;
        note = (struct model_note){.is_posted = false};
    }
    return note;
}

struct model_note model_tax_alone(struct model *m, int64_t ppm, int64_t tax)
{
    struct model_note note = {.is_posted = false};
    for (size_t i = 0; i < m->rate_count; i++)
        if (m->rates[i].ppm == ppm && tax <= m->rates[i].tax) {
            m->rates[i].gross -= tax;
            m->rates[i].tax -= tax;
            note.is_posted = true;
            note.order.gross = note.order.tax = tax;
        }
    return note;
}

void model_edit(struct model *m, size_t line, int64_t units, int64_t at)
{
    struct model_place *p = &m->lines[line];
    units = smaller(units, p->units);
    if (units == 0)
        return;
    const struct model_owed owed = {
        {units, 0, rounded(p->gross, units, p->units), rounded(p->tax, units, p->units), p->rate},
        line,
        at};
    size_t i = m->owed_count++;
    for (; i > 0 && m->owed[i - 1].at > at; i--)
        m->owed[i] = m->owed[i - 1];
    m->owed[i] = owed;
    p->units -= units;
    p->gross -= owed.place.gross;
    p->tax -= owed.place.tax;
}

int64_t model_gross(const struct model *m)
{
    int64_t sum = 0;
    for (size_t i = 0; i < m->rate_count; i++)
        sum += m->rates[i].gross;
    return sum;
}

int64_t model_tax(const struct model *m)
{
    int64_t sum = 0;
    for (size_t i = 0; i < m->rate_count; i++)
        sum += m->rates[i].tax;
    return sum;
}
