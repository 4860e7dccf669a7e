/* NewCreditNote: credits what was posted. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>

static void write_line(struct writer *w, const struct prima_credit_line *l)
{
    write_literal(w, "<");
    write_literal(w, w->names->credit_line);
    write_exact(w, A("OrderLine"), l->order_line);
    write_exact(w, A("Product"), l->product);
    write_matrix(w, l->matrix);
    write_exact(w, A("Quantity"), l->quantity);
    write_exact(w, A("Price"), l->price);
    write_named(w, w->names->credit_tax, l->tax);
    write_named(w, w->names->credit_restock, l->restock ? "Yes" : "No");
    write_exact(w, A("Warehouse"), l->warehouse);
    write_literal(w, "/>");
}

static void write_charge(struct writer *w, const struct prima_credit_charge *c)
{
    write_literal(w, "<");
    write_literal(w, w->names->credit_charge);
    write_exact(w, A("Charge"), c->charge);
    write_exact(w, A("ChargeValue"), c->value);
    write_named(w, w->names->credit_tax, c->tax);
    write_literal(w, "/>");
}

static void write_payment(struct writer *w, const struct prima_credit_payment *p)
{
    write_literal(w, "<");
    write_literal(w, w->names->credit_payment);
    write_exact(w, A("PayMethod"), p->method);
    write_exact(w, A("SubPayMethod"), p->sub_method);
    write_exact(w, A("TranAmount"), p->amount);
    write_exact(w, A("PayProvider"), is_absent(p->provider) ? "NONE" : p->provider);
    write_exact(w, A("TransactionID"), p->transaction_id);
    write_exact(w, A("VchNumber"), p->voucher_number);
    write_exact(w, A("ExchCreditNo"), p->exchange_number);
    write_literal(w, "/>");
}

static void write_head(struct writer *w, const struct prima_credit_note *n)
{
    write_literal(w, "<Data");
    write_named(w, w->names->credit_number, n->credit_number);
    write_exact(w, A("OrderNumber"), n->order_number);
    write_exact(w, A("Currency"), n->currency);
    write_exact(w, A("VatInclusive"), n->vat_inclusive ? "Yes" : "No");
    write_named(w, w->names->credit_refund_date, n->refund_date);
    write_named(w, w->names->credit_post_date, n->post_date);
    write_named(w, w->names->credit_reason, n->reason);
    write_literal(w, ">");
}

int prima_request_new_credit_note(const struct prima_names *names,
                                  const struct prima_credit_note *note, struct buf *out)
{
    struct writer w = {.names = names, .out = out};
    if (!request_is_order_number(note->credit_number) ||
        !request_is_order_number(note->order_number) || note->line_count + note->charge_count == 0)
        return -EINVAL;
    request_open(out, names->new_credit_note);
    write_head(&w, note);
    for (size_t i = 0; i < note->line_count; i++)
        write_line(&w, &note->lines[i]);
    for (size_t i = 0; i < note->charge_count; i++)
        write_charge(&w, &note->charges[i]);
    for (size_t i = 0; i < note->payment_count; i++)
        write_payment(&w, &note->payments[i]);
    write_literal(&w, "</Data>");
    return request_close(out);
}

/* The note's number, not the order's: a reply may name both. */
static void new_credit_note_data(struct scan *s, const struct xml_attribute *attributes,
                                 size_t count)
{
    scan_add_numbers_named(s, s->names->credit_number, attributes, count);
}

static void new_credit_note_subject(const struct prima_names *names, const char *request,
                                    size_t size, struct asked *asked)
{
    request_subject(request, size, names->credit_number, asked->order_number,
                    sizeof asked->order_number);
}

const struct request_kind request_kind_new_credit_note = {.data = new_credit_note_data,
                                                          .subject = new_credit_note_subject};
