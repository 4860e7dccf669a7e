/* The status half of a company's poller: turn after turn while its lease is held. Loop thread only; a
 * turn has a thread of its own, and the loop does not touch it until that has ended. Embedded. */
#ifndef PRIMAFLOW_STATUS_POLLER_H
#define PRIMAFLOW_STATUS_POLLER_H

#include "host/host.h"
#include "status_turn.h"

struct status_poller {
    struct host *host;
    struct status_turn turn;
    struct timer timer;
    uv_thread_t thread;
    uv_async_t ended;
    bool is_on;          /* poller.status */
    bool is_active;      /* the lease is held */
    bool is_running;     /* a turn is under way */
    int64_t token;       /* of the lease that is held; the turn's is that under which it began */
    bool is_caught_up;   /* as of the last turn */
    unsigned failures;   /* in a row */
    enum status_end end; /* of the last turn */
    int64_t ended_ms;    /* wall; 0: none ended yet */
    struct open_orders_sums sums;
    int64_t sums_ms; /* wall, when they were counted */
};

/* -EINVAL with the key and the remedy. `codec` is its alone. */
__attribute__((warn_unused_result)) int status_poller_init(
    struct status_poller *s, struct host *host, const char *company, const char *lease_name,
    const struct lease *lease, const struct order_rules *rules, struct config_message *ret_message);
/* Once the loop runs. */
void status_poller_open(struct status_poller *s);
void status_poller_release(struct status_poller *s); /* nothing is running */

void status_poller_start(struct status_poller *s, int64_t token);
void status_poller_stop(struct status_poller *s); /* the turn that is under way ends soon */
bool status_poller_is_stopped(const struct status_poller *s);

/* By how much the order that is longest due is late; -1: it is not known here. */
int64_t status_poller_late_ms(const struct status_poller *s);

#endif
