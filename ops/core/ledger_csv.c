/* A table of open orders; see ledger_csv.h. What a cell means is judged by ledger_draft.c: here
 * only its place and its kind are. */
#include "core/ledger_csv.h"

#include "core/csv.h"
#include "core/ledger_draft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum part { ORDER = 1, LINE = 2, CHARGE = 4, TENDER = 8, CREDIT = 16, TAX = 32 };
enum kind { TEXT, INTEGER, TRUTH, WORDS };

static const struct {
    const char *name;
    enum part part;
    const char *list; /* of the order's JSON */
} parts[] = {{"order", ORDER, NULL},        {"line", LINE, "lines"},
             {"charge", CHARGE, "charges"}, {"tender", TENDER, "tenders"},
             {"credit", CREDIT, "credits"}, {"tax", TAX, NULL}};

static const struct {
    const char *name;
    enum kind kind;
    unsigned parts; /* whose field it is; 0: says where the row belongs */
} columns[] = {
    {"part", TEXT, 0},
    {"channel", TEXT, 0},
    {"store", TEXT, 0},
    {"order_id", TEXT, 0},
    {"currency", TEXT, ORDER},
    {"order_date", TEXT, ORDER},
    {"tax_included", TRUTH, ORDER},
    {"total", TEXT, ORDER},
    {"tax", TEXT, ORDER | LINE | CHARGE | TAX},
    {"account", TEXT, ORDER},
    {"order_number", TEXT, ORDER},
    {"document", TEXT, ORDER | CREDIT},
    {"money", TEXT, ORDER},
    {"posted_at", TEXT, ORDER | CREDIT},
    {"source_version", INTEGER, ORDER},
    {"event_time", TEXT, ORDER},
    {"outstanding", TEXT, ORDER},
    {"line_id", TEXT, LINE | CHARGE},
    {"number", INTEGER, LINE},
    {"product", TEXT, LINE},
    {"matrix_codes", WORDS, LINE},
    {"depot", TEXT, LINE},
    {"gift_card", TRUTH, LINE},
    {"quantity", INTEGER, LINE},
    {"credited_quantity", INTEGER, LINE},
    {"discount", TEXT, LINE},
    {"code", TEXT, CHARGE},
    {"kind", TEXT, CHARGE | TENDER},
    {"gateway", TEXT, TENDER},
    {"method", TEXT, TENDER},
    {"transaction_id", TEXT, TENDER},
    {"refund_id", TEXT, CREDIT},
    {"amount", TEXT, LINE | CHARGE | TENDER | CREDIT},
    {"credited", TEXT, LINE | CHARGE | TENDER},
    {"rate", TEXT, LINE | CHARGE | TAX},
    {"tax_credited", TEXT, LINE | CHARGE | TAX},
};
enum { KNOWN = sizeof columns / sizeof *columns, PARTS = sizeof parts / sizeof *parts };

struct table {
    struct csv csv;
    ledger_csv_order order;
    ledger_csv_wrong wrong;
    void *user;
    int meaning[CSV_CELLS_MAX]; /* index into `columns` */
    size_t column_count;
    json_t *at_hand, *last; /* the order; the line or charge that a further tax belongs to */
    size_t order_line;
    bool is_spoilt; /* the order at hand has a row that is wrong */
};

__attribute__((format(printf, 2, 3))) static void ledger_csv_complain(struct table *t,
                                                                      const char *format, ...)
{
    char why[LEDGER_WHY_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    t->wrong(t->user, t->csv.row_line, why);
    t->is_spoilt = true;
}

static const char *cell_named(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (strcmp(columns[t->meaning[i]].name, name) == 0)
            return csv_cell(&t->csv, i);
    return "";
}

/* ---- the first row ---- */

static bool read_head(struct table *t)
{
    if (!csv_next(&t->csv)) {
        ledger_csv_complain(t, "the file is empty; its first row names the columns");
        return false;
    }
    t->column_count = t->csv.cell_count;
    if (t->csv.wrong != NULL)
        ledger_csv_complain(t, "%s", t->csv.wrong);
    for (size_t i = 0; i < t->column_count; i++) {
        const char *name = csv_cell(&t->csv, i);
        t->meaning[i] = -1;
        for (int k = 0; k < KNOWN; k++)
            if (strcmp(columns[k].name, name) == 0)
                t->meaning[i] = k;
        if (t->meaning[i] < 0)
            ledger_csv_complain(
                t, "there is no column '%.40s'; see: primaflow ledger import --help", name);
        for (size_t k = 0; k < i; k++)
            if (t->meaning[k] == t->meaning[i] && t->meaning[i] >= 0)
                ledger_csv_complain(t, "the column %s stands there twice",
                                    columns[t->meaning[i]].name);
    }
    for (int k = 0; k < 4 && !t->is_spoilt; k++) {
        bool found = false;
        for (size_t i = 0; i < t->column_count; i++)
            found |= t->meaning[i] == k;
        if (!found)
            ledger_csv_complain(t, "the column %s is missing", columns[k].name);
    }
    return !t->is_spoilt;
}

/* ---- cells to JSON ---- */

static json_t *words_json(const char *text)
{
    json_t *list = json_array();
    while (*(text += strspn(text, " ")) != '\0') {
        const size_t size = strcspn(text, " ");
        (void)json_array_append_new(list, json_stringn(text, size));
        text += size;
    }
    return list;
}

/* NULL: not of that kind. */
static json_t *value_json(enum kind kind, const char *text)
{
    char *end;
    switch (kind) {
    case TEXT:
        return json_string(text);
    case WORDS:
        return words_json(text);
    case INTEGER:
        errno = 0;
        const long long number = strtoll(text, &end, 10);
        return end != text && *end == '\0' && errno == 0 ? json_integer(number) : NULL;
    case TRUTH:
        if (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0)
            return json_true();
        return strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0 ? json_false() : NULL;
    }
    return NULL;
}

/* A row's own tax goes into a list of its own. */
static bool is_of_tax(enum part part, const char *name)
{
    return (part & (LINE | CHARGE | TAX)) != 0 &&
           (strcmp(name, "rate") == 0 || strcmp(name, "tax") == 0 ||
            strcmp(name, "tax_credited") == 0);
}

static void read_cells(struct table *t, size_t part, json_t *object, json_t *tax)
{
    for (size_t i = 0; i < t->column_count; i++) {
        const char *text = csv_cell(&t->csv, i), *name = columns[t->meaning[i]].name;
        if (text[0] == '\0' || columns[t->meaning[i]].parts == 0)
            continue;
        json_t *value = value_json(columns[t->meaning[i]].kind, text);
        if (!(columns[t->meaning[i]].parts & parts[part].part))
            ledger_csv_complain(t, "%s: a row of part %s has no such field; leave the cell empty",
                                name, parts[part].name);
        else if (value == NULL)
            ledger_csv_complain(t, "%s: must be %s", name,
                                columns[t->meaning[i]].kind == INTEGER ? "a whole number"
                                : columns[t->meaning[i]].kind == TRUTH ? "true or false"
                                                                       : "UTF-8");
        else if (is_of_tax(parts[part].part, name))
            (void)json_object_set(tax, strcmp(name, "tax_credited") == 0 ? "credited" : name,
                                  value);
        else
            (void)json_object_set(object, name, value);
        json_decref(value);
    }
    if (t->csv.cell_count > t->column_count)
        ledger_csv_complain(t, "has more cells than there are columns");
}

static void add_tax(json_t *to, json_t *tax)
{
    json_t *taxes = json_object_get(to, "taxes");
    if (taxes == NULL) {
        taxes = json_array();
        (void)json_object_set_new(to, "taxes", taxes);
    }
    (void)json_array_append(taxes, tax);
}

/* ---- orders ---- */

static void finish_order(struct table *t)
{
    if (t->at_hand != NULL && !t->is_spoilt)
        t->order(t->user, t->order_line, t->at_hand);
    json_decref(t->at_hand);
    t->at_hand = t->last = NULL;
    t->is_spoilt = false;
}

static bool is_of_order_at_hand(const struct table *t)
{
    static const char *const names[] = {"channel", "store", "order_id"};
    for (size_t i = 0; i < 3; i++) {
        const char *text = json_string_value(json_object_get(t->at_hand, names[i]));
        if (text == NULL || strcmp(text, cell_named(t, names[i])) != 0)
            return false;
    }
    return true;
}

static void begin_order(struct table *t)
{
    static const char *const names[] = {"channel", "store", "order_id"};
    finish_order(t);
    t->at_hand = json_object();
    t->order_line = t->csv.row_line;
    for (size_t i = 0; i < 3; i++)
        if (json_object_set_new(t->at_hand, names[i], json_string(cell_named(t, names[i]))) < 0)
            ledger_csv_complain(t, "%s: must be UTF-8", names[i]);
}

static void take_row(struct table *t)
{
    size_t part = 0;
    while (part < PARTS && strcmp(parts[part].name, cell_named(t, "part")) != 0)
        part++;
    if (part == PARTS) {
        ledger_csv_complain(t, "part: must be order, line, charge, tender, credit or tax");
        return;
    }
    if (parts[part].part == ORDER) {
        begin_order(t);
    } else if (t->at_hand == NULL || !is_of_order_at_hand(t)) {
        ledger_csv_complain(
            t, "part: its order is not the one above; an order's rows stand together, the row "
               "of part order first");
        return;
    }
    json_t *object = parts[part].part == ORDER ? json_incref(t->at_hand) : json_object(),
           *tax = json_object();
    read_cells(t, part, object, tax);
    if (parts[part].part == TAX && t->last == NULL)
        ledger_csv_complain(t,
                            "part: there is no line or charge above that the tax could belong to");
    else if (parts[part].part == TAX)
        add_tax(t->last, tax);
    else if (json_object_size(tax) > 0)
        add_tax(object, tax);
    if (parts[part].list != NULL) {
        json_t *list = json_object_get(t->at_hand, parts[part].list);
        if (list == NULL) {
            list = json_array();
            (void)json_object_set_new(t->at_hand, parts[part].list, list);
        }
        (void)json_array_append(list, object);
        t->last = parts[part].part & (LINE | CHARGE) ? object : NULL; /* lives in the list */
    }
    json_decref(object);
    json_decref(tax);
}

void ledger_csv_read(FILE *in, struct digest *digest, ledger_csv_order order,
                     ledger_csv_wrong wrong, void *user)
{
    struct table t = {.order = order, .wrong = wrong, .user = user};
    csv_init(&t.csv, in, digest);
    if (read_head(&t)) {
        while (csv_next(&t.csv)) {
            if (t.csv.wrong != NULL)
                ledger_csv_complain(&t, "%s", t.csv.wrong);
            else if (!csv_is_blank(&t.csv))
                take_row(&t);
        }
        finish_order(&t);
    } else {
        csv_skip_rest(&t.csv); /* the digest is of the whole */
    }
    csv_release(&t.csv);
}
