/* How a reply document is read into rows: what reply.c and the readers in requests/ share. Nobody
 * else includes this. */
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
    int result;                       /* < 0: the scan has failed, and the rest is skipped */
};

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

#endif
