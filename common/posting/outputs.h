/* What a flow publishes when a record settles (flow.h, write_outputs), as messages of the record.
 * Loop thread only. */
#ifndef PRIMAFLOW_OUTPUTS_H
#define PRIMAFLOW_OUTPUTS_H

#include "flow/overlay_seal.h"
#include "posting/record.h"

/* What is known of a record that ends with this outcome. `shadow` is room for what a shadow knows;
 * it must live as long as the settlement. */
struct flow_settlement outputs_settlement(const struct record *r, enum outcome outcome,
                                          struct flow_shadow *shadow);

/* The flow's own summary; behind it stands the seal of an edited event (ret_overlay: its digest, or ""),
 * and behind that what a shadow found out. */
struct redis_bytes outputs_summary(const struct record *r, struct flow_shadow *ret_shadow,
                                   bool *ret_sealed, char ret_overlay[static OVERLAY_TOLD_MAX]);

/* Behind the messages that the record has. False: the flow cannot write one, and none was added. */
__attribute__((warn_unused_result)) bool outputs_add(struct record *r,
                                                     const struct flow_settlement *settlement);

/* Those from this one on are not published after all. */
void outputs_drop(struct record *r, size_t from);

/* "result", "ledger entry", ...: what is in this topic of the flow; NULL: it is none of the flow's.
 * By the name itself, not by its text. */
const char *outputs_what(const struct worker *w, const char *topic);

#endif
