/* Gaps made good: when a partition's orders are restored, and when the mappings were loaded anew, the
 * events of orders that have gaps are read again from orders.raw, and wanted by the mappings of now.
 *
 * By their offsets, a bounded number at a time, in the pool; one reading at a time in a process. An
 * event that orders.raw has no more is left as it is: the order's document says what was taken once it
 * is posted. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_MENDING_H
#define PRIMAFLOW_RESERVATION_MENDING_H

struct reservation_process;
struct reservation_shard;

void reservation_mending_plan(struct reservation_shard *shard); /* anew; it begins by itself */
void reservation_mending_begin(
    struct reservation_process *process); /* each tick: what is planned */
void reservation_mending_drop(struct reservation_shard *shard);

#endif
