/* What librdkafka says by itself, as lines of our log: its own would stand between JSON lines as
 * something that no reader of them knows. Called from any of its threads. It repeats itself while a
 * broker is away: some lines of each facility in a while are enough. */
#include "kafka/internal.h"

#include <pthread.h>

#include "base/clock.h"
#include "obs/log.h"
#include "obs/log_limit.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_limit limit;
static atomic_bool is_off;

void kafka_log_off(void)
{
    is_off = true;
}

/* syslog's levels. A connection that fails is an error to librdkafka (3), which tries again; to us
 * it is a warning: whether it matters is found out by health.c and by whoever waited for an
 * answer. And every client is given every rdkafka.* key: that it has no use for some of them
 * (CONFWARN) is no news. */
static enum log_level level_of(int level, const char *facility)
{
    if (strcmp(facility, "CONFWARN") == 0)
        return LOG_LEVEL_DEBUG;
    return level <= 2   ? LOG_LEVEL_ERROR
           : level <= 4 ? LOG_LEVEL_WARNING
           : level <= 6 ? LOG_LEVEL_INFO
                        : LOG_LEVEL_DEBUG;
}

void kafka_log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    int64_t left_out = 0;
    (void)rk;
    if (is_off)
        return;
    (void)pthread_mutex_lock(&lock);
    const bool allowed = log_limit_allows(&limit, facility, clock_monotonic_ms(), &left_out);
    (void)pthread_mutex_unlock(&lock);
    if (allowed)
        log_write(level_of(level, facility),
                  &(struct log_fields){
                      .message = left_out > 0
                                     ? "librdkafka message; count similar messages were suppressed"
                                     : "librdkafka message",
                      .reason = facility,
                      .count = left_out,
                      .detail = text});
}
