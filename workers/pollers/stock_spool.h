/* The rows of a reply, kept in a nameless file until the reply was whole and is believed: memory
 * stays small whatever Prima says, nothing of a reply that is refused ever reaches Kafka, and a
 * transaction is open for as long as Kafka takes for it, not for the minutes that Prima takes. The
 * file is gone when it is closed, however the process ends. About 30 bytes a row. One thread. */
#ifndef PRIMAFLOW_STOCK_SPOOL_H
#define PRIMAFLOW_STOCK_SPOOL_H

#include "stock_rows.h"

struct stock_spool;

/* -errno: no file can be made in the folder. */
__attribute__((warn_unused_result)) int stock_spool_open(const char *folder,
                                                         struct stock_spool **ret_spool);
void stock_spool_close(struct stock_spool *spool); /* accepts NULL */

/* -errno: the disk is full. */
__attribute__((warn_unused_result)) int stock_spool_add(struct stock_spool *spool,
                                                        const struct stock_row *row);
/* Reads from the beginning; no row may be added any more. -errno. */
__attribute__((warn_unused_result)) int stock_spool_rewind(struct stock_spool *spool);
/* 1: a row, whose texts live until the next call; 0: that was the last; -errno. */
__attribute__((warn_unused_result)) int stock_spool_next(struct stock_spool *spool,
                                                         struct stock_row *ret_row);

#endif
