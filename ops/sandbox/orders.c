/* NewOrder and MultiNewOrder: an order is read and checked whole, then written; what Prima refuses
 * leaves nothing behind. */
#include "request.h"

#include "balance.h"

#include <assert.h>
#include <errno.h>

enum { LINES_MAX = 1000, PARTS_MAX = 100 };

struct line {
    const struct doc_element *element;
    struct product *product;
    int depot;
    struct balance_line amounts;
};

/* An order on its way from the document to the tables. */
struct order {
    const struct doc_element *data, *header;
    const char *number, *date, *depot_code;
    struct balance balance;
    struct line lines[LINES_MAX];
    size_t line_count;
    const struct doc_element *charges[PARTS_MAX], *payments[PARTS_MAX];
    int64_t charge_values[PARTS_MAX], payment_amounts[PARTS_MAX];
    size_t charge_count, payment_count;
};

static int read_line(struct request *r, struct order *o, const struct doc_element *e)
{
    if (o->line_count == LINES_MAX)
        return request_refuse(r, WORDING_INVALID, "OrderLineData: more than 1000");
    struct line *line = &o->lines[o->line_count];
    const char *depot = request_attribute(r, e, "Warehouse"), *field = NULL;
    line->element = e;
    line->product = request_product(r, e);
    if (line->product == NULL)
        return -EINVAL;
    line->depot = catalogue_depot(r->ledger->catalogue, depot);
    if (line->depot < 0)
        return request_refuse(r, WORDING_UNKNOWN_DEPOT, depot);
    if (balance_add_line(&o->balance, request_attribute(r, e, "Quantity"),
                         request_attribute(r, e, "Price"), request_attribute(r, e, "TrDisc"),
                         request_attribute(r, e, "PromotionValue"),
                         request_attribute(r, e, "ExtTaxVal"), &line->amounts, &field) < 0)
        return request_refuse(r, WORDING_INVALID, field);
    o->line_count++;
    return 0;
}

static int read_charge(struct request *r, struct order *o, const struct doc_element *e)
{
    if (o->charge_count == PARTS_MAX)
        return request_refuse(r, WORDING_INVALID, "OrderChargeData: more than 100");
    if (balance_add_charge(&o->balance, request_attribute(r, e, "ChargeValue"),
                           &o->charge_values[o->charge_count]) < 0)
        return request_refuse(r, WORDING_INVALID, "ChargeValue");
    o->charges[o->charge_count++] = e;
    return 0;
}

static int read_payment(struct request *r, struct order *o, const struct doc_element *e)
{
    if (o->payment_count == PARTS_MAX)
        return request_refuse(r, WORDING_INVALID, "OrderPaymentData: more than 100");
    if (balance_add_payment(&o->balance, request_attribute(r, e, "TranAmount"),
                            &o->payment_amounts[o->payment_count]) < 0)
        return request_refuse(r, WORDING_INVALID, "TranAmount");
    o->payments[o->payment_count++] = e;
    return 0;
}

/* What must be known before amounts can be read: the header, wherever it stands among the
 * children. */
static int read_header(struct request *r, struct order *o)
{
    const struct doc *d = r->ledger->doc;
    const struct doc_element *const first = doc_at(d, 0);
    for (size_t i = (size_t)(o->data - first) + 1; i < o->data->end; i = doc_at(d, i)->end)
        if (o->header == NULL && strcmp(doc_at(d, i)->name, "OrderHeaderData") == 0)
            o->header = doc_at(d, i);
    o->number = request_attribute(r, o->data, "OrderNumber");
    if (o->number[0] == '\0')
        return request_refuse(r, WORDING_INVALID, "OrderNumber");
    o->date = request_attribute(r, o->header, "OrderDate");
    if (o->date[0] != '\0' && !request_is_date(o->date))
        return request_refuse(r, WORDING_INVALID, "OrderDate");
    if (o->date[0] != '\0' && strcmp(o->date, r->ledger->closed_until) <= 0)
        return request_refuse(r, WORDING_PERIOD_CLOSED, o->date);
    const char *currency = request_attribute(r, o->header, "Currency");
    o->balance.currency = currency_find(currency[0] == '\0' ? "GBP" : currency);
    if (o->balance.currency == NULL)
        return request_refuse(r, WORDING_INVALID, "Currency");
    o->balance.vat_inclusive = request_says_yes(request_attribute(r, o->data, "VatInclusive"));
    o->balance.price_of_line = r->ledger->price_of_line;
    o->balance.on_account = request_attribute(r, o->data, "PaymentTerms")[0] != '\0';
    if (balance_state_paid(&o->balance, request_attribute(r, o->header, "OrderPaid")) < 0)
        return request_refuse(r, WORDING_INVALID, "OrderPaid");
    return 0;
}

static int read_order(struct request *r, struct order *o)
{
    const struct doc *d = r->ledger->doc;
    int result = read_header(r, o);
    for (size_t i = (size_t)(o->data - doc_at(d, 0)) + 1; result == 0 && i < o->data->end;
         i = doc_at(d, i)->end) {
        const struct doc_element *e = doc_at(d, i);
        if (strcmp(e->name, "OrderLineData") == 0)
            result = read_line(r, o, e);
        else if (strcmp(e->name, "OrderChargeData") == 0)
            result = read_charge(r, o, e);
        else if (strcmp(e->name, "OrderPaymentData") == 0)
            result = read_payment(r, o, e);
    }
    if (result == 0 && o->line_count == 0)
        result = request_refuse(r, WORDING_INVALID, "order: no lines");
    if (result == 0 && balance_close(&o->balance) < 0)
        result = request_refuse(r, WORDING_INVALID, "Price");
    if (result == 0 && o->balance.difference != 0 && r->ledger->refuse_off_balance &&
        !request_says_yes(request_attribute(r, o->data, "HoldOrder"))) {
        char text[MONEY_TEXT_MAX];
        result = request_refuse(
            r, WORDING_OFF_BALANCE,
            money_format((struct money){o->balance.difference, o->balance.currency}, text));
    }
    return result;
}

/* The order's own row; its number is refused by the table's unique index, if at all. */
static int write_head(struct request *r, const struct order *o, const char *account)
{
    const struct balance *b = &o->balance;
    const bool hold = request_says_yes(request_attribute(r, o->data, "HoldOrder"));
    return db_change(
        r->ledger->db, DB_ORDER_ADD,
        "ttiittttti"
        "tttttttt"
        "tiiiiiiiii",
        r->company, o->number, r->id, r->now_ms, account,
        request_attribute(r, o->data, "CustomerRef"), request_attribute(r, o->data, "OrderChannel"),
        request_attribute(r, o->data, "OrderType"), o->date, (int64_t)hold,
        request_attribute(r, o->data, "HoldOrderNarrative"), hold ? "Held" : "Open",
        request_attribute(r, o->data, "CustomerSurname"), request_attribute(r, o->data, "PostCode"),
        request_attribute(r, o->data, "Country"),
        request_attribute(r, o->header, "SpecialInstructions"),
        request_attribute(r, o->header, "Carrier"), request_attribute(r, o->data, "PaymentTerms"),
        b->currency->code, (int64_t)b->vat_inclusive, b->lines, b->discounts, b->tax, b->charges,
        b->paid, b->stated_paid, b->outstanding, b->difference);
}

static void write_parts(struct request *r, const struct order *o, int64_t order_id)
{
    struct db *db = r->ledger->db;
    for (size_t i = 0; i < o->line_count; i++) {
        const struct line *l = &o->lines[i];
        const struct product *p = l->product;
        db_write(db, DB_ORDER_LINE_ADD,
                 "iitittttt"
                 "iiiittt",
                 order_id, (int64_t)i + 1, request_attribute(r, l->element, "OrderLine"), p->id,
                 p->code, p->matrix[0], p->matrix[1], p->matrix[2], p->matrix[3],
                 l->amounts.quantity, l->amounts.price, l->amounts.discount, l->amounts.tax,
                 catalogue_depot_code(r->ledger->catalogue, (size_t)l->depot),
                 request_attribute(r, l->element, "LineNarrative"),
                 request_attribute(r, l->element, "LineReference"));
    }
    for (size_t i = 0; i < o->charge_count; i++)
        db_write(db, DB_ORDER_CHARGE_ADD, "iiti", order_id, (int64_t)i + 1,
                 request_attribute(r, o->charges[i], "Charge"), o->charge_values[i]);
    for (size_t i = 0; i < o->payment_count; i++) {
        const struct doc_element *e = o->payments[i];
        db_write(db, DB_ORDER_PAYMENT_ADD,
                 "iitti"
                 "ttttt",
                 order_id, (int64_t)i + 1, request_attribute(r, e, "PayMethod"),
                 request_attribute(r, e, "SubPayMethod"), o->payment_amounts[i],
                 request_attribute(r, e, "PayProvider"), request_attribute(r, e, "PayAuthRef"),
                 request_attribute(r, e, "TransactionID"), request_attribute(r, e, "VchNumber"),
                 request_attribute(r, e, "ExchCreditNo"));
    }
}

/* The order's account: the one named, or the one that Prima matches or creates by itself. */
static int choose_account(struct request *r, const struct order *o,
                          char ret_account[static ACCOUNT_MAX], bool *ret_new)
{
    const char *named = request_attribute(r, o->data, "Customer");
    *ret_new = false;
    if (named[0] == '\0') {
        (void)snprintf(ret_account, ACCOUNT_MAX, "%s", customer_match(r, o->data));
        if (ret_account[0] == '\0') {
            *ret_new = true;
            (void)snprintf(ret_account, ACCOUNT_MAX, "C%07lld",
                           (long long)r->ledger->last_customer + 1);
        }
        return 0;
    }
    db_query(r->ledger->db, DB_CUSTOMER_BY_ACCOUNT, "tt", named, r->company);
    const bool known = db_next(r->ledger->db, DB_CUSTOMER_BY_ACCOUNT);
    db_end(r->ledger->db, DB_CUSTOMER_BY_ACCOUNT);
    if (!known || strlen(named) >= ACCOUNT_MAX)
        return request_refuse(r, WORDING_UNKNOWN_CUSTOMER, named);
    (void)snprintf(ret_account, ACCOUNT_MAX, "%s", named);
    return 0;
}

static int write_order(struct request *r, const struct order *o)
{
    char account[ACCOUNT_MAX];
    bool is_new;
    int result = choose_account(r, o, account, &is_new);
    if (result < 0)
        return result;
    if (!r->ledger->unique) {
        db_query(r->ledger->db, DB_ORDER_FIND, "tt", o->number, r->company);
        r->second = db_next(r->ledger->db, DB_ORDER_FIND) || r->second;
        db_end(r->ledger->db, DB_ORDER_FIND);
    }
    if (write_head(r, o, account) < 0) {
        r->duplicate = true;
        return request_refuse(r, WORDING_EXISTS, o->number);
    }
    const int64_t id = db_last_id(r->ledger->db);
    write_parts(r, o, id);
    if (is_new) {
        result = customer_add(r, o->data, account);
        assert(result == 0); /* no account has this reference, or it had been matched */
    }
    return result;
}

static void orders_reserve(const struct order *o)
{
    for (size_t i = 0; i < o->line_count; i++)
        o->lines[i].product->reserved[o->lines[i].depot] += o->lines[i].amounts.quantity;
}

/* All orders of the request, or none of them. */
enum outcome apply_new_order(struct request *r)
{
    static struct order order; /* large; one thread */
    struct ledger *ledger = r->ledger;
    const struct doc *d = ledger->doc;
    const int64_t last_customer = ledger->last_customer;
    int result = 0;
    size_t written = 0;
    /* One order alone needs no way back: it is checked first, and its head is the only row that a
     * constraint can refuse. */
    const struct doc_element *first = request_data(r);
    const bool several = first->end < doc_at(d, 0)->end;
    if (several)
        db_mark(ledger->db);
    for (size_t i = 1; result == 0 && i < doc_count(d); i = doc_at(d, i)->end) {
        if (strcmp(doc_at(d, i)->name, "Data") != 0)
            continue;
        order.data = doc_at(d, i);
        order.header = NULL;
        order.balance = (struct balance){0};
        order.line_count = order.charge_count = order.payment_count = 0;
        result = read_order(r, &order);
        if (result == 0)
            result = write_order(r, &order);
        if (result == 0) {
            orders_reserve(&order);
            written++;
        }
    }
    if (result < 0) {
        if (several)
            db_undo(ledger->db);
        ledger->last_customer = last_customer;
        if (written > 0)
            catalogue_recount(ledger->catalogue, ledger->db);
        return OUTCOME_REFUSED;
    }
    if (several)
        db_unmark(ledger->db);
    reply_begin(r, "OK", "");
    for (size_t i = 1; i < doc_count(d); i = doc_at(d, i)->end) {
        if (strcmp(doc_at(d, i)->name, "Data") != 0)
            continue;
        buf_text(r->reply, "<Data");
        reply_attribute(r, "OrderNumber", request_attribute(r, doc_at(d, i), "OrderNumber"));
        buf_text(r->reply, "/>");
    }
    reply_end(r);
    return OUTCOME_APPLIED;
}
