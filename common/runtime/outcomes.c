/* An answer's meaning for the world; see outcomes.h. */
#include "runtime/outcomes.h"

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

static void on_paused(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply; /* a limit that was not stored costs a few more 429 */
}

static void prima_is_down(struct worker *w, const char *key, const struct prima_reply *reply)
{
    const bool certain = reply->fate == PRIMA_NOT_SENT || reply->fate == PRIMA_DENIED;
    if (breaker_failure(&w->breaker, key, certain, clock_monotonic_ms()))
        worker_pause(w, reply->fate == PRIMA_DENIED ? PAUSE_DENIED : PAUSE_PRIMA,
                     reply->fate == PRIMA_DENIED ? "Prima, or a proxy before it, refuses our credentials" : prima_fate_name(reply->fate));
}

void outcomes_count(struct worker *w, enum prima_type type, const struct prima_reply *reply, const char *key)
{
    if (reply->is_refused_here)
        worker_fail(w, 70, "a write was about to leave in shadow mode, and was refused: a defect", prima_type_name(type),
                    "report it with this line");
    metrics_add(METRIC_prima_requests, prima_type_name(type), 1);
    metrics_add(METRIC_prima_fates, prima_fate_name(reply->fate), 1);
    if (reply->took_us > 0)
        metrics_observe(METRIC_prima_seconds, prima_type_name(type), (double)reply->took_us / 1e6);
    switch (reply->fate) {
    case PRIMA_UNKNOWN:
    case PRIMA_NOT_SENT:
    case PRIMA_DENIED:
        prima_is_down(w, key, reply);
        break;
    case PRIMA_NOT_ACCEPTED:
        if (reply->retry_after_ms > 0)
            keys_pause(&w->keys, reply->retry_after_ms, on_paused, w);
        break;
    default:
        breaker_success(&w->breaker, clock_monotonic_ms());
        worker_resume(w, PAUSE_PRIMA);
        worker_resume(w, PAUSE_DENIED);
    }
}
