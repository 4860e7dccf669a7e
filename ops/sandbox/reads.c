/* OrderStatus, OrderSearch and the two stock reads. */
#include "request.h"

#include "base/money.h"

#include <errno.h>

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };

static const char *amount(const struct currency *currency, int64_t minor,
                          char text[static MONEY_TEXT_MAX])
{
    (void)money_format((struct money){minor, currency}, text);
    text[strcspn(text, " ")] = '\0'; /* the currency has an attribute of its own */
    return text;
}

static void reply_integer(struct request *r, const char *name, int64_t value)
{
    buf_printf(r->reply, " %s=\"%lld\"", name, (long long)value);
}

static void reply_despatch_lines(struct request *r, int64_t order_id, const char *number)
{
    struct db *db = r->ledger->db;
    db_query(db, DB_DESPATCH_LINES, "it", order_id, number);
    while (db_next(db, DB_DESPATCH_LINES)) {
        buf_text(r->reply, "<Line");
        reply_attribute(r, "OrderLine", db_text(db, DB_DESPATCH_LINES, 0));
        reply_integer(r, "Quantity", db_int(db, DB_DESPATCH_LINES, 1));
        buf_text(r->reply, "/>");
    }
}

static void reply_despatches(struct request *r, int64_t order_id)
{
    static const char *const names[] = {"DespatchNumber", "DespatchDate",   "Carrier",
                                        "CarrServ",       "TrackingNumber", "TrackingURL"};
    struct db *db = r->ledger->db;
    db_query(db, DB_DESPATCH_ALL, "i", order_id);
    while (db_next(db, DB_DESPATCH_ALL)) {
        buf_text(r->reply, "<Despatch");
        for (int i = 0; i < 6; i++)
            reply_attribute(r, names[i], db_text(db, DB_DESPATCH_ALL, i));
        buf_byte(r->reply, '>');
        reply_despatch_lines(r, order_id, db_text(db, DB_DESPATCH_ALL, 0));
        buf_text(r->reply, "</Despatch>");
    }
}

enum outcome apply_order_status(struct request *r)
{
    struct db *db = r->ledger->db;
    const char *number = doc_attribute(r->ledger->doc, request_data(r), "OrderNumber");
    db_query(db, DB_ORDER_FIND, "tt", number, r->company);
    if (!db_next(db, DB_ORDER_FIND))
        return reply_refusal(r, WORDING_NO_SUCH_ORDER, number);
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data");
    reply_attribute(r, "OrderNumber", number);
    reply_attribute(r, "OrderStatus", db_text(db, DB_ORDER_FIND, 1));
    if (r->ledger->echo)
        reply_attribute(r, "CustomerRef", db_text(db, DB_ORDER_FIND, 2));
    const int64_t id = db_int(db, DB_ORDER_FIND, 0);
    db_end(db, DB_ORDER_FIND);
    buf_byte(r->reply, '>');
    if (r->ledger->parcels)
        reply_despatches(r, id);
    buf_text(r->reply, "</Data>");
    reply_end(r);
    return OUTCOME_READ;
}

static void reply_order_lines(struct request *r, int64_t order_id, const struct currency *currency,
                              bool gross)
{
    static const char *const names[] = {"OrderLine", "Product",   "MtrxCode1",
                                        "MtrxCode2", "MtrxCode3", "MtrxCode4"};
    struct db *db = r->ledger->db;
    db_query(db, DB_ORDER_LINES, "i", order_id);
    while (db_next(db, DB_ORDER_LINES)) {
        const int64_t quantity = db_int(db, DB_ORDER_LINES, 6),
                      pieces = r->ledger->price_of_line ? 1 : quantity,
                      tax = db_int(db, DB_ORDER_LINES, 9);
        const int64_t total =
            db_int(db, DB_ORDER_LINES, 7) * pieces - db_int(db, DB_ORDER_LINES, 8);
        char text[MONEY_TEXT_MAX];
        buf_text(r->reply, "<Line");
        for (int i = 0; i < 6; i++)
            reply_attribute(r, names[i], db_text(db, DB_ORDER_LINES, i));
        reply_integer(r, "Quantity", quantity);
        reply_attribute(r, "Net", amount(currency, gross ? total - tax : total, text));
        reply_attribute(r, "Tax", amount(currency, tax, text));
        buf_text(r->reply, "/>");
    }
}

static void reply_order(struct request *r)
{
    struct db *db = r->ledger->db;
    const enum db_statement s = DB_ORDER_SEARCH;
    const struct currency *currency = currency_find(db_text(db, s, 3));
    const int64_t total = db_int(db, s, 4), tax = db_int(db, s, 5);
    const bool gross = db_int(db, s, 6) != 0;
    char text[MONEY_TEXT_MAX];
    buf_text(r->reply, "<Document DocumentType=\"Order\"");
    reply_attribute(r, "DocumentNumber", db_text(db, s, 1));
    reply_attribute(r, "OrderNumber", db_text(db, s, 1));
    reply_attribute(r, "DocumentDate", db_text(db, s, 2));
    reply_attribute(r, "Currency", db_text(db, s, 3));
    reply_attribute(r, "Net", amount(currency, gross ? total - tax : total, text));
    reply_attribute(r, "Tax", amount(currency, tax, text));
    reply_attribute(r, "Gross", amount(currency, gross ? total : total + tax, text));
    reply_attribute(r, "Hold", db_int(db, s, 7) != 0 ? "Yes" : "No");
    reply_attribute(r, "Status", db_text(db, s, 8));
    buf_byte(r->reply, '>');
    reply_order_lines(r, db_int(db, s, 0), currency, gross);
    buf_text(r->reply, "</Document>");
}

static int64_t number_between(const char *text, int64_t absent, int64_t max)
{
    char *end;
    if (text[0] == '\0')
        return absent;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    return errno != 0 || *end != '\0' || value < 1 || value > max ? -1 : value;
}

enum outcome apply_order_search(struct request *r)
{
    const struct doc_element *data = request_data(r);
    const struct doc *d = r->ledger->doc;
    struct db *db = r->ledger->db;
    const char *from = doc_attribute(d, data, "DateFrom"), *to = doc_attribute(d, data, "DateTo");
    const int64_t page = number_between(doc_attribute(d, data, "Page"), 1, INT32_MAX);
    const int64_t size = number_between(doc_attribute(d, data, "PageSize"), PAGE_DEFAULT, PAGE_MAX);
    if (page < 0 || size < 0)
        return reply_refusal(r, WORDING_INVALID, page < 0 ? "Page" : "PageSize");
    if (to[0] == '\0')
        to = "9999-12-31";
    db_query(db, DB_ORDER_SEARCH_COUNT, "ttt", r->company, from, to);
    const int64_t total =
        db_next(db, DB_ORDER_SEARCH_COUNT) ? db_int(db, DB_ORDER_SEARCH_COUNT, 0) : 0;
    db_end(db, DB_ORDER_SEARCH_COUNT);

    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data");
    reply_integer(r, "Page", page);
    reply_integer(r, "Pages", (total + size - 1) / size);
    reply_integer(r, "Total", total);
    buf_byte(r->reply, '>');
    db_query(db, DB_ORDER_SEARCH, "tttii", r->company, from, to, size, (page - 1) * size);
    while (db_next(db, DB_ORDER_SEARCH))
        reply_order(r);
    buf_text(r->reply, "</Data>");
    reply_end(r);
    return OUTCOME_READ;
}

/* One row: of a depot, or of all of them together when depot is -1. Never less than 0: there is
 * nothing to sell then. */
static void reply_stock_row(struct request *r, const char *element, const struct product *p,
                            int depot)
{
    const struct catalogue *c = r->ledger->catalogue;
    int64_t available = 0;
    for (size_t i = 0; i < catalogue_depot_count(c); i++)
        if (depot < 0 || (size_t)depot == i)
            available += p->on_hand[i] - p->reserved[i];
    buf_printf(r->reply, "<%s", element);
    reply_attribute(r, "Product", p->code);
    for (int i = 0; i < 4; i++) {
        const char name[] = {'M', 't', 'r', 'x', 'C', 'o', 'd', 'e', (char)('1' + i), '\0'};
        reply_attribute(r, name, p->matrix[i]);
    }
    if (depot >= 0)
        reply_attribute(r, "Warehouse", catalogue_depot_code(c, (size_t)depot));
    reply_integer(r, "AvailableQuantity", available > 0 ? available : 0);
    buf_text(r->reply, " AvailableDate=\"\"/>");
}

/* The depot of an optional Warehouse attribute: -1 for none, -2 for an unknown one. */
static int depot_asked(const struct request *r, const struct doc_element *e)
{
    const char *code = doc_attribute(r->ledger->doc, e, "Warehouse");
    const int depot = catalogue_depot(r->ledger->catalogue, code);
    return code[0] == '\0' ? -1 : depot < 0 ? -2 : depot;
}

/* A product that Prima does not have gets no row. */
enum outcome apply_multi_available(struct request *r)
{
    const struct doc *d = r->ledger->doc;
    const struct doc_element *data = request_data(r);
    const int depot_of_all = depot_asked(r, data);
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data>");
    for (size_t i = (size_t)(data - doc_at(d, 0)) + 1; i < data->end; i = doc_at(d, i)->end) {
        const struct doc_element *e = doc_at(d, i);
        const char *const matrix[4] = {
            doc_attribute(d, e, "MtrxCode1"), doc_attribute(d, e, "MtrxCode2"),
            doc_attribute(d, e, "MtrxCode3"), doc_attribute(d, e, "MtrxCode4")};
        const struct product *p =
            catalogue_find(r->ledger->catalogue, doc_attribute(d, e, "Product"), matrix);
        const int own = depot_asked(r, e), depot = own == -1 ? depot_of_all : own;
        if (depot == -2)
            return reply_refusal(r, WORDING_UNKNOWN_DEPOT,
                                 doc_attribute(d, own == -2 ? e : data, "Warehouse"));
        if (p != NULL && strcasecmp(e->name, "sku") == 0)
            reply_stock_row(r, "SKU", p, depot);
    }
    buf_text(r->reply, "</Data>");
    reply_end(r);
    return OUTCOME_READ;
}

enum outcome apply_product_available(struct request *r)
{
    const struct doc_element *data = request_data(r);
    const char *from = doc_attribute(r->ledger->doc, data, "ProductFrom"),
               *to = doc_attribute(r->ledger->doc, data, "ProductTo");
    const int depot = depot_asked(r, data);
    if (depot == -2)
        return reply_refusal(r, WORDING_UNKNOWN_DEPOT,
                             doc_attribute(r->ledger->doc, data, "Warehouse"));
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data>");
    for (size_t i = 0; i < catalogue_count(r->ledger->catalogue); i++) {
        const struct product *p = catalogue_at(r->ledger->catalogue, i);
        if (!p->is_gone && strcmp(p->code, from) >= 0 &&
            (to[0] == '\0' || strcmp(p->code, to) <= 0))
            reply_stock_row(r, "sku", p, depot);
    }
    buf_text(r->reply, "</Data>");
    reply_end(r);
    return OUTCOME_READ;
}
