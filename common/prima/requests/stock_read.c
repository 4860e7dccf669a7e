/* ProductAvailableToSell: how many Prima has of every product, or of a range of them. Its rows are
 * read as they arrive alone (reply_stream.h): there may be a million. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <strings.h>

int prima_request_stock_read(const struct prima_names *names, const char *from, const char *to,
                             const char *warehouse, struct buf *out)
{
    struct writer w = {.names = names, .out = out};
    request_open(out, names->stock_read);
    write_literal(&w, "<Data");
    write_exact(&w, A("ProductFrom"), from);
    write_exact(&w, A("ProductTo"), to);
    if (!is_absent(warehouse))
        write_named(&w, names->stock_warehouse, warehouse);
    write_literal(&w, "/>");
    return request_close(out);
}

static void stock_read_row(struct scan *s, const char *name, const struct xml_attribute *attributes,
                           size_t count)
{
    if (strcasecmp(name, "sku") != 0) /* Prima names them sku and SKU */
        return;
    if (s->stock_seen != NULL)
        scan_tell_stock(s, attributes, count);
    else
        s->reply->product_count++;
}

const struct request_kind request_kind_stock_read = {.row = stock_read_row};
