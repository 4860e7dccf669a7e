/* The rule and its sums; see poll_rule.h. */
#include "domain/status/poll_rule.h"

int64_t poll_wait_ms(const struct poll_rule *rule, int64_t unmoved_ms)
{
    const int64_t wait = unmoved_ms / POLL_SHARE;
    if (wait < rule->every_ms)
        return rule->every_ms;
    return wait < rule->every_max_ms ? wait : rule->every_max_ms;
}

bool poll_is_over(const struct poll_rule *rule, int64_t unmoved_ms)
{
    return unmoved_ms >= rule->ends_after_ms;
}

/* One order from its last change on, request by request: with what probability it is still there
 * then, and, where it has moved since the request before, how long that has waited on average. The
 * change comes anywhere within the wait: half of it. Requests for a life, over the life's length, are
 * those in any hour of as many orders as are always open. */
struct poll_load poll_load_of(const struct poll_rule *rule, double orders, double moves_per_day)
{
    const double day_ms = 86400e3, moves_per_ms = moves_per_day / orders / day_ms;
    double there = 1, requests = 0, life_ms = 0, delay_ms = 0, moved = 0;
    for (int64_t at = 0; !poll_is_over(rule, at) && there > 1e-9;) {
        const int64_t wait = poll_wait_ms(rule, at);
        const double gone = there * (1 - 1 / (1 + moves_per_ms * (double)wait));
        requests += there;
        life_ms += there * (double)wait;
        delay_ms += gone * (double)wait / 2;
        moved += gone;
        there -= gone;
        at += wait;
    }
    return (struct poll_load){.requests_per_hour = orders * requests / life_ms * 3600e3,
                              .delay_mean_ms = moved > 0 ? delay_ms / moved : 0};
}
