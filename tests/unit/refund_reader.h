/* A credit note's request read back as Prima adds it up, beside what the plain model of refunds says
 * of it. Shares no code with what wrote it. Amounts are pence. */
#ifndef PRIMAFLOW_TEST_REFUND_READER_H
#define PRIMAFLOW_TEST_REFUND_READER_H

#include "refund_model.h"

struct note_sums {
    struct note_part {
        int64_t units, amount, tax;
    } lines[MODEL_LINES_MAX], carriage, order;
    int64_t paid;
};

/* Gross, whatever VatInclusive says: `net` is what the request's prices are. */
void note_read(const char *request, size_t size, bool net, struct note_sums *ret_note);

/* What differs from the model's note, whose payments are to come to `money`; NULL: nothing. */
const char *note_compare(const struct note_sums *note, const struct model_note *wanted,
                         int64_t money);

/* Moves one penny, or one unit, of the request in its turn: each must be found. */
void note_move_pennies(const char *request, size_t size, bool net, const struct model_note *wanted,
                       int64_t money);

#endif
