/* Reading a row, judging a reply; see stock_rows.h. */
#include "stock_rows.h"

#include <errno.h>
#include <string.h>

enum { ORDERED_TENTHS = 10 };

const char *reading_end_name(enum reading_end end)
{
    static const char *const names[] = {
#define READING_END(ID, id, meaning) #id,
#include "reading_ends.def"
#undef READING_END
    };
    return names[end];
}

const char *reading_end_meaning(enum reading_end end)
{
    static const char *const meanings[] = {
#define READING_END(ID, id, meaning) meaning,
#include "reading_ends.def"
#undef READING_END
    };
    return meanings[end];
}

/* A whole number, blanks around it aside; a fraction of zeros is none. NULL, or what is wrong. */
static const char *read_units(const char *text, int64_t *ret_units)
{
    int64_t units = 0;
    text += strspn(text, " ");
    if (*text == '\0')
        return "the row has no quantity";
    const bool is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    const size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && units <= STOCK_UNITS_MAX; i++)
        units = units * 10 + (text[i] - '0');
    text += digits;
    if (digits > 0 && *text == '.')
        text += 1 + strspn(text + 1, "0");
    text += strspn(text, " ");
    if (digits == 0 || *text != '\0')
        return "the row's quantity is no whole number";
    if (units > STOCK_UNITS_MAX)
        return "the row's quantity is beyond a thousand million";
    *ret_units = is_negative ? -units : units;
    return NULL;
}

const char *stock_row_read(const struct prima_stock_row *in, struct stock_row *ret_row)
{
    const struct prima_sku sku = {
        .product = in->product,
        .matrix = {in->matrix[0], in->matrix[1], in->matrix[2], in->matrix[3]}};
    ret_row->key[0] = '\0';
    ret_row->depot = in->warehouse;
    ret_row->date = in->date;
    if (in->is_too_long)
        return "a value of the row is longer than Prima's codes can be";
    const int size = stock_key_write(&sku, ret_row->key, sizeof ret_row->key);
    if (size < 0)
        ret_row->key[0] = '\0';
    if (size == -EINVAL)
        return "the row names no product";
    if (size < 0)
        return "the row's product and codes are longer than Prima's can be";
    if (strlen(in->warehouse) > STOCK_DEPOT_BYTES_MAX / 3) /* each byte may be escaped */
        return "the row's warehouse is longer than Prima's codes can be";
    return read_units(in->available, &ret_row->available);
}

bool stock_tally_is_ordered(const struct stock_tally *t)
{
    return t->descents * ORDERED_TENTHS <= t->followed;
}

enum reading_end stock_check(const struct stock_tally *t, enum stock_scope scope,
                             const struct stock_last *last, const struct stock_limits *limits)
{
    if (t->is_other_depot)
        return READING_OTHER_DEPOT;
    if (t->contradicting > 0)
        return READING_DOUBLED;
    if (t->bad > limits->bad_max || (t->bad > 0 && t->rows == 0))
        return READING_INVALID;
    if (scope == STOCK_SCOPE_CHOSEN)
        return READING_COMPLETE;
    if (t->rows == 0 && (scope == STOCK_SCOPE_WHOLE || last->rows > 0))
        return READING_EMPTY;
    if (t->rows * 100 < last->rows * limits->rows_min_percent)
        return READING_SHRUNK;
    if (limits->order_matters && last->was_ordered && !stock_tally_is_ordered(t))
        return READING_DISORDERED;
    return READING_COMPLETE;
}
