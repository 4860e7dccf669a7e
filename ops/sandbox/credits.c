/* NewCreditNote and CreditNoteStatus: a note is read and checked whole, then written; what Prima
 * refuses leaves nothing behind. Goods that come back (Restock) are on hand at once. */
#include "request.h"

#include "credit_balance.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CREDIT_LINES_MAX = 1000, CREDIT_PARTS_MAX = 100 };

struct credited_line {
    const struct doc_element *element;
    struct product *product;
    int depot; /* -1: none */
    bool restocks;
    struct credit_line amounts;
};

struct credited_part {
    const struct doc_element *element;
    struct credit_line amounts; /* a payment's is amounts.price */
};

/* A credit note on its way from the document to the tables. */
struct credit_note {
    const struct doc_element *data;
    const char *number, *refund_date, *post_date;
    int64_t order_id;
    struct credit_balance balance;
    struct credited_line lines[CREDIT_LINES_MAX];
    struct credited_part charges[CREDIT_PARTS_MAX], payments[CREDIT_PARTS_MAX];
    size_t line_count, charge_count, payment_count;
};

static int credit_read_dates(struct request *r, struct credit_note *n)
{
    n->refund_date = request_attribute(r, n->data, "RefundDate");
    n->post_date = request_attribute(r, n->data, "PostDate");
    if (!request_is_date(n->refund_date))
        return request_refuse(r, WORDING_INVALID, "RefundDate");
    if (n->post_date[0] == '\0')
        n->post_date = n->refund_date;
    if (!request_is_date(n->post_date))
        return request_refuse(r, WORDING_INVALID, "PostDate");
    if (strcmp(n->post_date, r->ledger->closed_until) <= 0)
        return request_refuse(r, WORDING_PERIOD_CLOSED, n->post_date);
    return 0;
}

static int credit_find_order(struct request *r, struct credit_note *n)
{
    struct db *db = r->ledger->db;
    const char *order = request_attribute(r, n->data, "OrderNumber");
    db_query(db, DB_ORDER_FIND, "tt", order, r->company);
    const bool found = db_next(db, DB_ORDER_FIND);
    if (found)
        n->order_id = db_int(db, DB_ORDER_FIND, 0);
    db_end(db, DB_ORDER_FIND);
    return found ? 0 : request_refuse(r, WORDING_NO_SUCH_ORDER, order);
}

static int credit_read_head(struct request *r, struct credit_note *n)
{
    n->number = request_attribute(r, n->data, "CreditNumber");
    if (n->number[0] == '\0')
        return request_refuse(r, WORDING_INVALID, "CreditNumber");
    int result = credit_read_dates(r, n);
    if (result == 0)
        result = credit_find_order(r, n);
    if (result < 0)
        return result;
    const char *currency = request_attribute(r, n->data, "Currency");
    n->balance.currency = currency_find(currency[0] == '\0' ? "GBP" : currency);
    if (n->balance.currency == NULL)
        return request_refuse(r, WORDING_INVALID, "Currency");
    n->balance.vat_inclusive = request_says_yes(request_attribute(r, n->data, "VatInclusive"));
    return 0;
}

static int credit_read_line(struct request *r, struct credit_note *n, const struct doc_element *e)
{
    if (n->line_count == CREDIT_LINES_MAX)
        return request_refuse(r, WORDING_INVALID, "CreditLineData: more than 1000");
    struct credited_line *line = &n->lines[n->line_count];
    const char *depot = request_attribute(r, e, "Warehouse"), *field;
    line->element = e;
    line->product = request_product(r, e);
    if (line->product == NULL)
        return -EINVAL;
    line->restocks = request_says_yes(request_attribute(r, e, "Restock"));
    line->depot =
        depot[0] == '\0' && !line->restocks ? -1 : catalogue_depot(r->ledger->catalogue, depot);
    if (line->depot < 0 && (depot[0] != '\0' || line->restocks))
        return request_refuse(r, WORDING_UNKNOWN_DEPOT, depot);
    if (credit_balance_add_line(&n->balance, request_attribute(r, e, "Quantity"),
                                request_attribute(r, e, "Price"),
                                request_attribute(r, e, "TaxValue"), &line->amounts, &field) < 0)
        return request_refuse(r, WORDING_INVALID, field);
    n->line_count++;
    return 0;
}

static int credit_read_charge(struct request *r, struct credit_note *n, const struct doc_element *e)
{
    if (n->charge_count == CREDIT_PARTS_MAX)
        return request_refuse(r, WORDING_INVALID, "CreditChargeData: more than 100");
    struct credited_part *charge = &n->charges[n->charge_count];
    const char *field;
    charge->element = e;
    if (credit_balance_add_charge(&n->balance, request_attribute(r, e, "ChargeValue"),
                                  request_attribute(r, e, "TaxValue"), &charge->amounts,
                                  &field) < 0)
        return request_refuse(r, WORDING_INVALID, field);
    n->charge_count++;
    return 0;
}

static int credit_read_payment(struct request *r, struct credit_note *n,
                               const struct doc_element *e)
{
    if (n->payment_count == CREDIT_PARTS_MAX)
        return request_refuse(r, WORDING_INVALID, "CreditPaymentData: more than 100");
    struct credited_part *payment = &n->payments[n->payment_count];
    payment->element = e;
    if (credit_balance_add_payment(&n->balance, request_attribute(r, e, "TranAmount"),
                                   &payment->amounts.price) < 0)
        return request_refuse(r, WORDING_INVALID, "TranAmount");
    n->payment_count++;
    return 0;
}

static int credit_read(struct request *r, struct credit_note *n)
{
    const struct doc *d = r->ledger->doc;
    int result = credit_read_head(r, n);
    for (size_t i = (size_t)(n->data - doc_at(d, 0)) + 1; result == 0 && i < n->data->end;
         i = doc_at(d, i)->end) {
        const struct doc_element *e = doc_at(d, i);
        if (strcmp(e->name, "CreditLineData") == 0)
            result = credit_read_line(r, n, e);
        else if (strcmp(e->name, "CreditChargeData") == 0)
            result = credit_read_charge(r, n, e);
        else if (strcmp(e->name, "CreditPaymentData") == 0)
            result = credit_read_payment(r, n, e);
    }
    if (result == 0 && n->line_count + n->charge_count == 0)
        result = request_refuse(r, WORDING_INVALID, "credit note: no lines and no charges");
    if (result == 0 && credit_balance_close(&n->balance) < 0)
        result = request_refuse(r, WORDING_INVALID, "Price");
    if (result == 0 && n->balance.difference != 0 && r->ledger->refuse_off_balance) {
        char text[MONEY_TEXT_MAX];
        const struct money off = {n->balance.difference, n->balance.currency};
        result = request_refuse(r, WORDING_OFF_BALANCE, money_format(off, text));
    }
    return result;
}

/* The note's own row; its number is refused by the table's unique index, if at all. */
static int credit_write_head(struct request *r, const struct credit_note *n)
{
    const struct credit_balance *b = &n->balance;
    return db_change(r->ledger->db, DB_CREDIT_ADD, "ttitiittttiiiiii", r->company, n->number,
                     n->order_id, request_attribute(r, n->data, "OrderNumber"), r->id, r->now_ms,
                     n->refund_date, n->post_date, request_attribute(r, n->data, "Reason"),
                     b->currency->code, (int64_t)b->vat_inclusive, b->lines, b->charges, b->tax,
                     b->paid, b->difference);
}

static void credit_restock(struct request *r, const struct credited_line *l)
{
    if (!l->restocks || l->amounts.quantity == 0)
        return;
    db_write(r->ledger->db, DB_STOCK_ENSURE, "it", l->product->id,
             catalogue_depot_code(r->ledger->catalogue, (size_t)l->depot));
    db_write(r->ledger->db, DB_STOCK_CHANGE, "iti", l->product->id,
             catalogue_depot_code(r->ledger->catalogue, (size_t)l->depot), l->amounts.quantity);
    l->product->on_hand[l->depot] += l->amounts.quantity;
}

static void credit_write_lines(struct request *r, const struct credit_note *n, int64_t id)
{
    for (size_t i = 0; i < n->line_count; i++) {
        const struct credited_line *l = &n->lines[i];
        const struct product *p = l->product;
        db_write(r->ledger->db, DB_CREDIT_LINE_ADD, "iittttttiiiit", id, (int64_t)i + 1,
                 request_attribute(r, l->element, "OrderLine"), p->code, p->matrix[0], p->matrix[1],
                 p->matrix[2], p->matrix[3], l->amounts.quantity, l->amounts.price, l->amounts.tax,
                 (int64_t)l->restocks,
                 l->depot < 0 ? "" : catalogue_depot_code(r->ledger->catalogue, (size_t)l->depot));
        if (r->ledger->restocks)
            credit_restock(r, l);
    }
}

static void credit_write_parts(struct request *r, const struct credit_note *n, int64_t id)
{
    struct db *db = r->ledger->db;
    for (size_t i = 0; i < n->charge_count; i++)
        db_write(db, DB_CREDIT_CHARGE_ADD, "iitii", id, (int64_t)i + 1,
                 request_attribute(r, n->charges[i].element, "Charge"), n->charges[i].amounts.price,
                 n->charges[i].amounts.tax);
    for (size_t i = 0; i < n->payment_count; i++) {
        const struct doc_element *e = n->payments[i].element;
        db_write(db, DB_CREDIT_PAYMENT_ADD, "iittitttt", id, (int64_t)i + 1,
                 request_attribute(r, e, "PayMethod"), request_attribute(r, e, "SubPayMethod"),
                 n->payments[i].amounts.price, request_attribute(r, e, "PayProvider"),
                 request_attribute(r, e, "TransactionID"), request_attribute(r, e, "VchNumber"),
                 request_attribute(r, e, "ExchCreditNo"));
    }
}

static bool credit_is_there(struct request *r, const char *number)
{
    db_query(r->ledger->db, DB_CREDIT_FIND, "tt", number, r->company);
    const bool found = db_next(r->ledger->db, DB_CREDIT_FIND);
    db_end(r->ledger->db, DB_CREDIT_FIND);
    return found;
}

enum outcome apply_new_credit_note(struct request *r)
{
    static struct credit_note note; /* large; one thread */
    note.data = request_data(r);
    note.balance = (struct credit_balance){0};
    note.line_count = note.charge_count = note.payment_count = 0;
    if (credit_read(r, &note) < 0)
        return OUTCOME_REFUSED;
    if (!r->ledger->unique)
        r->second = credit_is_there(r, note.number);
    if (credit_write_head(r, &note) < 0) {
        r->duplicate = true;
        return reply_refusal(r, WORDING_CREDIT_EXISTS, note.number);
    }
    const int64_t id = db_last_id(r->ledger->db);
    credit_write_lines(r, &note, id);
    credit_write_parts(r, &note, id);
    reply_posted(r, "CreditNumber", note.number);
    return OUTCOME_APPLIED;
}

enum outcome apply_credit_note_status(struct request *r)
{
    struct db *db = r->ledger->db;
    const char *number = request_attribute(r, request_data(r), "CreditNumber");
    db_query(db, DB_CREDIT_FIND, "tt", number, r->company);
    if (!db_next(db, DB_CREDIT_FIND))
        return reply_refusal(r, WORDING_NO_SUCH_CREDIT, number);
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data");
    reply_attribute(r, "CreditNumber", number);
    reply_attribute(r, "CreditStatus", db_text(db, DB_CREDIT_FIND, 0));
    buf_text(r->reply, "/>");
    reply_end(r);
    db_end(db, DB_CREDIT_FIND);
    return OUTCOME_READ;
}
