/* Reads of Prima that have begun and not ended, of one partition: their rows are kept aside until the
 * end marker proves that all of them are here; only then do they count, all together.
 *
 * Invariants
 *   - Of each company one read is open at most. A row of a newer one (a higher fencing token; of the
 *     same token a later beginning) ends the open one: superseded. A row of an older one than what is
 *     open, or of a lower token than was ever seen of its company, counts never: superseded, too.
 *   - A read that was ended is told of once; what comes of it afterwards is left out.
 *   - What depends on the order of records depends on that of the partition alone.
 *   - A row takes 12 bytes until the end; more than STAGE_ROWS_MAX of one read are not kept, and it is
 *     incomplete.
 * Aborts without memory. Embedded: zeroed, read_stage_release. One thread. */
#ifndef PRIMAFLOW_READ_STAGE_H
#define PRIMAFLOW_READ_STAGE_H

#include "domain/events/stock_event.h"
#include "domain/events/stock_result.h"
#include "domain/stock/stock_sum.h"
#include "sku_table.h"

enum { STAGE_ROWS_MAX = 8000000, STAGE_CLOSED_MAX = 8 };

struct staged_row {
    uint32_t sku, row; /* of the table */
    int32_t available;
};

struct staged_read {
    struct staged_read *next;
    char *company, *id, *from, *to; /* from, to NULL: no bound */
    int64_t token, began_at;
    enum stock_scope scope;
    struct stock_sum sum;
    struct staged_row *rows;
    size_t count, room;
    int64_t malformed; /* rows of it that are dead letters of their own */
    int64_t seen;      /* rows, kept or not */
    int64_t first_offset;
    int64_t received_ms; /* wall: when the first was read here */
    /* once it has ended */
    enum snapshot_fault fault; /* SNAPSHOT_FAULT_NONE: complete */
    bool has_told;             /* its end came, with this count: */
    int64_t told;
    int64_t end_offset; /* of what ended it */
};

struct stage_company { /* what is remembered of reads that are over */
    char *name;
    int64_t token; /* highest */
    uint64_t closed[STAGE_CLOSED_MAX];
    unsigned closed_at;
};

struct read_stage {
    struct staged_read *open;
    struct stage_company *companies;
    size_t company_count;
};

/* What a record ended: at most the read that was open, and one of its own. Each is the caller's:
 * staged_read_free. */
struct stage_news {
    struct staged_read *ended[2];
    size_t count;
};

struct stage_place {
    int64_t offset, now_ms;
    int32_t partition;
};

/* A row that is well formed, with its stock key, its SKU and its row in the table; an end. Events as
 * stock_event_lacks passes them. */
void read_stage_row(struct read_stage *stage, const struct stock_event *event, const char *key,
                    uint32_t sku, uint32_t row, const struct stage_place *place,
                    struct stage_news *ret_news);
void read_stage_end(struct read_stage *stage, const struct stock_event *event,
                    const struct stage_place *place, struct stage_news *ret_news);
/* A row that is not, and is a dead letter: of the read that is open of this company, if there is one. */
void read_stage_malformed(struct read_stage *stage, const char *company, size_t company_size);

/* Takes out one whose first row was read so long ago; NULL: none. */
struct staged_read *read_stage_expired(struct read_stage *stage, int64_t now_ms, int64_t after_ms);

/* A token that was seen before the state was restored. */
void read_stage_heard(struct read_stage *stage, const char *company, int64_t token);

/* The offset of the first row of what is open; -1: nothing is. Nothing from there on may be
 * committed. */
int64_t read_stage_first_offset(const struct read_stage *stage);
size_t read_stage_rows(const struct read_stage *stage); /* that are kept */

void staged_read_free(struct staged_read *read); /* accepts NULL */
void read_stage_release(struct read_stage *stage);

#endif
