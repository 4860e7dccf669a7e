/* The fields of an order in words, and what a difference in each is about: tables, for
 * difference.h. Whether a value may be told at all is marked in schemas/OrderEvent.avsc, with which a
 * test compares them. Constant data: any thread. */
#ifndef PRIMAFLOW_ORDER_WORDS_H
#define PRIMAFLOW_ORDER_WORDS_H

#include "base/buf.h"
#include "domain/difference/difference.h"

enum words_show {
    SHOW_VALUE,
    SHOW_WHOLE, /* a record of which only that it differs is told, once for each part */
    SHOW_RATE,  /* parts per million */
    SHOW_TIME,  /* ms since 1970 UTC */
    SHOW_NEVER  /* about the message, not the order: not compared */
};

struct field_words {
    const char *field, *words; /* the schema's name; for people */
    enum difference_part part;
    enum words_show show;
};

enum { WORDS_KEYS_MAX = 4, WORDS_KEY_FIELDS_MAX = 3 };

struct record_words {
    const struct bound_record *record;
    const struct field_words *fields; /* NULL field at the end */
    const char *item;                 /* what one in a list is called; NULL: it is in no list */
    /* By which fields two versions' items are the same one: tried in turn on those that are left. A
     * first field that is absent makes no key. */
    const char *keys[WORDS_KEYS_MAX][WORDS_KEY_FIELDS_MAX];
    /* Of fields that are not personal; NULL: of a list only that it differs is told. */
    void (*place)(const void *item, struct buf *out); /* "line 11 (SKU A-1)" */
    void (*about)(const void *item, const char *currency, struct buf *out); /* "1 x 9.99 GBP" */
};

const struct record_words *words_of_record(const struct bound_record *record);
const struct field_words *words_of_field(const struct record_words *words, const char *field);

/* A channel's text on its way to people: no control characters, DIFFERENCE_TEXT_MAX bytes. */
void words_put_text(struct buf *out, const char *text);
/* "9.99 GBP" */
void words_put_money(struct buf *out, int64_t minor, const char *currency);
/* "20 %" */
void words_put_rate(struct buf *out, int64_t rate_ppm);

#endif
