/* A channel's JSON read as what it is documented to be: each value knows its path, and what does not
 * fit is said with it.
 *
 * Invariants
 *   - Money is read exactly into minor units, or complained of: never rounded, never through
 *     floating point. A JSON number where text is documented is taken only when it has one decimal
 *     form of at most 15 digits, which is then what the file says.
 *   - A function that complains returns "nothing there"; reading goes on, so that all that is wrong
 *     with an order or refund is said at once. What was made of one with complaints is thrown away
 *     (`wrong` > 0).
 *   - A complaint shows a value only where an amount, a time, a number or a word of a list belongs,
 *     never a text of a person. Missing and null are the same, and an empty text is no text. Texts
 *     point into the JSON.
 * One thread. */
#ifndef PRIMAFLOW_IMPORT_READER_H
#define PRIMAFLOW_IMPORT_READER_H

#include "base/currency.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    IMPORT_ITEMS_MAX = 5000,     /* of one list: Shopify's own limit for an order is 500 lines */
    IMPORT_COMPLAINT_MAX = 600,  /* bytes of one complaint */
    IMPORT_UNITS_MAX = 10000000, /* of one line */
};
#define IMPORT_MINOR_MAX                                                                           \
    INT64_C(                                                                                       \
        1000000000000000) /* of one amount; a sum of all that one order can hold is checked as \
                                 well */

/* A value and where it stands; lives on the caller's stack below its parent. json NULL: missing or
 * null. */
struct import_at {
    const json_t *json;
    const struct import_at *up; /* NULL: the document */
    const char *name;           /* NULL: an item of a list, at `index` */
    size_t index;
};

struct import_reader {
    void (*complain)(void *user, const char *text); /* "$.path: what; remedy" */
    void *user;
    size_t wrong;
    const char *noun;              /* what is read, in texts: "refund"; NULL: "order" */
    bool no_memory;                /* for an event's JSON (import_write.h) */
    const struct import_at *order; /* that is being read */
    bool is_too_large;             /* a sum of this order's did not fit, which has been said */
    int64_t shop_total, presentment_total; /* the order's total in both: its rate; 0: not known */
    const struct currency *shop,
        *presentment; /* of the order; the same when the customer saw the shop's */
};

struct import_at import_field(const struct import_at *parent, const char *name);
struct import_at import_item(const struct import_at *list, size_t index);
/* How many items; 0 after a complaint when it is there and no list, or too long. */
size_t import_count(struct import_reader *r, const struct import_at *list);

__attribute__((format(printf, 3, 4))) void import_complain(struct import_reader *r,
                                                           const struct import_at *at,
                                                           const char *format, ...);
/* The same reader, heard by nobody: for what is looked at before it is read for good. */
struct import_reader import_quiet(const struct import_reader *r);
/* The value for a complaint: in quotes, short, or what kind it is. */
const char *import_shown(const struct import_at *at, char text[static 64]);

const char *import_text(struct import_reader *r, const struct import_at *parent,
                        const char *name); /* NULL: none */
bool import_flag(struct import_reader *r, const struct import_at *parent, const char *name,
                 bool otherwise);
/* An id, which channels write as a number and some tools as text; `text` filled. */
bool import_id(struct import_reader *r, const struct import_at *parent, const char *name,
               char text[static 64]);
bool import_time(struct import_reader *r, const struct import_at *parent, const char *name,
                 int64_t *ret_ms);
bool import_units(struct import_reader *r, const struct import_at *parent, const char *name,
                  int64_t *ret_units);
/* 0.08875 → 88750 parts per million, to the nearest. A complaint when it is missing. */
bool import_rate(struct import_reader *r, const struct import_at *parent, const char *name,
                 int64_t *ret_ppm);
/* An amount of one currency. */
bool import_minor(struct import_reader *r, const struct import_at *at,
                  const struct currency *currency, bool may_be_negative, int64_t *ret_minor);

/* Something that is documented always to be there. */
void import_need(struct import_reader *r, const struct import_at *parent, const char *name);

#endif
