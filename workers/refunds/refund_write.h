/* What is said about a refund in the end: its result, and beside it what it takes of its order's
 * credit, for the ledger. From the stored summary, not from mappings or ledger, which may have changed
 * since the note was sent. No personal data. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_WRITE_H
#define PRIMAFLOW_REFUND_WRITE_H

#include "domain/events/ledger_credit.h"
#include "flow/flow.h"

enum { REFUND_RESULT, REFUND_LEDGER }; /* places in refund_flow.outputs */

/* flow.h. The result; with `posted` the credit as credited, with `no_money` what an edit left owed.
 * Beside a dead letter whose note may exist the credit as open: all that remains, where nothing is
 * known of what was sent. */
__attribute__((warn_unused_result)) int refund_write_outputs(
    struct codec *codec, const struct flow_settlement *settlement, const void *event,
    const void *rules, struct arena *arena, struct flow_outputs *outputs);

/* The framed Avro value of the result. -EBADMSG: the summary is not one that this version reads;
 * -EINVAL: key or delivery are malformed; -ENOMEM; codec_encode's. */
__attribute__((warn_unused_result)) int refund_write_result(
    struct codec *codec, const struct flow_settlement *settlement, const void *event,
    struct arena *arena, struct buf *out);

/* What of it stands in the ledger from now on. 1; 0: nothing. The errors as above. */
__attribute__((warn_unused_result)) int refund_ledger_credit(
    const struct flow_settlement *settlement, const void *event, struct arena *arena,
    struct ledger_credit *ret_credit);

#endif
