/* The half of the stock worker that makes reservations (stock_half.h), for partitions of orders.raw,
 * orders.results, orders.ledger and stock.confirmed: reservation_shard.h says how the three work together,
 * reservation_maker.h what is made.
 *
 * For its engine: reservation_records (reservation_maker.h) are checked when the first partition
 * comes; better by codec_check at start. Where there is a registry, StockReservation, StockOrder and
 * StockConfirmation are registered for stock.reservations, stock.orders and stock.confirmed. All of
 * these topics but stock.reservations have as many partitions, stock.orders among them; the group gives
 * a partition of each of one number to one process. Without stock.confirmed it works as well, and
 * forgets no order that was posted. */
#ifndef PRIMAFLOW_RESERVATION_HALF_H
#define PRIMAFLOW_RESERVATION_HALF_H

#include "stock_half.h"

extern const struct stock_half reservation_half;

/* Whether a topic is one of its. */
bool reservation_half_reads(const char *topic);

#endif
