/* An answer's meaning for the world; see outcomes.h. */
#include "posting/outcomes.h"

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "posting/permit_line.h"

static void on_paused(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply; /* a limit that was not stored costs a few more 429 */
}

/* No connection, or not even the cheapest read is let in: whatever any record may be like, it is
 * not that. */
static bool speaks_for_all(const struct record *r, enum prima_type type,
                           const struct prima_reply *reply)
{
    return reply->fate == PRIMA_NOT_SENT ||
           (reply->fate == PRIMA_DENIED && type == r->worker->flow->asks);
}

/* For people; Prima's own words may be personal data. */
static const char *trouble(const struct prima_reply *reply)
{
    switch (reply->fate) {
    case PRIMA_NOT_SENT:
        return "it cannot be reached";
    case PRIMA_DENIED:
        return "Prima, or a proxy before it, refuses our credentials, or requests of this kind";
    case PRIMA_UNCLASSIFIED:
        return "it refuses one order after the other in words that no pattern knows";
    default:
        return "it gives no clear answer";
    }
}

/* A closed breaker would have people see the words in a dead letter: now whoever keeps Prima tells
 * what it answers to this order. */
static void name_the_order(const struct record *r)
{
    log_warning(.message = "Prima's words are in no pattern, and it takes no other order",
                .key = r->key.natural,
                .remedy = "ask Prima's people what it answers to this order; words that refuse one "
                          "order belong into the file of prima.patterns");
}

/* The gate is open. */
static void pause_for(struct record *r, const struct prima_reply *reply)
{
    struct pauses *pauses = &r->worker->host.pauses;
    if (reply->fate == PRIMA_DENIED)
        pauses_begin(pauses, PAUSE_DENIED, trouble(reply));
    else if (pauses_hear_of_prima(pauses, trouble(reply)) && reply->fate == PRIMA_UNCLASSIFIED)
        name_the_order(r);
}

static void fails(struct record *r, enum prima_type type, const struct prima_reply *reply)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    const bool is_heard = w->posting->breaker.is_open || !blame_is_refuted(r, type);
    if (is_heard && breaker_failure(&w->posting->breaker, type, r->key.natural,
                                    speaks_for_all(r, type, reply), now))
        pause_for(r, reply);
    r->timing.wait_ms = breaker_wait_ms(&w->posting->breaker, type, r->key.natural, now);
    recent_add(&w->posting->recent, type, r->key.natural, false, now);
    blame_failed(r, type, reply);
}

/* The fleet obeys, unless this record is told so each time and the others are not: then it waits
 * alone. */
static void is_throttled(struct record *r, enum prima_type type, const struct prima_reply *reply)
{
    struct worker *w = r->worker;
    if (reply->retry_after_ms > 0 && !blame_is_refuted(r, type)) {
        permit_line_hold(w, reply->retry_after_ms);
        keys_pause(&w->keys, reply->retry_after_ms, on_paused, w);
    }
    recent_add(&w->posting->recent, type, r->key.natural, false, clock_monotonic_ms());
    blame_failed(r, type, reply);
}

static void is_answered(struct record *r, enum prima_type type)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    breaker_success(&w->posting->breaker, type, now);
    if (!w->posting->breaker.is_open) {
        pauses_end(&w->host.pauses, PAUSE_PRIMA);
        pauses_end(&w->host.pauses, PAUSE_DENIED);
    }
    recent_add(&w->posting->recent, type, r->key.natural, true, now);
    blame_passed(r, type);
}

void outcomes_count(struct record *r, enum prima_type type, const struct prima_reply *reply)
{
    if (reply->is_refused_here)
        host_fail(&r->worker->host, 70, "a write in shadow mode was blocked: a defect",
                  prima_type_name(type), "report it with this line");
    metrics_add(METRIC_prima_requests, prima_type_name(type), 1);
    metrics_add(METRIC_prima_fates, prima_fate_name(reply->fate), 1);
    if (reply->took_us > 0)
        metrics_observe(METRIC_prima_seconds, prima_type_name(type), (double)reply->took_us / 1e6);
    switch (reply->fate) {
    case PRIMA_UNKNOWN:
    case PRIMA_NOT_SENT:
    case PRIMA_DENIED:
    case PRIMA_UNCLASSIFIED: /* it speaks, and nobody knows what it says: no sign that it takes
                                others' */
        fails(r, type, reply);
        break;
    case PRIMA_NOT_ACCEPTED:
        is_throttled(r, type, reply);
        break;
    default:
        is_answered(r, type);
    }
}

bool outcomes_must_wait(struct record *r, enum prima_type type)
{
    struct breaker *b = &r->worker->posting->breaker;
    const int64_t now = clock_monotonic_ms();
    if (breaker_allows(b, type, r->key.natural, now))
        return false;
    r->timing.wait_ms = breaker_wait_ms(b, type, r->key.natural, now);
    blame_turned_away(r, type);
    return true;
}

bool outcomes_are_forbidden(struct record *r, enum prima_type type)
{
    const struct breaker *b = &r->worker->posting->breaker;
    const int64_t now = clock_monotonic_ms();
    if (!breaker_forbids(b, type, r->key.natural, now))
        return false;
    r->timing.wait_ms = breaker_wait_ms(b, type, r->key.natural, now);
    blame_turned_away(r, type);
    return true;
}
