/* Why a worker fetches no more, and when it resumes; see pauses.h. */
#include "host/pauses.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

static const char *const reasons[] = {
    [PAUSE_PRIMA] = "prima_unavailable", [PAUSE_DENIED] = "prima_denied",
    [PAUSE_REDIS] = "redis_unavailable", [PAUSE_REGISTRY] = "registry_unavailable",
    [PAUSE_KAFKA] = "kafka_unavailable", [PAUSE_RIGHTS] = "kafka_denied",
    [PAUSE_SURGE] = "dead_letter_surge"};

const char *pause_reason_name(enum pause_reason reason)
{
    return reasons[reason];
}

void pauses_begin(struct pauses *p, enum pause_reason reason, const char *detail)
{
    if (p->bits & 1u << reason)
        return;
    if (p->bits == 0)
        p->since_ms = clock_monotonic_ms();
    p->bits |= 1u << reason;
    metrics_add(METRIC_pauses, pause_reason_name(reason), 1);
    log_warning(.message = reason == PAUSE_SURGE
                               ? "paused: one code stops most records; polling continues"
                               : "paused: dependency unavailable; polling continues, retry "
                                 "counters are frozen",
                .reason = pause_reason_name(reason), .detail = detail);
}

void pauses_end(struct pauses *p, enum pause_reason reason)
{
    if (!(p->bits & 1u << reason))
        return;
    p->bits &= ~(1u << reason);
    p->resumed_ms = clock_wall_ms();
    /* The time that was spent waiting is not the records': each has what it had left. (A whole
     * settle_deadline, anew after each pause, would keep them here for ever where pauses are short
     * and many.) */
    const int64_t pause = p->bits == 0 ? clock_monotonic_ms() - p->since_ms : 0;
    if (p->resumed != NULL)
        p->resumed(p->user, pause);
    log_info(.message = "resumed", .reason = pause_reason_name(reason));
}

bool pauses_has(const struct pauses *p, enum pause_reason reason)
{
    return (p->bits & 1u << reason) != 0;
}

/* Why it cannot be used may change while it cannot: first it is away, then it is there and evicts
 * keys. */
void pauses_hear_of_redis(struct pauses *p, const char *reason)
{
    if (pauses_has(p, PAUSE_REDIS) &&
        strncmp(p->redis_words, reason, sizeof p->redis_words - 1) != 0)
        log_warning(.message = "Redis still unusable", .detail = reason,
                    .reason = pause_reason_name(PAUSE_REDIS));
    (void)snprintf(p->redis_words, sizeof p->redis_words, "%s", reason);
    pauses_begin(p, PAUSE_REDIS, reason);
}

bool pauses_hear_of_prima(struct pauses *p, const char *trouble)
{
    const bool goes_on = pauses_has(p, PAUSE_PRIMA),
               is_news = !goes_on || p->prima_trouble != trouble;
    if (goes_on && is_news)
        log_warning(.message = "Prima still unavailable", .detail = trouble,
                    .reason = pause_reason_name(PAUSE_PRIMA));
    p->prima_trouble = trouble;
    pauses_begin(p, PAUSE_PRIMA, trouble);
    return is_news;
}

void pauses_hear_of_kafka(struct pauses *p, enum kafka_witness who, const char *trouble)
{
    const char *any = NULL;
    p->kafka_troubles[who] = trouble;
    for (size_t i = 0; i < KAFKA_WITNESSES; i++)
        if (any == NULL)
            any = p->kafka_troubles[i];
    if (p->bits & 1u << PAUSE_KAFKA && any != NULL && strcmp(any, p->kafka_words) != 0)
        log_warning(.message = "Kafka still unavailable", .detail = any,
                    .reason = pause_reason_name(PAUSE_KAFKA));
    p->kafka_trouble = any;
    (void)snprintf(p->kafka_words, sizeof p->kafka_words, "%s", any != NULL ? any : "");
    if (any != NULL)
        pauses_begin(p, PAUSE_KAFKA, any);
    else
        pauses_end(p, PAUSE_KAFKA);
}
