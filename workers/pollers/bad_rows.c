/* A list of rows; see bad_rows.h. */
#include "bad_rows.h"

#include "base/table.h"

#include <stdlib.h>

enum { ROW_TEXT_MAX = 8 * 1024 };

static void append_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    for (const char *p = value; *p != '\0'; p++)
        if (*p == '&')
            buf_text(out, "&amp;");
        else if (*p == '<')
            buf_text(out, "&lt;");
        else if (*p == '"')
            buf_text(out, "&quot;");
        else if (*p == '\n' || *p == '\r' || *p == '\t')
            buf_printf(out, "&#%d;", *p);
        else
            buf_byte(out, (uint8_t)*p);
    buf_byte(out, '"');
}

static char *row_text(const struct prima_stock_row *row)
{
    static const char *const codes[] = {"MtrxCode1", "MtrxCode2", "MtrxCode3", "MtrxCode4"};
    struct buf out;
    buf_init(&out, ROW_TEXT_MAX);
    buf_text(&out, "<sku");
    append_attribute(&out, "Product", row->product);
    for (size_t i = 0; i < 4; i++)
        append_attribute(&out, codes[i], row->matrix[i]);
    append_attribute(&out, "Warehouse", row->warehouse);
    append_attribute(&out, "AvailableQuantity", row->available);
    append_attribute(&out, "AvailableDate", row->date);
    buf_text(&out, "/>");
    char *text = strdup(out.data);
    buf_release(&out);
    if (text == NULL)
        abort();
    return text;
}

void bad_rows_add(struct bad_rows *rows, const struct prima_stock_row *row, const char *why)
{
    if (rows->count == BAD_ROWS_MAX)
        return;
    if (rows->count == rows->room) {
        rows->room = rows->room == 0 ? 16 : 2 * rows->room;
        rows->list = realloc(rows->list, rows->room * sizeof *rows->list);
        if (rows->list == NULL)
            abort();
    }
    char *text = row_text(row);
    uint64_t hash = table_hash(TABLE_HASH_BEGIN, text, strlen(text));
    hash = table_hash(hash, why, strlen(why));
    rows->list[rows->count++] = (struct bad_row){text, why, hash};
}

bool bad_rows_has(const struct bad_rows *rows, uint64_t hash)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->list[i].hash == hash)
            return true;
    return false;
}

void bad_rows_release(struct bad_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->list[i].text);
    free(rows->list);
    *rows = (struct bad_rows){.list = NULL};
}
