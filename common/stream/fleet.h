/* Who is in the fleet, as ops.control has it: one record for each slot, written by the process that
 * has it before it works, and once more with its last breath.
 *
 * Redis cannot be asked who wrote to it what it has lost; Kafka can be asked who may have written
 * at all. Two questions are answered by it:
 *   - is every process accounted for whose last commands a restarted Redis may lack (roll_call.h)?
 *   - can anybody still be sending who sent before Redis was lost? Not when each process from then
 *     has begun anew under this incident, has stopped, or is known to be dead (slot.h): what it had
 *     sent is applied by the end of the fleet's wait, or never. Then what Prima does not have may
 *     be sent.
 * Blocking. */
#ifndef PRIMAFLOW_FLEET_H
#define PRIMAFLOW_FLEET_H

#include "stream/stream.h"

/* What ops.control says, into w->stream->control, and it was heard of. The highest generation is
 * never forgotten, nor the epoch that was taken from the past of other groups (past.h) and
 * stands in no record of ours yet: below it every key of theirs would refuse us. In the pool.
 * -EIO, -EACCES, -ENOENT. */
__attribute__((warn_unused_result)) int fleet_read(struct worker *w,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

/* We, in our slot, under w->stream->control's incident; once for each of them. In the pool.
 * -EIO. */
__attribute__((warn_unused_result)) int fleet_enter(struct worker *w,
                                                    char ret_message[static KAFKA_TEXT_MAX]);

/* This process sends and writes nothing any more. Nobody is told when Kafka does not answer: then
 * we count as one that died. */
void fleet_leave(struct worker *w);

/* Of those that `control` names: nobody can still be sending what was begun before its incident. */
bool fleet_senders_are_over(const struct control *control);

/* What the last of them sent is applied by now or never: nobody has been sending since `over_ms`
 * (0: somebody may be). */
bool fleet_absence_counts(int64_t over_ms, int64_t now_ms, int64_t apply_delay_ms);

int64_t fleet_reach(
    const struct worker *w); /* how far behind a committed offset any of them sends */
const struct control_member *fleet_find(const struct control *control,
                                        const char *slot); /* NULL: none */

#endif
