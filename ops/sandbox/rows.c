/* Rows are found by their ends: "/>" cannot stand in an escaped attribute. See rows.h. */
#include "rows.h"

#include <assert.h>
#include <stdbool.h>

struct row {
    const char *text;
    size_t size;
};

/* Collects the rows to keep, with those to repeat twice. NULL: no memory, or no rows. */
static struct row *rows_collect(const char *from, const char *to, const struct fault *fault,
                                size_t *ret_count)
{
    size_t count = 0, room = 0;
    int64_t seen = 0;
    struct row *rows = NULL;
    for (const char *end; from < to && (end = strstr(from, "/>")) != NULL && end < to;
         from = end + 2) {
        if (fault->keep_rows >= 0 && seen++ >= fault->keep_rows)
            break;
        if (random_unit() < fault->drop)
            continue;
        if (count + 2 > room) {
            room = room * 2 + 64;
            struct row *more = realloc(rows, room * sizeof *rows);
            if (more == NULL) {
                free(rows);
                return NULL;
            }
            rows = more;
        }
        rows[count++] = (struct row){from, (size_t)(end + 2 - from)};
        if (random_unit() < fault->duplicate) {
            rows[count] = rows[count - 1];
            count++;
        }
    }
    *ret_count = count;
    return rows;
}

void rows_disorder(struct buf *document, const struct fault *fault)
{
    const char *data = strstr(document->data, "<Data>"),
               *end = data == NULL ? NULL : strstr(data, "</Data>");
    if (end == NULL)
        return;
    size_t count = 0;
    struct row *rows = rows_collect(data + 6, end, fault, &count);
    assert(rows != NULL || count == 0);
    if (rows == NULL && fault->keep_rows != 0 && !(fault->drop > 0))
        return;
    for (size_t i = count; fault->shuffle && i > 1; i--) {
        const size_t other = (size_t)(random_unit() * (double)i);
        const struct row row = rows[i - 1];
        rows[i - 1] = rows[other];
        rows[other] = row;
    }
    struct buf out;
    buf_init(&out, document->cap);
    buf_append(&out, document->data, (size_t)(data + 6 - document->data));
    for (size_t i = 0; i < count; i++)
        buf_append(&out, rows[i].text, rows[i].size);
    buf_text(&out, end);
    free(rows);
    buf_release(document);
    *document = out;
}
