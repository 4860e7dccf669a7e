/* What is said about an order in the end: its result, and the ledger entry from which refunds are
 * later credited. From the stored summary, not from the mappings, which may have changed since the
 * order was sent. No personal data. Pure: any thread. */
#ifndef PRIMAFLOW_ORDER_WRITE_H
#define PRIMAFLOW_ORDER_WRITE_H

#include "flow/flow.h"

enum { ORDER_RESULT, ORDER_LEDGER }; /* places in order_flow.outputs */

/* flow.h: the result; with `posted` the ledger entry, and with an end without a document the ledger's
 * word of that; nothing beside a dead letter. */
__attribute__((warn_unused_result)) int order_write_outputs(
    struct codec *codec, const struct flow_settlement *settlement, const void *event,
    const void *rules, struct arena *arena, struct flow_outputs *outputs);

/* The framed Avro value of the result. -EBADMSG: the summary is not one that this version reads; -EINVAL: key or
 * delivery are malformed; -ENOMEM; codec_encode's. */
__attribute__((warn_unused_result)) int order_write_result(struct codec *codec,
                                                           const struct flow_settlement *settlement,
                                                           const void *event, struct arena *arena,
                                                           struct buf *out);

/* ... of the ledger entry. Amounts and the lines that were posted as miscellaneous item come from
 * event and summary; the other products, depots and charge codes by today's mappings. */
__attribute__((warn_unused_result)) int order_write_ledger(struct codec *codec,
                                                           const struct flow_settlement *settlement,
                                                           const void *event, const void *rules,
                                                           struct arena *arena, struct buf *out);

/* ... of the ledger's word that the order ended without a document. */
__attribute__((warn_unused_result)) int order_write_unposted(
    struct codec *codec, const struct flow_settlement *settlement, const void *event,
    struct arena *arena, struct buf *out);

#endif
