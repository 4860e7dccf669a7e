/* How a reply document is read into rows: what reply.c, reply_stream.c and the readers in requests/
 * share. Nobody else includes this. */
#ifndef PRIMAFLOW_PRIMA_REPLY_SCAN_H
#define PRIMAFLOW_PRIMA_REPLY_SCAN_H

#include "base/arena.h"
#include "prima/names.h"
#include "prima/reply_values.h"
#include "prima/xml.h"

struct scan {
    struct reply *reply;
    const struct prima_names *names;
    struct arena *arena;
    size_t depth, room;               /* room: rows that fit into the array at hand */
    size_t number_room;               /* the same for the orders' numbers */
    bool is_in_data, has_parts;       /* has_parts: the row at hand asked for its children */
    struct prima_document *documents; /* the reply's, to count lines in */
    /* the reply's, and the lines of the last of them with the room for more */
    struct prima_despatch *despatches;
    struct prima_despatch_line *despatch_lines;
    size_t despatch_line_room;
    /* of a stock read as it arrives (reply_stream.h): each row is told and counted, none is kept */
    prima_stock_seen stock_seen;
    void *stock_user;
    int result; /* < 0: the scan has failed, and the rest is skipped */
};

struct request_kind;

struct reply_reading { /* of a whole document */
    struct scan scan;
    const struct request_kind *kind;
};

/* user: a struct reply_reading, made ready by reply_reading_init: `reply` is filled as they come, its
 * texts in the arena. */
extern const struct xml_events reply_events;
void reply_reading_init(struct reply_reading *reading, const struct prima_names *names,
                        enum prima_type type, struct arena *arena, struct reply *reply);

bool scan_has(const struct xml_attribute *a, const char *name);

/* A copy in the arena; "" when there is no memory, and the scan has failed. */
const char *scan_keep(struct scan *s, const struct xml_attribute *a);

/* The array with room for one more; NULL: refused, and the scan has failed. */
void *scan_grow(struct scan *s, const void *rows, size_t count, size_t size, size_t *room_now);

/* The account in these attributes; a row without a code is none. */
void scan_add_account(struct scan *s, const struct xml_attribute *attributes, size_t count);

/* The orders' numbers that a Data names. */
void scan_add_numbers(struct scan *s, const struct xml_attribute *attributes, size_t count);
/* ... of another kind of document, whose numbers have another name. */
void scan_add_numbers_named(struct scan *s, const char *name,
                            const struct xml_attribute *attributes, size_t count);

/* Tells of a stock row, and counts it. */
void scan_tell_stock(struct scan *s, const struct xml_attribute *attributes, size_t count);

#endif
