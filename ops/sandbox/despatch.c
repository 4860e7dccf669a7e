/* Despatching; see despatch.h. */
#include "despatch.h"

#include <string.h>

enum { LINES_MAX = 1000 };

struct parcel {
    const char *order_number, *company, *number;
    const char *date, *carrier, *service, *tracking_number, *tracking_url; /* NULL: not told */
    json_t *lines;
    int64_t order_id;
};

struct open_line { /* of the order */
    int64_t position, product_id, remains, leaves;
    char depot[21], order_line[21];
};

static const char usage[] =
    "{\"order_number\": \"2011001\", \"company\": \"01\", \"despatch_number\": \"D1\", \"date\": "
    "\"2026-11-30\", \"carrier\": \"DPD\", \"service\": \"24\", \"tracking_number\": \"T1\", "
    "\"tracking_url\": \"\", \"lines\": [{\"order_line\": \"1\", \"quantity\": 1}]}";

static bool read_parcel(json_t *body, struct parcel *p)
{
    *p = (struct parcel){.company = ""};
    return json_unpack_ex(body, NULL, JSON_STRICT, "{s:s, s?s, s:s, s?s, s?s, s?s, s?s, s?s, s?o}",
                          "order_number", &p->order_number, "company", &p->company,
                          "despatch_number", &p->number, "date", &p->date, "carrier", &p->carrier,
                          "service", &p->service, "tracking_number", &p->tracking_number,
                          "tracking_url", &p->tracking_url, "lines", &p->lines) == 0 &&
           p->number[0] != '\0' && (p->lines == NULL || json_is_array(p->lines));
}

static bool despatch_find(struct db *db, enum db_statement statement, int64_t *ret_id)
{
    const bool found = db_next(db, statement);
    if (found)
        *ret_id = db_int(db, statement, 0);
    db_end(db, statement);
    return found;
}

static size_t read_open_lines(struct db *db, int64_t order_id,
                              struct open_line lines[static LINES_MAX])
{
    size_t count = 0;
    db_query(db, DB_DESPATCH_OPEN, "i", order_id);
    while (db_next(db, DB_DESPATCH_OPEN)) {
        struct open_line *l = &lines[count];
        if (count++ == LINES_MAX)
            abort(); /* no request has more */
        *l = (struct open_line){.position = db_int(db, DB_DESPATCH_OPEN, 0),
                                .product_id = db_int(db, DB_DESPATCH_OPEN, 2),
                                .remains = db_int(db, DB_DESPATCH_OPEN, 4)};
        (void)snprintf(l->order_line, sizeof l->order_line, "%s", db_text(db, DB_DESPATCH_OPEN, 1));
        (void)snprintf(l->depot, sizeof l->depot, "%s", db_text(db, DB_DESPATCH_OPEN, 3));
    }
    return count;
}

/* How many units of each line leave. */
static const char *despatch_choose(const struct parcel *p, struct open_line *lines, size_t count)
{
    size_t i;
    json_t *item;
    for (size_t k = 0; p->lines == NULL && k < count; k++)
        lines[k].leaves = lines[k].remains;
    json_array_foreach(p->lines, i, item)
    {
        const char *order_line;
        json_int_t quantity;
        size_t k = 0;
        if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:I}", "order_line", &order_line,
                           "quantity", &quantity) < 0)
            return usage;
        while (k < count && strcmp(lines[k].order_line, order_line) != 0)
            k++;
        if (k == count)
            return "the order has no such line";
        if (quantity < 1 || quantity > lines[k].remains - lines[k].leaves)
            return "more units than remain of the line, or none";
        lines[k].leaves += quantity;
    }
    return NULL;
}

static void despatch_ship(struct db *db, const struct parcel *p, const struct open_line *lines,
                          size_t count)
{
    bool remains = false;
    for (size_t i = 0; i < count; i++) {
        remains |= lines[i].leaves < lines[i].remains;
        if (lines[i].leaves == 0)
            continue;
        db_write(db, DB_DESPATCH_LINE_ADD, "itii", p->order_id, p->number, lines[i].position,
                 lines[i].leaves);
        db_write(db, DB_STOCK_ENSURE, "it", lines[i].product_id, lines[i].depot);
        db_write(db, DB_STOCK_TAKE, "iti", lines[i].product_id, lines[i].depot, lines[i].leaves);
    }
    db_write(db, DB_ORDER_STATUS_SET, "ttt", p->order_number, p->company,
             remains ? "Part Despatched" : "Despatched");
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *despatch_new(struct ledger *ledger, const struct parcel *p)
{
    static struct open_line lines[LINES_MAX]; /* large; one thread */
    struct db *db = ledger->db;
    const size_t count = read_open_lines(db, p->order_id, lines);
    const char *wrong = despatch_choose(p, lines, count);
    if (wrong != NULL)
        return wrong;
    db_write(db, DB_DESPATCH_ADD, "itttttt", p->order_id, p->number, text_or_empty(p->date),
             text_or_empty(p->carrier), text_or_empty(p->service),
             text_or_empty(p->tracking_number), text_or_empty(p->tracking_url));
    despatch_ship(db, p, lines, count);
    return NULL;
}

const char *despatch_take(struct ledger *ledger, json_t *body)
{
    struct db *db = ledger->db;
    struct parcel p;
    int64_t found;
    const char *wrong = NULL;
    if (!read_parcel(body, &p))
        return usage;
    db_query(db, DB_ORDER_FIND, "tt", p.order_number, p.company);
    if (!despatch_find(db, DB_ORDER_FIND, &p.order_id))
        return "no such order";
    db_query(db, DB_DESPATCH_FIND, "it", p.order_id, p.number);
    if (!despatch_find(db, DB_DESPATCH_FIND, &found))
        wrong = despatch_new(ledger, &p);
    else if (p.lines != NULL)
        wrong = "the parcel has left: its lines cannot be changed";
    else
        db_write(db, DB_DESPATCH_CORRECT, "itttttt", p.order_id, p.number, p.date, p.carrier,
                 p.service, p.tracking_number, p.tracking_url);
    if (wrong != NULL)
        return wrong;
    db_commit(db);
    catalogue_recount(ledger->catalogue, db);
    return NULL;
}
