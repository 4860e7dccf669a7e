/* A table as spreadsheets write it (RFC 4180): rows of cells, comma or semicolon between them,
 * whichever comes first in the file.
 *
 * Not by libcsv: it wants its separator beforehand, trims cells, knows no line numbers (who mends a
 * file of 20,000 rows needs them), and takes a quote that is never closed for one huge cell.
 *
 * Quoted cells may hold separators, doubled quotes and ends of lines. A byte order mark before the
 * first cell is passed over. Every byte read goes into the digest. Embedded: csv_init /
 * csv_release. One thread. */
#ifndef PRIMAFLOW_OPS_CSV_H
#define PRIMAFLOW_OPS_CSV_H

#include "base/buf.h"
#include "base/digest.h"

#include <stdio.h>

enum { CSV_CELLS_MAX = 64, CSV_ROW_BYTES_MAX = 64 * 1024 };

struct csv {
    FILE *in;
    struct digest *digest;
    int separator;
    size_t line, row_line; /* the next to read; where the row at hand began */
    struct buf row;
    size_t cells[CSV_CELLS_MAX], cell_count;
    const char *wrong; /* of the row at hand; NULL: nothing */
};

void csv_init(struct csv *csv, FILE *in, struct digest *digest);
void csv_release(struct csv *csv);

/* False at the end of the file (or of what can be read: ask ferror). */
bool csv_next(struct csv *csv);
const char *csv_cell(const struct csv *csv,
                     size_t i); /* "" beyond the row's last; lives until the next row */
bool csv_is_blank(const struct csv *csv);
void csv_skip_rest(struct csv *csv);

#endif
