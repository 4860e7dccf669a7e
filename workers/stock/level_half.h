/* The half of the stock worker that makes levels (stock_half.h), for partitions of stock.snapshots.
 *
 * A partition's state is restored by following stock.rows and stock.levels of the same number to their
 * ends, then stock.reservations, which is kept up. All three have as many partitions as
 * stock.snapshots, and stand where its keys do.
 *
 * For its engine: level_half_records are to be checked by codec_check at start, and StockResult,
 * StockLevel and StockState registered for stock.results, stock.levels and stock.rows. */
#ifndef PRIMAFLOW_LEVEL_HALF_H
#define PRIMAFLOW_LEVEL_HALF_H

#include "codec/binding.h"
#include "stock_half.h"

extern const struct stock_half level_half;
extern const struct bound_record *const level_half_records[]; /* NULL at the end */

bool level_half_reads(const char *topic);

#endif
