/* OrderSearch: a page of the documents of a range of days. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

int prima_request_order_search(const struct prima_names *names, const struct prima_search *search,
                               struct buf *out)
{
    char page[24], page_size[24];
    struct writer w = {.names = names, .out = out};
    (void)snprintf(page, sizeof page, "%d", search->page);
    (void)snprintf(page_size, sizeof page_size, "%d", search->page_size);
    request_open(out, names->order_search);
    write_literal(&w, "<Data");
    write_named(&w, names->search_from, search->from);
    write_named(&w, names->search_to, search->to);
    write_named(&w, names->search_page, page);
    write_named(&w, names->search_page_size, page_size);
    write_literal(&w, "/>");
    return request_close(out);
}

/* A document's texts by their names; its lines are counted as they come. */
static void add_document(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    const struct prima_names *n = s->names;
    struct prima_document document = {"", "", "", "", "", "", "", "", 0};
    const struct {
        const char *name, **value;
    } wanted[] = {
        {n->document_type, &document.type},         {n->document_number, &document.number},
        {n->document_date, &document.date},         {n->document_net, &document.net},
        {n->document_currency, &document.currency}, {n->document_tax, &document.tax},
        {n->document_hold, &document.hold},         {n->document_gross, &document.gross},
    };
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (scan_has(&attributes[i], wanted[k].name))
                *wanted[k].value = scan_keep(s, &attributes[i]);
    struct prima_document *rows =
        scan_grow(s, s->reply->documents, s->reply->document_count, sizeof *rows, &s->room);
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

static void order_search_data(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (scan_has(&attributes[i], s->names->document_pages))
            s->reply->pages = read_count(&attributes[i]);
        if (scan_has(&attributes[i], s->names->search_page))
            s->reply->page = scan_keep(s, &attributes[i]);
    }
}

static void order_search_row(struct scan *s, const char *name,
                             const struct xml_attribute *attributes, size_t count)
{
    s->has_parts = strcmp(name, s->names->document_row) == 0;
    if (s->has_parts)
        add_document(s, attributes, count);
}

static void order_search_part(struct scan *s, const char *name,
                              const struct xml_attribute *attributes, size_t count)
{
    (void)attributes, (void)count;
    if (strcmp(name, s->names->document_line) == 0)
        s->documents[s->reply->document_count - 1].line_count++;
}

static void order_search_subject(const struct prima_names *names, const char *request, size_t size,
                                 struct asked *asked)
{
    request_subject(request, size, names->search_page, asked->page, sizeof asked->page);
}

const struct request_kind request_kind_order_search = {.data = order_search_data,
                                                       .row = order_search_row,
                                                       .part = order_search_part,
                                                       .subject = order_search_subject};
