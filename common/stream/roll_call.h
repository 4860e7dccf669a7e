/* A Redis that was restarted, or another one in its place: does it have everything that it ever
 * acknowledged?
 *
 * What Redis holds after a restart or a promotion is what it held at some moment before. It has
 * lost nothing if that moment lies behind everybody's last acknowledged command. Each command
 * counts in its slot's key (scripts/counter.lua), so that each process can tell for itself:
 *   - a process at work compares Redis' count with its own, and confirms, in a hash beside the
 *     marker, under the server's run id and replication id;
 *   - one that has stopped left its last count in ops.control;
 *   - one that was dead or asleep by then was silent for slot.lease when the others' last commands
 *     ran;
 *   - one that just begins answers for its slot's former holder, by what that left in Redis.
 *     ops.control names them all (fleet.h). When nobody is missing, the server goes on record
 *     there, and everybody goes on: within seconds, and no document is asked for, or parked. Who
 *     cannot be vouched for in time makes it an incident, as does whatever is known to be missing.
 *
 * Not seen: a process that slept for longer than slot.lease, had something acknowledged in the very
 * moment before the loss, and died; and a Redis whose machine is set back to a snapshot, run id and
 * all, when everybody has died who would miss something. */
#ifndef PRIMAFLOW_ROLL_CALL_H
#define PRIMAFLOW_ROLL_CALL_H

#include "redis/once.h"
#include "stream/stream.h"

/* Blocking, in the pool, before this worker works: its slot is taken, w->stream->control was just read, and
 * the marker is good. 0: nothing is missing, and w->stream->control.server is this server; -ESTALE:
 * something is, or may be (ret_message says what); -EIO (infrastructure), -EAGAIN (give_up). */
__attribute__((warn_unused_result)) int roll_call(struct worker *w, struct redis_once *redis,
                                                  const struct redis_server *server,
                                                  char ret_message[static KAFKA_TEXT_MAX]);

/* On the loop, at work: a connection leads to a server that is not w->stream->control.server, or others
 * have accepted another one. Nothing is sent until the answer is there; then the worker goes on, on
 * a new connection, or leaves. */
void roll_call_begin(struct worker *w);

#endif
