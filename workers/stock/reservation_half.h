/* The half of the stock worker that makes reservations (stock_half.h), for partitions of orders.raw,
 * orders.results and orders.ledger: reservation_shard.h says how the three work together,
 * reservation_maker.h what is made.
 *
 * For its engine: reservation_records (reservation_maker.h) are to be checked by codec_check at start,
 * and StockReservation and StockOrder registered for stock.reservations and stock.orders, where there
 * is a registry. The three topics, stock.orders among them, have as many partitions; the group gives a
 * partition of each of one number to one process. */
#ifndef PRIMAFLOW_RESERVATION_HALF_H
#define PRIMAFLOW_RESERVATION_HALF_H

#include "stock_half.h"

extern const struct stock_half reservation_half;

/* Whether a topic is one of its. */
bool reservation_half_reads(const char *topic);

#endif
