/* A thread that sees the loop stand still, says so in the log, and answers the probes meanwhile:
 * without it a probe times out and nobody knows why. While the loop goes round it does nothing;
 * while it stands still for longer than `stuck_after`, it takes connections from the same listening
 * socket and answers each, one at a time: /metrics with what can be said without the loop
 * (primaflow_stuck 1), everything else 503. SIGSTOP stops it too: no answer is what a probe sees
 * then.
 *
 * watchdog_beat on the loop thread; the rest once, around the loop's life. */
#ifndef PRIMAFLOW_OBS_WATCHDOG_H
#define PRIMAFLOW_OBS_WATCHDOG_H

#include <stdint.h>

struct watchdog;

/* `fd`: the listening socket, which stays the caller's, non-blocking; -1: only the log. NULL: no
 * thread can be had; nothing is watched. */
struct watchdog *watchdog_start(int fd, int64_t stuck_after_ms);
void watchdog_beat(struct watchdog *watchdog); /* the loop goes round; accepts NULL */
void watchdog_stop(struct watchdog *watchdog); /* blocking, briefly; accepts NULL */

#endif
