/* One refund of a made order, by what is left of it: units, amounts, taxes, and which tender they go
 * back to.
 *
 * Of u of U units that are left go floor(left x u / U) of the amount, of the tax, of the discount;
 * the last units take what is left. So that refunds of a line sum to it whatever their order. */
#include "refund_gen_parts.h"

#include <string.h>

enum { STREAM_REFUND = 30, MISMATCH_MIN = 100 };

bool made_kind_is_credited(enum refund_kind_made kind)
{
    switch (kind) {
    case REFUND_MADE_partial:
    case REFUND_MADE_final:
    case REFUND_MADE_pending_paid:
    case REFUND_MADE_goodwill:
    case REFUND_MADE_exchange:
    case REFUND_MADE_undespatched:
    case REFUND_MADE_carriage_only:
    case REFUND_MADE_tax_only:
    case REFUND_MADE_before_order:
    case REFUND_MADE_restock_unmapped:
        return true;
    default:
        return false;
    }
}

/* ---- what is left ---- */

static void money_move(struct made_money *to, struct made_money by, int64_t sign)
{
    to->minor[0] += sign * by.minor[0];
    to->minor[1] += sign * by.minor[1];
}

static bool money_is_0(struct made_money money)
{
    return money.minor[0] == 0 && money.minor[1] == 0;
}

static struct made_rest line_whole(const struct made_order *o, const struct made_line *l)
{
    struct made_rest rest = {.units = l->quantity, .tax = l->tax, .discount = l->promotion};
    money_move(&rest.discount, l->share, 1);
    for (int m = 0; m < o->money_count; m++)
        rest.amount.minor[m] = l->unit.minor[m] * l->quantity - rest.discount.minor[m];
    return rest;
}

static struct made_rest extra_whole(const struct made_extra *e)
{
    struct made_rest rest = {.amount = e->price, .tax = e->tax};
    money_move(&rest.amount, e->discount, -1);
    return rest;
}

static void rest_take(struct made_rest *rest, const struct made_rest *part)
{
    rest->units -= part->units;
    money_move(&rest->amount, part->amount, -1);
    money_move(&rest->tax, part->tax, -1);
    money_move(&rest->discount, part->discount, -1);
}

/* What units that an edit took away are worth is owed: it is of the order still, but of no line. */
void made_left_take(struct made_left *left, const struct made_refund *refund)
{
    left->is_over |= refund->kind == REFUND_MADE_void_only;
    left->is_by_money |= refund->kind == REFUND_MADE_edit_unpaid ||
                         refund->kind == REFUND_MADE_goodwill ||
                         refund->kind == REFUND_MADE_tax_only;
    if (!made_kind_is_credited(refund->kind))
        return;
    for (size_t i = 0; i < refund->line_count; i++)
        rest_take(&left->lines[refund->lines[i].line], &refund->lines[i].rest);
    rest_take(&left->shipping, &refund->carriage);
    rest_take(&left->wrap, &refund->wrap);
    for (size_t i = 0; i < refund->transaction_count; i++)
        money_move(&left->tenders[refund->transactions[i].tender], refund->transactions[i].amount,
                   -1);
    money_move(&left->gross, refund->gross, -1);
}

void made_left_open(const struct order_gen_options *orders, int64_t index,
                    const struct made_story *story, int steps, struct made_left *ret_left)
{
    struct made_left *left = ret_left;
    struct made_person person;
    *left = (struct made_left){.is_over = false};
    made_order_fill(orders, index, ORDER_FAULT_NONE, 0, &left->order, &person);
    const struct made_order *o = &left->order;
    for (size_t i = 0; i < o->line_count; i++)
        left->lines[i] = line_whole(o, &o->lines[i]);
    if (o->shipping.is_there)
        left->shipping = extra_whole(&o->shipping);
    if (o->wrap.is_there)
        left->wrap = extra_whole(&o->wrap);
    for (size_t i = 0; i < o->tender_count; i++)
        left->tenders[i] = o->tenders[i].amount;
    left->gross = o->total;
    for (int step = 0; step < steps; step++) {
        struct made_refund refund;
        const enum refund_kind_made kind = (enum refund_kind_made)story->kinds[step];
        if (made_refund_make(orders, left, index, step, kind, &refund))
            made_left_take(left, &refund);
    }
}

/* ---- its parts ---- */

struct refund_maker {
    const struct made_left *left;
    struct made_refund *refund;
    struct chance chance;
};

static struct made_money money_share(struct made_money whole, int64_t part, int64_t of)
{
    return (struct made_money){{whole.minor[0] * part / of, whole.minor[1] * part / of}};
}

/* Of what remains the part of so many units. */
static struct made_rest rest_share(const struct made_rest *rest, int32_t units)
{
    return (struct made_rest){units, money_share(rest->amount, units, rest->units),
                              money_share(rest->tax, units, rest->units),
                              money_share(rest->discount, units, rest->units)};
}

static void add_gross(struct refund_maker *k, const struct made_rest *rest, int64_t sign)
{
    money_move(&k->refund->gross, rest->amount, sign);
    if (!k->left->order.shop->taxes_included)
        money_move(&k->refund->gross, rest->tax, sign);
}

static void back_fill(struct refund_maker *k, struct made_back *back, size_t line, int32_t units)
{
    const struct made_line *l = &k->left->order.lines[line];
    const bool comes_back = chance_percent(&k->chance, 70) && l->location != NULL;
    *back = (struct made_back){.line = line,
                               .rest = rest_share(&k->left->lines[line], units),
                               .restock = comes_back ? "return" : "no_restock",
                               .location = comes_back ? l->location : NULL};
}

/* Whether something stays behind these lines. */
static bool is_all(const struct refund_maker *k)
{
    return k->refund->gross.minor[0] >= k->left->gross.minor[0];
}

/* Makes a choice of everything a choice of less; false: there is but one unit. */
static bool leave_some(struct refund_maker *k)
{
    struct made_refund *r = k->refund;
    struct made_back *last = &r->lines[r->line_count - 1];
    if (!is_all(k))
        return true;
    add_gross(k, &last->rest, -1);
    if (r->line_count > 1) {
        r->line_count--;
        return true;
    }
    if (last->rest.units == 1)
        return false;
    last->rest = rest_share(&k->left->lines[last->line], last->rest.units - 1);
    add_gross(k, &last->rest, 1);
    return true;
}

/* Some units of some lines; with `may_be_all` perhaps of all of them. */
static bool choose_lines(struct refund_maker *k, bool may_be_all)
{
    struct made_refund *r = k->refund;
    size_t any = MADE_LINES_MAX;
    for (size_t i = 0; i < k->left->order.line_count; i++) {
        const int32_t units = k->left->lines[i].units;
        if (units == 0)
            continue;
        any = any == MADE_LINES_MAX ? i : any;
        if (chance_percent(&k->chance, 55))
            back_fill(k, &r->lines[r->line_count++], i,
                      1 + (int32_t)chance_below(&k->chance, units));
    }
    if (any == MADE_LINES_MAX)
        return false;
    if (r->line_count == 0)
        back_fill(k, &r->lines[r->line_count++], any, 1);
    for (size_t i = 0; i < r->line_count; i++)
        add_gross(k, &r->lines[i].rest, 1);
    return may_be_all || leave_some(k);
}

/* Everything, by its lines; money alone, where lines do not say it any more. */
static bool choose_all(struct refund_maker *k)
{
    struct made_refund *r = k->refund;
    if (k->left->is_by_money) {
        r->gross = k->left->gross;
        return !money_is_0(r->gross);
    }
    for (size_t i = 0; i < k->left->order.line_count; i++)
        if (k->left->lines[i].units > 0) {
            back_fill(k, &r->lines[r->line_count], i, k->left->lines[i].units);
            add_gross(k, &r->lines[r->line_count++].rest, 1);
        }
    r->carriage = k->left->shipping;
    r->wrap = k->left->wrap;
    add_gross(k, &r->carriage, 1);
    add_gross(k, &r->wrap, 1);
    return !money_is_0(r->gross);
}

static bool choose_undespatched(struct refund_maker *k)
{
    if (k->left->order.is_pos || !choose_lines(k, false))
        return false;
    for (size_t i = 0; i < k->refund->line_count; i++) {
        k->refund->lines[i].restock = "cancel";
        k->refund->lines[i].location = NULL;
    }
    return true;
}

static bool choose_goodwill(struct refund_maker *k)
{
    const int64_t percent = 5 + chance_below(&k->chance, 16);
    k->refund->order_amount = k->refund->gross = money_share(k->left->gross, percent, 100);
    return k->refund->gross.minor[0] > 0;
}

static bool choose_carriage(struct refund_maker *k)
{
    k->refund->carriage = k->left->shipping;
    add_gross(k, &k->refund->carriage, 1);
    return !is_all(k) && k->refund->gross.minor[0] > 0;
}

static void add_tax(struct made_refund *r, int64_t rate_ppm, struct made_money tax)
{
    size_t i = 0;
    if (money_is_0(tax))
        return;
    while (i < r->tax_count && r->taxes[i].rate_ppm != rate_ppm)
        i++;
    if (i == r->tax_count) {
        r->taxes[i].rate_ppm = rate_ppm;
        r->tax_count++;
    }
    money_move(&r->taxes[i].amount, tax, 1);
    money_move(&r->gross, tax, 1);
}

static bool choose_tax(struct refund_maker *k)
{
    const struct made_order *o = &k->left->order;
    for (size_t i = 0; i < o->line_count; i++)
        add_tax(k->refund, o->lines[i].rate_ppm, k->left->lines[i].tax);
    add_tax(k->refund, o->shipping.rate_ppm, k->left->shipping.tax);
    add_tax(k->refund, o->wrap.rate_ppm, k->left->wrap.tax);
    return k->refund->gross.minor[0] > 0;
}

/* Sent for somewhat less, for the same, or for more than came back. */
static bool choose_exchange(struct refund_maker *k)
{
    struct made_refund *r = k->refund;
    if (!choose_lines(k, false))
        return false;
    const int64_t percent = 60 + 10 * chance_below(&k->chance, 8);
    r->sent = money_share(r->gross, percent, 100);
    r->set_off = percent < 100 ? r->sent : r->gross;
    return r->set_off.minor[0] > 0;
}

/* A unit more than is left of a line, or paid for as if it were. */
static bool choose_too_much(struct refund_maker *k)
{
    const struct made_order *o = &k->left->order;
    const size_t at = (size_t)chance_below(&k->chance, (int64_t)o->line_count);
    const struct made_line *l = &o->lines[at];
    const struct made_rest whole = line_whole(o, l), *left = &k->left->lines[at];
    struct made_rest wanted = rest_share(&whole, 1);
    money_move(&wanted.amount, left->amount, 1);
    money_move(&wanted.tax, left->tax, 1);
    wanted.discount = (struct made_money){{0, 0}};
    wanted.units = left->units > 0 ? left->units : 1;
    k->refund->lines[k->refund->line_count++] =
        (struct made_back){.line = at, .rest = wanted, .restock = "no_restock"};
    add_gross(k, &wanted, 1);
    return true;
}

static bool choose_restock_unmapped(struct refund_maker *k)
{
    struct made_back *first = k->refund->lines;
    if (!choose_lines(k, false) || k->left->order.lines[first->line].location == NULL)
        return false;
    first->restock = "return";
    first->location = "9999";
    return true;
}

/* ---- its money ---- */

/* To what the order was paid with, the last tender first, as far as it goes; the rest to the first
 * of them. */
static void pay_back(struct refund_maker *k)
{
    struct made_refund *r = k->refund;
    const struct made_order *o = &k->left->order;
    struct made_money rest = r->back;
    for (size_t i = o->tender_count; i-- > 0 && !money_is_0(rest);) {
        struct made_transaction t = {.kind = o->tenders[i].kind,
                                     .gateway = o->tenders[i].gateway,
                                     .method = o->tenders[i].method,
                                     .tender = i};
        for (int m = 0; m < o->money_count; m++) {
            const int64_t room = k->left->tenders[i].minor[m];
            t.amount.minor[m] = i == 0 || rest.minor[m] < room ? rest.minor[m] : room;
        }
        money_move(&rest, t.amount, -1);
        if (!money_is_0(t.amount))
            r->transactions[r->transaction_count++] = t;
    }
}

static void pay_back_otherwise(struct made_refund *r, const char *kind, const char *gateway)
{
    r->transactions[0] = (struct made_transaction){
        .kind = kind, .gateway = gateway, .method = gateway, .amount = r->back};
    r->transaction_count = 1;
}

static void choose_money(struct refund_maker *k)
{
    struct made_refund *r = k->refund;
    const struct made_order *o = &k->left->order;
    if (o->is_business || r->kind == REFUND_MADE_edit_contained ||
        r->kind == REFUND_MADE_edit_unpaid)
        return; /* nothing was paid, or nothing goes back */
    r->back = r->gross;
    money_move(&r->back, r->set_off, -1);
    if (r->kind == REFUND_MADE_mismatch)
        r->back = money_share(r->gross, 1, 2);
    if (r->kind == REFUND_MADE_store_credit)
        pay_back_otherwise(r, "store_credit", "store_credit");
    else if (r->kind == REFUND_MADE_tender_unmapped)
        pay_back_otherwise(r, "wallet", "cryptopay");
    else
        pay_back(k);
}

/* ---- which kind is possible ---- */

/* Of what is taken off an account no money moves, and money decides what most kinds are. */
static bool fits_business(enum refund_kind_made kind)
{
    return kind == REFUND_MADE_partial || kind == REFUND_MADE_final ||
           kind == REFUND_MADE_undespatched || kind == REFUND_MADE_edit_contained ||
           kind == REFUND_MADE_before_order || kind >= REFUND_MADE_truncated;
}

/* What an amount for the whole order left of each line, nobody knows but the ledger. */
static bool fits_by_money(enum refund_kind_made kind)
{
    return kind == REFUND_MADE_final || kind == REFUND_MADE_goodwill ||
           kind == REFUND_MADE_edit_contained || kind == REFUND_MADE_failed ||
           kind == REFUND_MADE_pending || kind == REFUND_MADE_mismatch ||
           kind == REFUND_MADE_store_credit || kind == REFUND_MADE_over_refund ||
           kind >= REFUND_MADE_truncated;
}

static bool choose_parts(struct refund_maker *k)
{
    switch (k->refund->kind) {
    case REFUND_MADE_final:
        return choose_all(k);
    case REFUND_MADE_void_only:
        return k->refund->step == 0 && choose_all(k);
    case REFUND_MADE_goodwill:
        return choose_goodwill(k);
    case REFUND_MADE_exchange:
        return choose_exchange(k);
    case REFUND_MADE_undespatched:
        return choose_undespatched(k);
    case REFUND_MADE_carriage_only:
        return choose_carriage(k);
    case REFUND_MADE_tax_only:
        return choose_tax(k);
    case REFUND_MADE_over_refund:
        return choose_too_much(k);
    case REFUND_MADE_mismatch:
        return choose_lines(k, true) && k->refund->gross.minor[0] >= MISMATCH_MIN;
    case REFUND_MADE_restock_unmapped:
        return choose_restock_unmapped(k);
    case REFUND_MADE_partial:
    case REFUND_MADE_pending_paid:
    case REFUND_MADE_edit_unpaid:
    case REFUND_MADE_tender_unmapped:
        return choose_lines(k, false);
    default:
        return choose_lines(k, true);
    }
}

bool made_refund_make(const struct order_gen_options *orders, const struct made_left *left,
                      int64_t index, int step, enum refund_kind_made kind,
                      struct made_refund *ret_refund)
{
    struct refund_maker k = {.left = left,
                             .refund = ret_refund,
                             .chance =
                                 chance_of(orders->seed, STREAM_REFUND,
                                           (uint64_t)index * REFUND_STEPS_MAX + (uint64_t)step)};
    *ret_refund = (struct made_refund){.kind = kind, .index = index, .step = step};
    if (left->is_over || (left->order.is_business && !fits_business(kind)) ||
        (left->is_by_money && !fits_by_money(kind)) || !choose_parts(&k))
        return false;
    choose_money(&k);
    return true;
}
