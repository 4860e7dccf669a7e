/* Rows of Prima's stock as values, and what a whole reply must be like. Pure: any thread. */
#ifndef PRIMAFLOW_STOCK_ROWS_H
#define PRIMAFLOW_STOCK_ROWS_H

#include "domain/events/stock_event.h"
#include "domain/stock/stock_key.h"
#include "prima/answer.h"

enum reading_end {
#define READING_END(ID, id, meaning) READING_##ID,
#include "reading_ends.def"
#undef READING_END
    READING_ENDS
};
const char *reading_end_name(enum reading_end end);
const char *reading_end_meaning(enum reading_end end);

/* Beyond this a quantity is no stock: units, up and down. */
#define STOCK_UNITS_MAX INT64_C(1000000000)

struct stock_row {
    char key[STOCK_KEY_BYTES_MAX + 1]; /* stock key */
    const char *depot;                 /* the row's text; "": none */
    const char *date;                  /* the row's text; "": none */
    int64_t available;
};

/* NULL: *ret_row is the row. Else why it cannot be read, a constant; ret_row->key is "" then, or
 * what it is of. */
const char *stock_row_read(const struct prima_stock_row *row, struct stock_row *ret_row);

/* What of a reply its rows do not tell one by one. */
struct stock_tally {
    int64_t rows;          /* good ones, each SKU and depot once */
    int64_t bad, repeated; /* repeated: the same once more */
    int64_t contradicting; /* ... with another quantity */
    int64_t followed,
        descents; /* products behind another one, and of those: before it by alphabet */
    bool is_other_depot;
};

/* Of the last complete read of the same things; all 0: none is known. */
struct stock_last {
    int64_t rows, at_ms; /* at_ms: when it began, Redis' clock */
    bool was_ordered;
};

struct stock_limits {
    int64_t rows_min_percent; /* of the last read's rows */
    int64_t bad_max;
    bool order_matters;
};

/* Fewer than one in ten products stands behind one that is greater: an alphabet of Prima's own, or
 * products in no order within their groups, are order enough. */
bool stock_tally_is_ordered(const struct stock_tally *tally);

/* READING_COMPLETE, or what is wrong with the reply as a whole. */
enum reading_end stock_check(const struct stock_tally *tally, enum stock_scope scope,
                             const struct stock_last *last, const struct stock_limits *limits);

#endif
