/* What is known of one order as the bytes that stock.orders has of it, which are also what is kept in
 * memory; and back.
 *
 * The bytes are a framed StockOrder by today's schema; those of an older one are read by theirs. They
 * may come from anywhere: what is not in order is refused, never half read. Who the order is, is not
 * in the bytes, for the key has it. Pure but for the codec's schemas; loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_PACK_H
#define PRIMAFLOW_RESERVATION_PACK_H

#include "codec/codec.h"
#include "reservation_facts.h"

/* An order that would need more is not remembered: its record must fit into Kafka's. */
enum { RESERVATION_BYTES_MAX = 512 * 1024 };

/* Who an order is by its topic key, company/channel/store/order-id, in the arena. -EINVAL: it is
 * none; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_key_read(const char *key, size_t size,
                                                             struct arena *arena,
                                                             struct stock_reserve_key *ret_key);

/* Appends. -ENOSPC: more than RESERVATION_BYTES_MAX; -ENOMEM; -EINVAL: a text that is missing. */
__attribute__((warn_unused_result)) int reservation_pack(struct codec *codec,
                                                         const struct reservation_facts *facts,
                                                         struct arena *arena, struct buf *out);

/* In the arena. 0; -EBADMSG: they are no such bytes; -EAGAIN: codec_decode's; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_unpack(struct codec *codec, const void *bytes,
                                                           size_t size,
                                                           const struct stock_reserve_key *key,
                                                           struct arena *arena,
                                                           struct reservation_facts *ret_facts);

/* ... of a decoded one, which is not trusted either. 0; -EBADMSG; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_facts_of(const struct stock_order_state *state,
                                                             const struct stock_reserve_key *key,
                                                             struct arena *arena,
                                                             struct reservation_facts *ret_facts);

#endif
