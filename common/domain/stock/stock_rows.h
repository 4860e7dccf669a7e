/* Rows of stock keys and depots, each once; and arithmetic that saturates: a figure that is too large
 * to be true stays the largest there is, and never turns negative. In the caller's arena. Pure: any
 * thread. */
#ifndef PRIMAFLOW_STOCK_ROWS_H
#define PRIMAFLOW_STOCK_ROWS_H

#include "domain/stock/stock_reserve.h"

struct stock_rows {
    struct stock_row *items;
    size_t count, room;
};

/* 0; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_rows_begin(struct stock_rows *rows, size_t room,
                                                         struct arena *arena);

/* Adds units to the row of this stock key and depot; there is room for `room` of them. Texts of the
 * depot are copied. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_rows_add(struct stock_rows *rows,
                                                       const struct stock_row *row,
                                                       struct arena *arena);

void stock_rows_sort(struct stock_rows *rows); /* by stock key, then depot */

static inline int64_t stock_add(int64_t a, int64_t b)
{
    int64_t sum = 0;
    return !__builtin_add_overflow(a, b, &sum) ? sum : b > 0 ? INT64_MAX : INT64_MIN;
}

static inline int64_t stock_subtract(int64_t a, int64_t b)
{
    int64_t difference = 0;
    return !__builtin_sub_overflow(a, b, &difference) ? difference : b < 0 ? INT64_MAX : INT64_MIN;
}

static inline int64_t stock_multiply(int64_t a, int64_t b)
{
    int64_t product = 0;
    return !__builtin_mul_overflow(a, b, &product) ? product
           : (a < 0) == (b < 0)                    ? INT64_MAX
                                                   : INT64_MIN;
}

#endif
