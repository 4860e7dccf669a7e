/* The ledger's records of the simulator: an order's entry has one line without tax, of which refunds
 * take amounts. Written as the flows do, and read from the simulated log for the checks. */
#ifndef PRIMAFLOW_SIM_LEDGER_H
#define PRIMAFLOW_SIM_LEDGER_H

#include "broker.h"
#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_group.h"
#include "flow/flow.h"

/* What an order of this content comes to, minor units. */
#define SIM_TOTAL(content) (800 + 200 * (int64_t)(content))
enum { SIM_KEY_MAX = 80 };

void sim_order_key(const char *order, char key[static SIM_KEY_MAX]); /* its topic key */

struct sim_entry {
    const char *order; /* id */
    int64_t version, source_version, total;
};
int sim_entry_write(struct codec *codec, const struct sim_entry *entry, struct buf *out);
int sim_unposted_write(struct codec *codec, const char *order, const char *outcome,
                       struct buf *out);
/* What a refund's settlement is in the ledger, by the rules of workers/refunds. 1: written; 0:
 * nothing is to be; < 0: an error. */
int sim_credit_write(struct codec *codec, const struct flow_settlement *s, const char *order,
                     const char *refund, struct arena *arena, struct buf *out);

/* Of an entry's bytes; 0: it is none. */
int64_t sim_entry_version(struct codec *codec, const void *bytes, size_t size);
/* When its first committed entry was written, in virtual time; -1: there is none. */
int64_t sim_entry_ms(const char *order);
/* All that is committed of an order. Ends the simulation when it cannot be read. */
struct ledger_group sim_ledger_read(struct codec *codec, const char *order, struct arena *arena);

#endif
