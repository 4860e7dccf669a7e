/* Rows that cannot be read, each as it came, until they are written as dead letters. Embedded; one
 * thread. */
#ifndef PRIMAFLOW_BAD_ROWS_H
#define PRIMAFLOW_BAD_ROWS_H

#include "base/buf.h"
#include "prima/answer.h"

enum { BAD_ROWS_MAX = 1000 };

struct bad_row {
    char *text;      /* <sku Product="..." .../>, UTF-8 */
    const char *why; /* a constant */
    uint64_t hash;   /* of both */
};
struct bad_rows {
    struct bad_row *list;
    size_t count, room;
};

/* Beyond BAD_ROWS_MAX none is kept. Aborts without memory. */
void bad_rows_add(struct bad_rows *rows, const struct prima_stock_row *row, const char *why);
bool bad_rows_has(const struct bad_rows *rows, uint64_t hash);
void bad_rows_release(struct bad_rows *rows);

#endif
