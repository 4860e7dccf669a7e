/* Prima's SKU as text, and the message keys of stock made of it.
 *
 * A stock key is the product and its matrix codes joined by ':', empty codes at the end left out:
 * "SHIRT:RED:M"; a code that is empty between others stays ("SHIRT::M"). Of a code, the bytes '/',
 * ':', '%' and all that are no visible ASCII (0x21 to 0x7e) are written %XX, in capitals, and no
 * others: one SKU has one key and one key one SKU.
 *
 *   company/<stock key>                       snapshots, and the place of what follows
 *   company/<stock key>/<depot>/<order>       reservations; the depot is escaped as codes are, and
 *                                             may be empty; the order's key has '/' of its own
 *
 * Pure functions: any thread. */
#ifndef PRIMAFLOW_STOCK_KEY_H
#define PRIMAFLOW_STOCK_KEY_H

#include "base/arena.h"
#include "prima/request.h"

#include <stddef.h>

enum {
    STOCK_KEY_BYTES_MAX = 200, /* of a stock key, escapes counted */
    STOCK_DEPOT_BYTES_MAX = 60 /* of a depot, escapes counted */
};

/* The key of a SKU, with a NUL behind it: its bytes. -EINVAL: the product is empty; -ENAMETOOLONG:
 * longer than STOCK_KEY_BYTES_MAX; -ENOSPC: `room` is too small. */
__attribute__((warn_unused_result)) int stock_key_write(const struct prima_sku *sku, char *ret_key,
                                                        size_t room);

/* ... of a product and its matrix codes as an event has them. -EINVAL also: more than four codes. */
__attribute__((warn_unused_result)) int stock_key_write_parts(const char *product,
                                                              const char *const *matrix,
                                                              size_t matrix_count, char *ret_key,
                                                              size_t room);

/* The SKU of a key; codes in the arena, absent ones NULL. -EINVAL: it is no stock key; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_key_read(const char *key, struct arena *arena,
                                                       struct prima_sku *ret_sku);

/* company/<stock key>, in the arena; NULL: no memory. */
const char *stock_key_of_topic(struct arena *arena, const char *company, const char *key);

/* The key of a reservation, in the arena; depot "": none. NULL: no memory, or a depot of more than
 * STOCK_DEPOT_BYTES_MAX. */
const char *stock_key_of_reservation(struct arena *arena, const char *company, const char *key,
                                     const char *depot, const char *order);

struct stock_reservation_key {
    const char *company, *sku /* stock key */, *depot /* "": none */, *order;
};

/* A reservation's key taken apart, in the arena. -EINVAL: it is none; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_key_split(const char *key, size_t size,
                                                        struct arena *arena,
                                                        struct stock_reservation_key *ret_parts);

/* How many bytes of any of these keys are company/<stock key>, which decides the partition; 0: it is
 * none of them. */
size_t stock_key_place(const char *key, size_t size);

#endif
