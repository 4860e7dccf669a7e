/* The checksum of a snapshot's rows within one partition: by it an end marker proves that all of
 * them arrived, once each and unchanged, in whatever order.
 *
 * Of each row a 64-bit digest: FNV-1a (offset basis 0xcbf29ce484222325, prime 0x100000001b3) over
 *   the stock key, the depot, AvailableDate: each as its length in 4 bytes, low first, then its
 *   bytes; a NULL text is the length 0xffffffff alone
 *   available in 8 bytes, low first
 * in that order (key, depot, date, available), then mixed by the last steps of SplitMix64:
 *   z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9; z = (z ^ z >> 27) * 0x94d049bb133111eb; z ^ z >> 31.
 * Digests are folded twice, by exclusive or and by sum modulo 2^64 (the first alone would not see a
 * row that is there twice more, the second alone is easily evened out), and the checksum is
 *   mix(xor ^ mix(sum + count * 0x9e3779b97f4a7c15)), as a signed 64-bit number.
 * It is against loss and defects, not against forgers. Tests have golden vectors, computed
 * elsewhere: pollers and workers of two releases must agree.
 *
 * A snapshot's rows are added as they arrive. Pure functions over a struct that belongs to one
 * thread. */
#ifndef PRIMAFLOW_STOCK_SUM_H
#define PRIMAFLOW_STOCK_SUM_H

#include <stdbool.h>
#include <stdint.h>

struct stock_sum { /* all 0: no row */
    uint64_t mixed, added;
    int64_t count;
};

/* depot and date may be NULL, which is not "". */
void stock_sum_add(struct stock_sum *sum, const char *key, const char *depot, int64_t available,
                   const char *date);

int64_t stock_sum_value(const struct stock_sum *sum);

/* Whether the rows are those that an end marker tells of. */
bool stock_sum_agrees(const struct stock_sum *sum, int64_t count, int64_t checksum);

#endif
