/* Reads the inner reply document; see reply.h. Rows are the children of Data: SKU or sku (Prima names them both ways), or accounts. */
#include "prima/reply.h"

#include <errno.h>
#include <strings.h>

enum { ROWS_MAX = 100000 };

struct scan {
    struct reply *reply;
    const struct prima_names *names;
    enum prima_type type;
    struct arena *arena;
    size_t depth, room; /* room: rows that fit into the array at hand */
    bool is_in_data, is_in_document;
    struct prima_document *documents; /* the reply's, to count lines in */
    int result;
};

static bool has(const struct xml_attribute *a, const char *name)
{
    return strcmp(a->name, name) == 0;
}

/* A copy in the arena; "" when there is no memory, and the scan has failed. */
static const char *keep(struct scan *s, const struct xml_attribute *a)
{
    const char *copy = arena_text(s->arena, a->value, a->size);
    if (copy == NULL)
        s->result = -ENOMEM;
    return copy != NULL ? copy : "";
}

/* The array with room for one more; NULL: refused, and the scan has failed. */
static void *grow(struct scan *s, const void *rows, size_t count, size_t size)
{
    if (count < s->room)
        return (void *)(uintptr_t)rows;
    const size_t room = s->room == 0 ? 4 : 2 * s->room;
    void *wider = room <= 2 * ROWS_MAX ? arena_alloc(s->arena, room * size) : NULL;
    if (wider == NULL) {
        s->result = room <= 2 * ROWS_MAX ? -ENOMEM : -EBADMSG;
        return NULL;
    }
    if (count > 0)
        memcpy(wider, rows, count * size);
    s->room = room;
    return wider;
}

static void add_product(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    static const char *const codes[] = {"MtrxCode1", "MtrxCode2", "MtrxCode3", "MtrxCode4"};
    struct prima_product product = {.product = "", .matrix = {"", "", "", ""}};
    for (size_t i = 0; i < count; i++) {
        if (has(&attributes[i], "Product"))
            product.product = keep(s, &attributes[i]);
        for (size_t code = 0; code < 4; code++)
            if (has(&attributes[i], codes[code]))
                product.matrix[code] = keep(s, &attributes[i]);
    }
    struct prima_product *rows = grow(s, s->reply->products, s->reply->product_count, sizeof *rows);
    if (rows == NULL)
        return;
    rows[s->reply->product_count++] = product;
    s->reply->products = rows;
}

/* A row without a code is no account. */
static void add_account(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    struct prima_account account = {"", "", ""};
    for (size_t i = 0; i < count; i++) {
        if (has(&attributes[i], s->names->account))
            account.account = keep(s, &attributes[i]);
        if (has(&attributes[i], s->names->row_reference))
            account.customer_ref = keep(s, &attributes[i]);
        if (has(&attributes[i], s->names->row_email))
            account.email = keep(s, &attributes[i]);
    }
    struct prima_account *rows = account.account[0] != '\0' ? grow(s, s->reply->accounts, s->reply->account_count, sizeof *rows) : NULL;
    if (rows == NULL)
        return;
    rows[s->reply->account_count++] = account;
    s->reply->accounts = rows;
}

/* A document's texts by their names; its lines are counted as they come. */
static void add_document(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    const struct prima_names *n = s->names;
    struct prima_document document = {"", "", "", "", "", "", "", "", 0};
    const struct {
        const char *name, **value;
    } wanted[] = {
        {n->document_type, &document.type}, {n->document_number, &document.number},     {n->document_date, &document.date},
        {n->document_net, &document.net},   {n->document_currency, &document.currency}, {n->document_tax, &document.tax},
        {n->document_hold, &document.hold}, {n->document_gross, &document.gross},
    };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (has(&attributes[i], wanted[k].name))
                *wanted[k].value = keep(s, &attributes[i]);
    struct prima_document *rows = grow(s, s->reply->documents, s->reply->document_count, sizeof *rows);
    if (rows == NULL)
        return;
    rows[s->reply->document_count++] = document;
    s->reply->documents = s->documents = rows;
}

static int64_t read_count(const struct xml_attribute *a)
{
    int64_t value = 0;
    for (size_t i = 0; i < a->size; i++) {
        if (a->value[i] < '0' || a->value[i] > '9' || value > INT32_MAX)
            return 0;
        value = value * 10 + (a->value[i] - '0');
    }
    return value;
}

static enum reply_status read_status(const struct xml_attribute *a)
{
    if (a->size == 2 && strncasecmp(a->value, "OK", 2) == 0)
        return REPLY_STATUS_OK;
    if (a->size == 5 && strncasecmp(a->value, "ERROR", 5) == 0)
        return REPLY_STATUS_ERROR;
    return a->size == 0 ? REPLY_STATUS_MISSING : REPLY_STATUS_OTHER;
}

/* RequestStatus and RequestError, of the root or of a Data. */
static void take_verdict(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    struct reply *r = s->reply;
    for (size_t i = 0; i < count; i++) {
        const struct xml_attribute *a = &attributes[i];
        if (has(a, s->names->request_status)) {
            const enum reply_status status = read_status(a);
            r->has_inner_error |= s->depth > 1 && status != REPLY_STATUS_OK && status != REPLY_STATUS_MISSING;
            if (r->status == REPLY_STATUS_MISSING)
                r->status = status;
        } else if (has(a, s->names->request_error) && a->size > 0) {
            r->has_inner_error |= s->depth > 1;
            if (r->error[0] == '\0')
                r->error = keep(s, a);
        }
    }
}

static void take_data(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    s->reply->has_data = true;
    take_verdict(s, attributes, count);
    for (size_t i = 0; s->type == PRIMA_ORDER_STATUS && i < count; i++) {
        const struct xml_attribute *a = &attributes[i];
        if (has(a, s->names->order_status) && a->size > 0)
            s->reply->order_status = keep(s, a);
        if (s->names->echo[0] != '\0' && has(a, s->names->echo) && a->size > 0)
            s->reply->echo = keep(s, a);
    }
    for (size_t i = 0; s->type == PRIMA_ORDER_SEARCH && i < count; i++)
        if (has(&attributes[i], s->names->document_pages))
            s->reply->pages = read_count(&attributes[i]);
    if (s->type == PRIMA_NEW_CUSTOMER)
        add_account(s, attributes, count);
}

static void on_open(void *user, const char *name, const struct xml_attribute *attributes, size_t count)
{
    struct scan *s = user;
    s->depth++;
    if (s->result < 0)
        return;
    if (s->depth == 1)
        take_verdict(s, attributes, count);
    if (s->depth == 2) {
        s->is_in_data = strcmp(name, "Data") == 0;
        s->is_in_document = false;
        if (s->is_in_data)
            take_data(s, attributes, count);
    }
    if (s->depth == 4 && s->is_in_document && strcmp(name, s->names->document_line) == 0)
        s->documents[s->reply->document_count - 1].line_count++;
    if (s->depth != 3 || !s->is_in_data)
        return;
    s->is_in_document = s->type == PRIMA_ORDER_SEARCH && strcmp(name, s->names->document_row) == 0;
    if (s->is_in_document)
        add_document(s, attributes, count);
    if (s->type == PRIMA_PRODUCT_READ && strcasecmp(name, "sku") == 0)
        add_product(s, attributes, count);
    if (s->type == PRIMA_CUSTOMER_SEARCH && strcmp(name, s->names->customer_row) == 0)
        add_account(s, attributes, count);
}

static void on_close(void *user, const char *name)
{
    (void)name;
    ((struct scan *)user)->depth--;
}

static void on_begin(void *user)
{
    struct scan *s = user;
    *s->reply = (struct reply){.error = ""};
    *s = (struct scan){.reply = s->reply, .names = s->names, .type = s->type, .arena = s->arena};
}

int reply_read(struct xml_reader *reader, const struct prima_names *names, enum prima_type type, const char *text, size_t size,
               struct arena *arena, struct reply *ret_reply)
{
    static const struct xml_events events = {.open = on_open, .close = on_close, .begin = on_begin};
    struct reply reply = {.error = ""};
    struct scan s = {.reply = &reply, .names = names, .type = type, .arena = arena};
    const int result = xml_read(reader, text, size, NULL, true, &events, &s);
    if (result < 0 || s.result < 0)
        return result < 0 ? result : s.result;
    *ret_reply = reply;
    return 0;
}
