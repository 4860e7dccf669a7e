/* From a decided refund to Prima's NewCreditNote; see refund_note.h. */
#include "refund_note.h"

#include "domain/keys/exchange.h"

#include "base/text.h"
#include "domain/money/price.h"
#include "prima/request.h"

#include <errno.h>

struct note_writer {
    const struct refund_note *note;
    struct arena *arena;
    struct exact exact;
    bool with_vat;
    bool no_memory;
    struct prima_credit_note out;
    struct prima_credit_line *lines;
    struct prima_credit_charge *charges;
    struct prima_credit_payment *payments;
};

static const char *note_text(struct note_writer *w, int64_t minor)
{
    char digits[MONEY_TEXT_MAX];
    (void)money_digits((struct money){minor, w->exact.currency}, digits);
    const char *text = arena_text(w->arena, digits, strlen(digits));
    w->no_memory |= text == NULL;
    return text;
}

static const char *note_number(struct note_writer *w, int64_t value)
{
    const char *text = text_number(w->arena, value);
    w->no_memory |= text == NULL;
    return text;
}

int64_t refund_note_tax(struct exact *x, const struct refund_note *note,
                        const struct credit_part *part)
{
    int64_t sum = 0;
    for (size_t i = 0; i < note->balance->places[part->place].tax_count; i++)
        sum = exact_add(x, sum, part->taxes[i]);
    return note->untaxed > 0
               ? exact_subtract(x, sum, exact_portion(x, sum, note->untaxed, note->gross))
               : sum;
}

/* The line of the ledger that a part is of: its own, or that of what is owed. NULL: of none. */
static const struct ledger_line *line_of(const struct ledger_balance *b,
                                         const struct credit_part *part)
{
    const struct ledger_entry *e = b->entry;
    if (part->place < b->line_count)
        return &e->lines.items[part->place];
    if (part->place < ledger_owed_at(b) || part->place >= ledger_groups_at(b))
        return NULL;
    const int32_t number = e->owed.items[part->place - ledger_owed_at(b)].number;
    for (size_t i = 0; i < e->lines.count; i++)
        if (e->lines.items[i].number == number)
            return &e->lines.items[i];
    return NULL;
}

/* ---- what is not mapped ---- */

const struct payment_rule *refund_tender_rule(const struct order_rules *rules,
                                              const struct channel_rules *channel,
                                              enum tender_kind kind, const char *gateway,
                                              const char *method)
{
    const struct order_tender tender = {.kind = kind, .gateway = gateway, .method = method};
    return rules_payment(rules, channel, &tender);
}

static const char *order_charge_code(const struct refund_note *n)
{
    const struct order_charge charge = {.kind = CHARGE_OTHER, .code = "refund"};
    const struct charge_rule *rule = rules_charge(n->rules, n->channel, &charge);
    return rule != NULL ? rule->charge : rules_unmapped_charge(n->rules, n->channel);
}

/* NULL: the goods are not put back by the note, or nobody knows where to. */
static const char *depot_of(const struct refund_note *n, const struct refund_part *source)
{
    const struct refund_line *line = source->line;
    return n->restocks && line != NULL && line->restock == RESTOCK_RETURN &&
                   line->location_id != NULL
               ? rules_depot(n->rules, n->channel, line->location_id)
               : NULL;
}

static void check_tender(const struct refund_note *n, struct flags *flags, enum tender_kind kind,
                         const char *gateway, const char *method, size_t at)
{
    if (refund_tender_rule(n->rules, n->channel, kind, gateway, method) == NULL)
        flag_raise(flags, PF_E_refund_tender_unmapped, at);
}

void refund_note_check(const struct refund_note *n, struct flags *flags)
{
    const struct refund_event *event = n->event;
    for (size_t i = 0; n->money->back > 0 && i < event->transactions.count; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        if (n->money->amounts[i] > 0)
            check_tender(n, flags, t->kind, t->gateway, t->method, i + 1);
    }
    if (n->money->set_off > 0)
        check_tender(n, flags, TENDER_OTHER, EXCHANGE_GATEWAY, NULL, 0);
    if (n->account > 0)
        check_tender(n, flags, TENDER_ON_ACCOUNT, NULL, NULL, 0);
    for (size_t i = 0; i < n->shares->credit.count; i++) {
        const struct credit_part *part = &n->shares->credit.parts[i];
        const struct refund_line *line = n->shares->sources[i]->line;
        if (part->place >= ledger_groups_at(n->balance) && order_charge_code(n) == NULL)
            flag_raise(flags, PF_E_refund_charge_unmapped, 0);
        if (n->restocks && line != NULL && line->restock == RESTOCK_RETURN && part->quantity > 0 &&
            depot_of(n, n->shares->sources[i]) == NULL)
            flag_raise(flags, PF_E_restock_depot_unmapped, i + 1);
    }
}

/* ---- writing ---- */

static void add_line(struct note_writer *w, const struct ledger_line *line,
                     const struct credit_part *part, const struct refund_part *source)
{
    struct exact *x = &w->exact;
    const int64_t tax = refund_note_tax(x, w->note, part),
                  amount = w->with_vat ? part->gross : exact_subtract(x, part->gross, tax);
    const char *depot = part->quantity > 0 ? depot_of(w->note, source) : NULL;
    struct price_part priced[2] = {{.quantity = 0, .unit = amount, .tax = tax}};
    size_t count = 1;
    if (part->quantity > 0)
        count = price_parts(x, &(const struct sale_price){.amount = amount, .tax = tax},
                            part->quantity, true, true, priced);
    for (size_t i = 0; i < count; i++) {
        const bool of_line = rules_settings(w->note->rules)->price_of_line;
        struct prima_credit_line *out = &w->lines[w->out.line_count++];
        *out = (struct prima_credit_line){
            .order_line = note_number(w, line->number),
            .product = line->product,
            .quantity = note_number(w, priced[i].quantity),
            .price = note_text(w, of_line && priced[i].quantity > 0
                                      ? exact_multiply(x, priced[i].quantity, priced[i].unit)
                                      : priced[i].unit),
            .tax = note_text(w, priced[i].tax),
            .warehouse = depot,
            .restock = depot != NULL,
        };
        for (size_t k = 0; k < line->matrix_codes.count && k < 4; k++)
            out->matrix[k] = line->matrix_codes.items[k];
    }
}

static void add_charge(struct note_writer *w, const char *code, const struct credit_part *part)
{
    const int64_t tax = refund_note_tax(&w->exact, w->note, part);
    w->charges[w->out.charge_count++] = (struct prima_credit_charge){
        .charge = code,
        .value =
            note_text(w, w->with_vat ? part->gross : exact_subtract(&w->exact, part->gross, tax)),
        .tax = note_text(w, tax),
    };
}

static void add_parts(struct note_writer *w)
{
    const struct ledger_balance *b = w->note->balance;
    for (size_t i = 0; i < w->note->shares->credit.count; i++) {
        const struct credit_part *part = &w->note->shares->credit.parts[i];
        const struct ledger_line *line = line_of(b, part);
        if (line != NULL)
            add_line(w, line, part, w->note->shares->sources[i]);
        else if (part->place < ledger_owed_at(b))
            add_charge(w, b->entry->charges.items[part->place - ledger_charges_at(b)].code, part);
        else
            add_charge(w, order_charge_code(w->note), part);
    }
}

static void add_payment(struct note_writer *w, const struct payment_rule *rule, int64_t amount,
                        const struct refund_transaction *t, bool is_exchange)
{
    if (rule == NULL || amount == 0)
        return; /* flagged, and then nothing is written */
    w->payments[w->out.payment_count++] = (struct prima_credit_payment){
        .method = rule->pay_method,
        .sub_method = rule->provider,
        .amount = note_text(w, amount),
        .transaction_id = t != NULL ? t->transaction_id : NULL,
        .voucher_number = t != NULL ? t->voucher_number : NULL,
        .exchange_number = is_exchange ? w->note->credit_number : NULL,
    };
}

static void add_payments(struct note_writer *w)
{
    const struct refund_note *n = w->note;
    for (size_t i = 0; i < n->event->transactions.count; i++) {
        const struct refund_transaction *t = &n->event->transactions.items[i];
        if (n->money->amounts[i] > 0)
            add_payment(w, refund_tender_rule(n->rules, n->channel, t->kind, t->gateway, t->method),
                        n->money->amounts[i], t, false);
    }
    add_payment(w, refund_tender_rule(n->rules, n->channel, TENDER_OTHER, EXCHANGE_GATEWAY, NULL),
                n->money->set_off, NULL, true);
    add_payment(w, refund_tender_rule(n->rules, n->channel, TENDER_ON_ACCOUNT, NULL, NULL),
                n->account, NULL, false);
}

/* As for orders: the same Prima, the same prices. */
static bool wants_vat(const struct order_rules *rules, const struct ledger_entry *entry)
{
    const struct rules_settings *settings = rules_settings(rules);
    return settings->price_vat == VAT_AS_ORDER ? entry->tax_included
                                               : settings->price_vat == VAT_GROSS;
}

int refund_note_write(const struct refund_note *note, struct arena *arena, struct buf *out)
{
    const struct ledger_entry *entry = note->balance->entry;
    const size_t parts = note->shares->credit.count;
    struct note_writer w = {
        .note = note,
        .arena = arena,
        .exact = {.currency = note->balance->currency},
        .with_vat = wants_vat(note->rules, entry),
        .lines = arena_alloc(arena, (2 * parts + 1) * sizeof *w.lines),
        .charges = arena_alloc(arena, (parts + 1) * sizeof *w.charges),
        .payments = arena_alloc(arena, (note->event->transactions.count + 2) * sizeof *w.payments),
    };
    if (w.lines == NULL || w.charges == NULL || w.payments == NULL)
        return -ENOMEM;
    w.out = (struct prima_credit_note){
        .credit_number = note->credit_number,
        .order_number = entry->order_number,
        .currency = entry->currency,
        .vat_inclusive = w.with_vat,
        .refund_date = note->dates->refund,
        .post_date = note->dates->post,
        .reason = note->event->reason,
        .lines = w.lines,
        .charges = w.charges,
        .payments = w.payments,
    };
    add_parts(&w);
    add_payments(&w);
    if (w.no_memory)
        return -ENOMEM;
    if (w.exact.overflow)
        return -ERANGE;
    return prima_request_new_credit_note(rules_prima_names(note->rules), &w.out, out);
}
