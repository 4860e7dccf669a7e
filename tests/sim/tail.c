/* kafka/tail.h over the simulated cluster: partitions that are followed without a group, by a reader
 * who lags as long as the seed says. */
#include "kafka/tail.h"

#include <stdlib.h>

#include "broker.h"

struct kafka_tail {
    struct process *process;
    struct log_topic *topic;
};

int kafka_tail_new(const struct config *config, const char *topic, int wake_fd,
                   struct kafka_tail **ret_tail, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)wake_fd, (void)ret_message;
    struct kafka_tail *tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        abort();
    *tail = (struct kafka_tail){sim_self(), broker_topic(topic)};
    *ret_tail = tail;
    return 0;
}

int kafka_tail_add(struct kafka_tail *tail, int32_t partition, int64_t offset,
                   struct kafka_queue **ret_queue)
{
    struct kafka_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        abort();
    *q = (struct kafka_queue){.process = tail->process,
                              .lag_ms = sim_between(0, sim.tail_lag_ms),
                              .topic = tail->topic,
                              .partition = partition,
                              .position = offset == KAFKA_TAIL_BEGINNING ? 0 : offset,
                              .said_end = -1};
    sim_wake_poll(tail->process);
    *ret_queue = q;
    return 0;
}

void kafka_tail_remove(struct kafka_tail *tail, int32_t partition, struct kafka_queue *queue)
{
    (void)tail, (void)partition;
    free(queue);
}

void kafka_tail_serve(struct kafka_tail *tail)
{
    (void)tail;
}

int64_t kafka_tail_end(const struct kafka_tail *tail, int32_t partition)
{
    return (int64_t)tail->topic->partitions[partition].count;
}

void kafka_tail_free(struct kafka_tail *tail)
{
    free(tail);
}

static void tail_wakes(void *data)
{
    sim_wake_poll(data);
}

void tail_lags(struct kafka_queue *q)
{
    if (q->looks_at_ms > sim.now_ms)
        return;
    q->looks_at_ms = sim.now_ms + q->lag_ms / 2 + 1;
    sim_in_loop(q->process, q->lag_ms / 2 + 1, tail_wakes, q->process);
}
