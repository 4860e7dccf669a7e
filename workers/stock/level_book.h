/* What was last published of each level: a version, the figure, the running total. By it only changes
 * are published, each with a version that is higher than the one before.
 *
 * Levels hang on the SKU of their partition's table that decides where they stand: their own, of a
 * bundle its first part's. 32 bytes each, and the channel's SKU where it is not the stock key with
 * another separator.
 * Aborts without memory. Embedded: zeroed, level_book_release. One thread. */
#ifndef PRIMAFLOW_LEVEL_BOOK_H
#define PRIMAFLOW_LEVEL_BOOK_H

#include "sku_table.h"

enum level_flag {
    LEVEL_FLAG_BUNDLE = 1,
    LEVEL_FLAG_STALE = 2, /* by policy, as it was published */
    LEVEL_FLAG_TAKEN = 4, /* `taken` is other than it was published */
    LEVEL_FLAG_SEEN = 8   /* the caller's, while it compares */
};

enum { LEVEL_MANY = INT32_MAX }; /* `level`: that, or more; published whenever it is looked at */

struct level_entry {
    int64_t taken;
    uint32_t next;        /* level of the same SKU, or free; 0: the last */
    uint32_t text;        /* the channel's SKU: in `texts`, or a separator */
    uint32_t version;     /* of the last record; 0: none was written */
    uint32_t published_s; /* when, s since 1970 UTC */
    int32_t level;
    uint16_t place; /* name of `places` */
    uint8_t flags;
};

struct level_book {
    struct level_entry *entries; /* [1..count] */
    char *texts;
    size_t text_size, text_room;
    uint32_t count, room, free; /* free: the first that was removed */
    uint32_t used;
    struct sku_names places; /* channel/store/location */
};

/* 0: it is not there. `place` is channel/store/location. */
uint32_t level_book_find(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                         const char *place, const char *own);
/* Made where it is not there: version 0, taken 0. 0: it cannot be (too many places). */
uint32_t level_book_put(struct level_book *book, struct sku_table *t, uint32_t sku,
                        const char *place, const char *own);
void level_book_remove(struct level_book *book, struct sku_table *t, uint32_t sku, uint32_t entry);

static inline const char *level_book_place(const struct level_book *book, uint32_t entry)
{
    return book->places.list[book->entries[entry].place];
}
/* The channel's SKU, in `text` or in the book: valid until something is put. */
enum { LEVEL_OWN_MAX = 256 };
const char *level_book_own(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                           uint32_t entry, char text[static LEVEL_OWN_MAX]);

size_t level_book_bytes(const struct level_book *book); /* in use */
void level_book_release(struct level_book *book);

#endif
