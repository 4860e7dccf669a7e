/* The SKUs of one partition and what the newest complete read of Prima says of each at each depot: the
 * state that levels are made of, for a million rows.
 *
 * Invariants
 *   - A SKU is a company and a stock key (domain/stock/stock_key.h), each once, numbered from 1; a
 *     number stays. 0 is none.
 *   - A row is one SKU at one depot ("": Prima names none), each once, numbered from 1. One that no
 *     read had yet has began_at 0, and is none for whoever asks for reads.
 *   - Nothing is removed: a product that Prima does not tell of any more keeps its last figure, and
 *     when that was read.
 *   - Memory, a row: 16 bytes of its own; a SKU: 13, its texts once with 2 around them, 4 to 11 in
 *     the index. Texts of companies and depots once each.
 * Aborts without memory. Embedded: zeroed, sku_table_release. One thread. */
#ifndef PRIMAFLOW_SKU_TABLE_H
#define PRIMAFLOW_SKU_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SKU_NAMES_MAX = 60000, /* companies, depots: of each */
    SKU_UNITS_MAX =
        1000000000, /* of a row, as the poller has it (workers/pollers): more is absurd */
};

struct sku_row {
    uint32_t next; /* row of the same SKU; 0: the last */
    int32_t available;
    uint32_t began_low; /* began_at, 48 bits of it */
    uint16_t began_high;
    uint16_t depot; /* name of `depots` */
};

struct sku {
    uint32_t text;  /* in `texts` */
    uint32_t row;   /* its first; 0: none */
    uint32_t level; /* the first of its levels, level_book.h; 0: none */
};

struct sku_names { /* few: companies, depots */
    char **list;
    uint32_t count, room;
};
#define SKU_NO_NAME UINT32_MAX
uint32_t sku_names_find(const struct sku_names *names, const char *name); /* SKU_NO_NAME: none */
uint32_t sku_names_put(struct sku_names *names, const char *name); /* SKU_NO_NAME: too many */
void sku_names_release(struct sku_names *names);

struct sku_table {
    struct sku *skus; /* [1..sku_count] */
    uint8_t *marks;   /* of each SKU, enum sku_mark */
    struct sku_row *rows;
    char *texts;
    uint32_t *slots; /* open addressing over SKUs; room is a power of two, or 0 */
    uint32_t sku_count, sku_room, row_count, row_room, slot_room;
    size_t text_size, text_room;
    struct sku_names companies, depots;
};

enum sku_mark {                  /* bits: who keeps lists of SKUs has each once */
                SKU_UNSAVED = 1, /* its rows are other than the changelog has them */
                SKU_CHANGED = 2, /* its levels may be others */
                SKU_TAKEN = 4,   /* ... and a running total of them is */
                SKU_STALE = 8,   /* one of its levels was published as stale */
                SKU_HAS_CLAIMS = 16,
                SKU_CLAIMED = 32 /* its reservations are others */
};

/* 0: it is not there. */
uint32_t sku_table_find(const struct sku_table *t, const char *company, const char *key);
/* Made where it is not there. 0: it cannot be (a text of more than 255 bytes, too many companies). */
uint32_t sku_table_put(struct sku_table *t, const char *company, const char *key);

/* Valid until a SKU is put. */
const char *sku_table_key(const struct sku_table *t, uint32_t sku);
const char *sku_table_company(const struct sku_table *t, uint32_t sku); /* while the table lives */

/* 0: it is not there. */
uint32_t sku_table_row(const struct sku_table *t, uint32_t sku, const char *depot);
/* Made where it is not there, without a read. 0: it cannot be (too many depots). */
uint32_t sku_table_row_put(struct sku_table *t, uint32_t sku, const char *depot);
const char *sku_table_depot(const struct sku_table *t, uint32_t row); /* while the table lives */

static inline int64_t sku_row_began(const struct sku_row *row)
{
    return (int64_t)row->began_high << 32 | row->began_low;
}
/* 0 <= at < 2^48 */
static inline void sku_row_set_began(struct sku_row *row, int64_t at)
{
    row->began_low = (uint32_t)at;
    row->began_high = (uint16_t)(at >> 32);
}

/* True: the mark was not there. */
static inline bool sku_table_mark(struct sku_table *t, uint32_t sku, enum sku_mark mark)
{
    const bool is_new = (t->marks[sku] & mark) == 0;
    t->marks[sku] = (uint8_t)(t->marks[sku] | mark);
    return is_new;
}
static inline void sku_table_unmark(struct sku_table *t, uint32_t sku, enum sku_mark mark)
{
    t->marks[sku] = (uint8_t)(t->marks[sku] & ~(unsigned)mark);
}

size_t sku_table_bytes(const struct sku_table *t); /* in use */
void sku_table_release(struct sku_table *t);       /* it is empty then */

#endif
