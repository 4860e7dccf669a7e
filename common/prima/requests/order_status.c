/* OrderStatus: whether Prima has an order. */
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

static void order_status_subject(const struct prima_names *names, const char *request, size_t size,
                                 struct asked *asked)
{
    (void)names;
    request_subject(request, size, "OrderNumber", asked->order_number, sizeof asked->order_number);
}

const struct request_kind request_kind_order_status = {.data = order_status_data,
                                                       .subject = order_status_subject};
