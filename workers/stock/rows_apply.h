/* What a complete read changes in the table of rows; and the table as the changelog has it.
 *
 * A read counts row by row where it began later than what the row has: never backwards, each once, in
 * whatever order reads are applied. A row within its scope that it does not have keeps its figure and
 * its time: missing is not zero.
 *
 * Applied again after a death (its rows were written, its own record was not), a read finds rows that
 * began when it did: those it changed. Pure but for the table; one thread. */
#ifndef PRIMAFLOW_ROWS_APPLY_H
#define PRIMAFLOW_ROWS_APPLY_H

#include "complete_reads.h"
#include "read_stage.h"
#include "sku_list.h"

struct row_state {
    struct sku_table table;
    struct complete_reads reads;
    struct sku_list unsaved, changed; /* marks SKU_UNSAVED, SKU_CHANGED */
};

struct row_tally { /* as of struct stock_result */
    int64_t changed, unchanged, older, missing;
};

/* `dropped`, `user`: of complete_reads_add. */
void rows_apply(struct row_state *state, const struct staged_read *read,
                void (*dropped)(void *user, const struct complete_read *read), void *user,
                struct row_tally *ret_tally);

/* What the changelog says of a row: its time counts alone where it was missing in a newer read. */
bool rows_is_alone(const struct row_state *state, uint32_t sku, uint32_t row);

/* A row as the changelog has it; all of it, then rows_restored once, before anything is applied. False:
 * it cannot be (a text that is too long). */
bool rows_restore(struct row_state *state, const char *company, const char *key, const char *depot,
                  int64_t available, int64_t began_at, bool alone);
void rows_restored(struct row_state *state);

void rows_release(struct row_state *state);

#endif
