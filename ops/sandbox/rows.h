/* Disorder among the rows of a stock reply: the hostility `rows`. */
#ifndef SANDBOX_ROWS_H
#define SANDBOX_ROWS_H

#include "base/buf.h"
#include "faults.h"

/* Rewrites what stands between <Data> and </Data> of a reply's document: rows dropped, repeated,
 * cut to the first keep_rows, out of order, by the fault's fields. A document without rows is left
 * alone. */
void rows_disorder(struct buf *document, const struct fault *fault);

#endif
