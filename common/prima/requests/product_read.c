/* MultiAvailableToSell: which of some products Prima has, and how many of each. What it asks about is not kept: up to
 * hundreds of products; whoever asked compares the rows. */
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>
#include <strings.h>

int prima_request_product_read(const struct prima_sku *skus, size_t count, struct buf *out)
{
    if (count == 0)
        return -EINVAL;
    struct writer w = {.names = &(const struct prima_names){.sends_empty = true}, .out = out};
    request_open(out, "MultiAvailableToSell");
    write_literal(&w, "<Data>");
    for (size_t i = 0; i < count; i++) {
        write_literal(&w, "<sku");
        write_exact(&w, A("Product"), skus[i].product);
        write_matrix(&w, skus[i].matrix);
        write_literal(&w, "/>");
    }
    write_literal(&w, "</Data>");
    return request_close(out);
}

int prima_request_stock_of(const struct prima_names *names, const struct prima_sku *skus,
                           size_t count, const char *warehouse, struct buf *out)
{
    if (count == 0)
        return -EINVAL;
    struct writer w = {.names = names, .out = out};
    request_open(out, names->product_read);
    write_literal(&w, "<Data");
    if (!is_absent(warehouse))
        write_named(&w, names->stock_warehouse, warehouse);
    write_literal(&w, ">");
    for (size_t i = 0; i < count; i++) {
        write_literal(&w, "<sku");
        write_exact(&w, A("Product"), skus[i].product);
        write_matrix(&w, skus[i].matrix);
        write_literal(&w, "/>");
    }
    write_literal(&w, "</Data>");
    return request_close(out);
}

static void add_product(struct scan *s, const struct xml_attribute *attributes, size_t count)
{
    static const char *const codes[] = {"MtrxCode1", "MtrxCode2", "MtrxCode3", "MtrxCode4"};
    struct prima_product product = {.product = "", .matrix = {"", "", "", ""}};
    for (size_t i = 0; i < count; i++) {
        if (scan_has(&attributes[i], "Product"))
            product.product = scan_keep(s, &attributes[i]);
        for (size_t code = 0; code < 4; code++)
            if (scan_has(&attributes[i], codes[code]))
                product.matrix[code] = scan_keep(s, &attributes[i]);
    }
    struct prima_product *rows =
        scan_grow(s, s->reply->products, s->reply->product_count, sizeof *rows, &s->room);
    if (rows == NULL)
        return;
    rows[s->reply->product_count++] = product;
    s->reply->products = rows;
}

static void product_read_row(struct scan *s, const char *name,
                             const struct xml_attribute *attributes, size_t count)
{
    if (strcasecmp(name, "sku") != 0) /* Prima names them SKU and sku */
        return;
    if (s->stock_seen != NULL)
        scan_tell_stock(s, attributes, count);
    else
        add_product(s, attributes, count);
}

const struct request_kind request_kind_product_read = {.data = scan_add_numbers,
                                                       .row = product_read_row};
