/* OrderStatus: whether Prima has an order, how far it is, and what of it has left. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>

int prima_request_order_status(const char *order_number, struct buf *out)
{
    if (!request_is_order_number(order_number))
        return -EINVAL;
    request_open(out, "OrderStatus");
    buf_text(out, "<Data OrderNumber=\"");
    buf_text(out, order_number);
    buf_text(out, "\"/>");
    return request_close(out);
}

static void order_status_data(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct xml_attribute *a = &attributes[i];
        if (scan_has(a, s->names->order_status) && a->size > 0)
            s->reply->order_status = scan_keep(s, a);
        if (s->names->echo[0] != '\0' && scan_has(a, s->names->echo) && a->size > 0)
            s->reply->echo = scan_keep(s, a);
    }
    scan_add_numbers(s, attributes, count);
}

/* A parcel; its lines come as its children. */
static void order_status_row(struct scan *s, const char *name,
                             const struct xml_attribute *attributes, size_t count)
{
    const struct prima_names *n = s->names;
    struct prima_despatch despatch = {"", "", "", "", "", "", NULL, 0};
    const struct {
        const char *name, **value;
    } wanted[] = {
        {n->despatch_number, &despatch.number},
        {n->despatch_date, &despatch.date},
        {n->despatch_carrier, &despatch.carrier},
        {n->despatch_service, &despatch.service},
        {n->despatch_tracking_number, &despatch.tracking_number},
        {n->despatch_tracking_url, &despatch.tracking_url},
    };
    s->has_parts = strcmp(name, n->despatch_row) == 0;
    if (!s->has_parts)
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (scan_has(&attributes[i], wanted[k].name))
                *wanted[k].value = scan_keep(s, &attributes[i]);
    struct prima_despatch *rows =
        scan_grow(s, s->reply->despatches, s->reply->despatch_count, sizeof *rows, &s->room);
    if (rows == NULL)
        return;
    rows[s->reply->despatch_count++] = despatch;
    s->reply->despatches = s->despatches = rows;
    s->despatch_lines = NULL;
    s->despatch_line_room = 0;
}

static void order_status_part(struct scan *s, const char *name,
                              const struct xml_attribute *attributes, size_t count)
{
    struct prima_despatch_line line = {"", ""};
    if (strcmp(name, s->names->despatch_line) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (scan_has(&attributes[i], s->names->despatch_order_line))
            line.order_line = scan_keep(s, &attributes[i]);
        if (scan_has(&attributes[i], s->names->despatch_quantity))
            line.quantity = scan_keep(s, &attributes[i]);
    }
    struct prima_despatch *despatch = &s->despatches[s->reply->despatch_count - 1];
    struct prima_despatch_line *rows =
        scan_grow(s, s->despatch_lines, despatch->line_count, sizeof *rows, &s->despatch_line_room);
    if (rows == NULL)
        return;
    rows[despatch->line_count++] = line;
    despatch->lines = s->despatch_lines = rows;
}

static void order_status_subject(const struct prima_names *names, const char *request, size_t size,
                                 struct asked *asked)
{
    (void)names;
    request_subject(request, size, "OrderNumber", asked->order_number, sizeof asked->order_number);
}

const struct request_kind request_kind_order_status = {.data = order_status_data,
                                                       .row = order_status_row,
                                                       .part = order_status_part,
                                                       .subject = order_status_subject};
