/* When an order is asked for again, and what that costs: the longer it has not moved, the longer the
 * wait. Pure: any thread. Times in milliseconds. */
#ifndef PRIMAFLOW_POLL_RULE_H
#define PRIMAFLOW_POLL_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct poll_rule {
    int64_t every_ms;      /* of an order that has just moved */
    int64_t every_max_ms;  /* of one that has stood still for long */
    int64_t ends_after_ms; /* one that has not moved for so long is given up */
};

/* The wait is a sixteenth of the time for which it has not moved, between the two bounds: what comes
 * of an order is known at the latest a sixteenth later than it might have been, or every_ms. */
enum { POLL_SHARE = 16 };
int64_t poll_wait_ms(const struct poll_rule *rule, int64_t unmoved_ms);

bool poll_is_over(const struct poll_rule *rule, int64_t unmoved_ms);

/* What many open orders cost where each moves with the same probability in any hour. */
struct poll_load {
    double requests_per_hour;
    double delay_mean_ms; /* from a change in Prima to the answer that tells it */
};
struct poll_load poll_load_of(const struct poll_rule *rule, double orders, double moves_per_day);

#endif
