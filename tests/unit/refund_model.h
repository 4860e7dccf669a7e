/* What refunds come to, by a plain model of its own: no code of the program's is used here, not even
 * its money. One order, one tax per line. Amounts are pence. */
#ifndef PRIMAFLOW_TEST_REFUND_MODEL_H
#define PRIMAFLOW_TEST_REFUND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_LINES_MAX = 4, MODEL_OWED_MAX = 16, MODEL_RATES_MAX = 3, MODEL_PARTS_MAX = 16 };

struct model_place {
    int64_t units, sold, gross, tax;
    size_t rate;
};

struct model {
    struct model_place lines[MODEL_LINES_MAX], carriage;
    size_t line_count;
    struct model_owed {
        struct model_place place;
        size_t line;
        int64_t at; /* when the edit was */
    } owed[MODEL_OWED_MAX];
    size_t owed_count;
    struct {
        int64_t ppm, gross, tax;
    } rates[MODEL_RATES_MAX];
    size_t rate_count;
};

/* What a refund says of one line, or of carriage. */
struct model_part {
    size_t line; /* MODEL_LINES_MAX: carriage */
    int64_t units, gross;
    int64_t tax; /* stated; -1: not */
};

/* What its note must come to: by line, carriage, and for the whole order. */
struct model_note {
    bool is_posted;
    struct {
        int64_t units, gross, tax;
    } lines[MODEL_LINES_MAX], carriage, order;
};

void model_begin(struct model *m);
void model_add_line(struct model *m, int64_t units, int64_t gross, int64_t tax, int64_t ppm);
void model_set_carriage(struct model *m, int64_t gross, int64_t tax, int64_t ppm);

/* A refund of these parts, with money back for the whole order besides, or of money alone. What is
 * more than remains is posted not at all, and changes nothing. */
struct model_note model_refund(struct model *m, const struct model_part parts[], size_t count,
                               int64_t for_order, bool money_alone);
struct model_note model_tax_alone(struct model *m, int64_t ppm, int64_t tax);
void model_edit(struct model *m, size_t line, int64_t units, int64_t at);

int64_t model_gross(const struct model *m); /* what remains */
int64_t model_tax(const struct model *m);

#endif
