/* The table of request types, and the frame of every reply; see request.h. */
#include "request.h"

#include "text.h"

#include <errno.h>

static const struct request_type types[] = {
    {"NewOrder", "OrderNumber", apply_new_order, NULL},
    {"MultiNewOrder", "OrderNumber", apply_new_order, NULL},
    {"OrderStatus", "OrderNumber", apply_order_status, NULL},
    {"OrderSearch", "DateFrom", apply_order_search, NULL},
    {"CustomerSearch", "CustomerRef", apply_customer_search, "CustomerEmail"},
    {"NewCreditNote", "CreditNumber", apply_new_credit_note, NULL},
    {"CreditNoteStatus", "CreditNumber", apply_credit_note_status, NULL},
    {"NewCustomer", "CustomerRef", apply_new_customer, NULL},
    {"MultiAvailableToSell", "Product", apply_multi_available, NULL},
    {"ProductAvailableToSell", "ProductFrom", apply_product_available, NULL},
};

const char *request_outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {"applied",   "read",        "refused",
                                                     "malformed", "not_applied", "pending"};
    return names[outcome];
}

const struct doc_element *request_data(const struct request *r)
{
    for (size_t i = 1; i < doc_count(r->ledger->doc); i = doc_at(r->ledger->doc, i)->end)
        if (strcmp(doc_at(r->ledger->doc, i)->name, "Data") == 0)
            return doc_at(r->ledger->doc, i);
    return NULL;
}

static const char *key_of(const struct request *r, const struct doc_element *data)
{
    const struct doc *d = r->ledger->doc;
    const char *key = doc_attribute(d, data, r->type->key);
    if (key[0] == '\0' && r->type->otherwise != NULL)
        return doc_attribute(d, data, r->type->otherwise);
    return key[0] == '\0' && data + 1 < doc_at(d, 0) + doc_at(d, 0)->end
               ? doc_attribute(d, data + 1, r->type->key)
               : key;
}

int request_read(struct request *r, const char *text, size_t size)
{
    while (size > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')) {
        text++;
        size--;
    }
    r->type = NULL;
    r->type_name = r->key = "";
    r->duplicate = r->second = false;
    const int result = doc_parse(r->ledger->doc, text, size);
    if (result < 0)
        return result;
    const struct doc *d = r->ledger->doc;
    r->type_name = doc_attribute(d, doc_at(d, 0), "RequestType");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, r->type_name) == 0)
            r->type = &types[i];
    const struct doc_element *data = request_data(r);
    if (r->type != NULL && data != NULL)
        r->key = key_of(r, data);
    return 0;
}

enum outcome request_apply(struct request *r)
{
    if (strcmp(doc_at(r->ledger->doc, 0)->name, "Request") != 0)
        return reply_refusal(r, WORDING_INVALID, "root element: Request is expected");
    if (r->type == NULL)
        return reply_refusal(r, WORDING_INVALID, "RequestType");
    if (request_data(r) == NULL)
        return reply_refusal(r, WORDING_INVALID, "request: no Data");
    return r->type->apply(r);
}

void reply_attribute(struct request *r, const char *name, const char *value)
{
    buf_byte(r->reply, ' ');
    buf_text(r->reply, name);
    buf_text(r->reply, "=\"");
    text_escape(r->reply, value, strlen(value));
    buf_byte(r->reply, '"');
}

void reply_begin(struct request *r, const char *status, const char *error)
{
    buf_text(r->reply, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Response");
    reply_attribute(r, "RequestType", r->type_name);
    reply_attribute(r, "RequestStatus", status);
    reply_attribute(r, "RequestError", error);
    buf_byte(r->reply, '>');
}

void reply_end(struct request *r)
{
    buf_text(r->reply, "</Response>");
}

void reply_posted(struct request *r, const char *name, const char *number)
{
    reply_begin(r, "OK", "");
    buf_text(r->reply, "<Data");
    reply_attribute(r, name, number);
    buf_text(r->reply, "/>");
    reply_end(r);
}

enum outcome reply_refusal(struct request *r, enum wording wording, const char *detail)
{
    struct buf text;
    buf_init(&text, 1000);
    wording_append(&text, wording, r->ledger->style, detail);
    buf_clear(r->reply);
    reply_begin(r, "ERROR", text.data);
    reply_end(r);
    buf_release(&text);
    return OUTCOME_REFUSED;
}
