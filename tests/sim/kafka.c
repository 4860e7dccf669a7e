/* kafka/kafka.h over the simulated cluster: consumer and producer of one process. */
#include "kafka/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

enum { ANSWER_MS = 5000 };

struct kafka_producer {
    int number; /* the process', whose slot its id derives from */
    int64_t epoch;
};

/* ---- records ---- */

/* Where it stood stays known. */
void kafka_record_free(struct kafka_record *r)
{
    free(r->headers);
    r->handle = NULL;
    r->headers = NULL;
    r->header_count = 0;
}

struct kafka_record kafka_record_move(struct kafka_record *r)
{
    const struct kafka_record moved = *r;
    *r = (struct kafka_record){.handle = NULL};
    return moved;
}

const char *kafka_header_text(const struct kafka_record *r, const char *name, char *text,
                              size_t room)
{
    for (size_t i = r->header_count; i > 0; i--) {
        const struct kafka_header *h = &r->headers[i - 1];
        if (strcmp(h->name, name) != 0 || h->value == NULL)
            continue;
        (void)snprintf(text, room, "%.*s", (int)(h->size < room ? h->size : room),
                       (const char *)h->value);
        return text;
    }
    return NULL;
}

const char *kafka_obstacle_name(enum kafka_obstacle obstacle)
{
    (void)obstacle;
    return "trouble";
}

/* ---- consumer ---- */

int kafka_consumer_new(const struct config *config, const char *group, const char *instance,
                       const char *const topics[], size_t topic_count, bool beside, int wake_fd,
                       const struct kafka_consumer_hooks *hooks,
                       struct kafka_consumer **ret_consumer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)group, (void)instance, (void)beside, (void)wake_fd, (void)ret_message;
    struct kafka_consumer *c = calloc(1, sizeof *c);
    if (c == NULL || topic_count > TOPICS)
        abort();
    c->process = sim_self();
    c->hooks = *hooks;
    for (size_t i = 0; i < topic_count; i++)
        (void)snprintf(c->topics[i], sizeof c->topics[i], "%s", topics[i]);
    c->topic_count = topic_count;
    c->generation = c->assigned_generation = KAFKA_NO_GENERATION;
    group_join(c);
    *ret_consumer = c;
    return 0;
}

void kafka_consumer_serve(struct kafka_consumer *c)
{
    if (c->is_fenced)
        c->hooks.on_error(c->hooks.user, KAFKA_TROUBLE, "another process has this instance", true,
                          true);
    if (c->has_revoke) {
        c->has_revoke = false;
        c->hooks.on_revoke(c->hooks.user, c->places, c->place_count, c->is_lost);
    }
    if (c->has_assign) {
        c->has_assign = false;
        c->assigned_generation = c->generation;
        c->hooks.on_assign(c->hooks.user, c->places, c->place_count);
    }
}

bool kafka_is_cooperative(const struct kafka_consumer *c)
{
    (void)c;
    return false;
}

int kafka_assign(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 struct kafka_queue *ret_queues[])
{
    c->owes_answer = false;
    if (c->state != CONSUMER_STABLE)
        return -EIO;
    for (size_t i = 0; i < count; i++) {
        struct kafka_queue *q = calloc(1, sizeof *q);
        if (q == NULL)
            abort();
        *q = (struct kafka_queue){.process = c->process,
                                  .next = c->queues,
                                  .consumer = c,
                                  .topic = broker_topic(places[i].topic),
                                  .partition = places[i].partition,
                                  .position = places[i].offset,
                                  .said_end = -1};
        c->queues = ret_queues[i] = q;
    }
    sim_wake_poll(c->process);
    return 0;
}

void kafka_take_none(struct kafka_consumer *c)
{
    c->owes_answer = false;
}

void kafka_unassign(struct kafka_consumer *c, const struct kafka_place places[], size_t count)
{
    (void)places, (void)count;
    c->owes_answer = false;
    if (c->state == CONSUMER_REVOKING)
        group_answered(c);
}

bool kafka_assignment_lost(const struct kafka_consumer *c)
{
    return c->is_lost && c->state == CONSUMER_REVOKING;
}

/* The end is said once for each place where it is met. */
void kafka_fetch(struct kafka_queue *q, struct kafka_record records[], size_t max,
                 struct kafka_fetched *ret_fetched)
{
    const struct log_partition *p = &q->topic->partitions[q->partition];
    const int64_t seen = broker_age_end(p, q->lag_ms);
    const struct log_record *r;
    int64_t next = q->position;
    *ret_fetched = (struct kafka_fetched){.end = -1};
    while (broker_is_up() && ret_fetched->count < max && (r = broker_read(p, &next)) != NULL &&
           next < seen) {
        q->position = next;
        record_of(q->topic, q->partition, q->position, r, &records[ret_fetched->count++]);
        next = ++q->position;
    }
    if (!broker_is_up() || ret_fetched->count == max)
        return;
    if (next < seen || seen == (int64_t)p->count) /* nothing is hidden by its lag */
        q->position = next;
    if (q->position < broker_stable_end(p))
        tail_lags(q);
    else if (q->said_end != q->position)
        q->said_end = ret_fetched->end = q->position;
}

void kafka_ask_again(struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    (void)c, (void)place, (void)position;
}

void kafka_queue_free(struct kafka_queue *q)
{
    for (struct kafka_queue **at = &q->consumer->queues; *at != NULL; at = &(*at)->next)
        if (*at == q) {
            *at = q->next;
            break;
        }
    free(q);
}

int32_t kafka_generation(const struct kafka_consumer *c)
{
    return c->generation;
}

const char *kafka_trouble(const struct kafka_consumer *c)
{
    (void)c;
    return broker_is_up() ? NULL : "no broker is connected";
}

int64_t kafka_session_ms(const struct kafka_consumer *c)
{
    (void)c;
    return SESSION_MS;
}

int64_t kafka_lag(const struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    (void)c;
    const int64_t end =
        broker_stable_end(&broker_topic(place->topic)->partitions[place->partition]);
    return end > position ? end - position : 0;
}

static int not_there(char ret_message[static KAFKA_TEXT_MAX])
{
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not answer");
    return -EIO;
}

int kafka_bounds(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 int64_t ret_low[], int64_t ret_high[], char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    if (!broker_wait(ANSWER_MS))
        return not_there(ret_message);
    for (size_t i = 0; i < count; i++) {
        ret_low[i] = 0;
        ret_high[i] =
            broker_stable_end(&broker_topic(places[i].topic)->partitions[places[i].partition]);
    }
    return 0;
}

int kafka_end(const struct kafka_consumer *c, const char *topic, int32_t partition, int timeout_ms,
              int64_t *ret_end, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    if (!broker_wait(timeout_ms))
        return not_there(ret_message);
    *ret_end = (int64_t)broker_topic(topic)->partitions[partition].count;
    return 0;
}

/* Offsets that a transaction is about to move are waited for. */
static bool wait_for_offsets(const struct kafka_place places[], size_t count)
{
    const int64_t until = sim.now_ms + ANSWER_MS;
    if (!broker_wait(ANSWER_MS))
        return false;
    for (size_t i = 0; i < count; i++)
        while (!broker_offset_is_stable(broker_topic(places[i].topic), places[i].partition)) {
            if (sim.now_ms >= until)
                return false;
            sim_sleep(20);
        }
    return true;
}

static int read_committed(struct kafka_place places[], size_t count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    if (!wait_for_offsets(places, count))
        return not_there(ret_message);
    for (size_t i = 0; i < count; i++)
        places[i].offset = broker_topic(places[i].topic)->partitions[places[i].partition].committed;
    return 0;
}

int kafka_committed(struct kafka_consumer *c, struct kafka_place places[], size_t count,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    return read_committed(places, count, ret_message);
}

int kafka_group_committed(const struct config *config, const char *group,
                          struct kafka_place places[], size_t count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)group;
    return read_committed(places, count, ret_message);
}

int kafka_partition_count(struct kafka_consumer *c, const char *topic, int32_t *ret_count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    if (!broker_wait(ANSWER_MS))
        return not_there(ret_message);
    *ret_count = broker_topic(topic)->partition_count;
    return 0;
}

size_t kafka_still_there(struct kafka_consumer *c, struct kafka_place places[], size_t count)
{
    (void)c, (void)places;
    sim_sleep(sim_between(0, 2));
    return count;
}

int kafka_start_offset(struct kafka_consumer *c, struct kafka_place *place, int64_t start,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    if (!broker_wait(ANSWER_MS))
        return not_there(ret_message);
    place->offset =
        start == KAFKA_START_END
            ? broker_stable_end(&broker_topic(place->topic)->partitions[place->partition])
            : 0;
    return 0;
}

void kafka_consumer_rejoin(struct kafka_consumer *c)
{
    (void)c;
    abort(); /* no topics come or go here */
}

void kafka_consumer_close(struct kafka_consumer *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->state == CONSUMER_REVOKING) /* its answer closes it */
        return;
    if (c->state == CONSUMER_JOINING && !c->has_assign) {
        group_answered(c);
        return;
    }
    c->has_assign = false;
    c->state = CONSUMER_REVOKING;
    c->has_revoke = true;
    c->is_lost = false;
    sim_wake_poll(c->process);
}

bool kafka_consumer_closing(const struct kafka_consumer *c)
{
    return c->closing;
}

bool kafka_consumer_closed(const struct kafka_consumer *c)
{
    return c->state == CONSUMER_CLOSED;
}

void kafka_consumer_free(struct kafka_consumer *c)
{
    (void)c; /* with its process */
}

/* ---- producer ---- */

int kafka_producer_new(const struct config *config, const char *transactional_id,
                       int64_t batch_bytes_max, bool tells_offsets,
                       struct kafka_producer **ret_producer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)transactional_id, (void)batch_bytes_max, (void)tells_offsets;
    if (!broker_wait(ANSWER_MS))
        return not_there(ret_message);
    struct kafka_producer *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->number = sim_self()->number;
    broker_fence(p->number);
    p->epoch = broker.producer_epoch[p->number];
    sim_sleep(sim_between(0, 3));
    *ret_producer = p;
    return 0;
}

int64_t kafka_producer_message_max(const struct kafka_producer *p)
{
    (void)p;
    return 1000000;
}

size_t kafka_message_bytes(const struct kafka_message *m)
{
    size_t bytes = 200 + m->key_size + m->value_size;
    for (size_t i = 0; i < m->header_count; i++)
        bytes += 20 + strlen(m->headers[i].name) + m->headers[i].size;
    return bytes;
}

static bool is_fenced(const struct kafka_producer *p)
{
    return p->epoch != broker.producer_epoch[p->number];
}

bool kafka_producer_is_broken(const struct kafka_producer *p, char ret_words[static KAFKA_TEXT_MAX])
{
    (void)p, (void)ret_words; /* heard with the next transaction */
    return false;
}

void kafka_producer_search(struct kafka_producer *p, bool searches)
{
    (void)p, (void)searches; /* nobody is denied anything */
}

void kafka_producer_free(struct kafka_producer *p)
{
    free(p);
}

/* One step of a transaction: its way to Kafka, a crash before it or behind it. */
static bool step(const struct kafka_producer *p, const char *what, const atomic_int *give_up)
{
    sim_edge(what);
    sim_sleep(sim_between(0, 3));
    while (!broker_is_up() && !*give_up)
        sim_sleep(50);
    return broker_is_up() && !is_fenced(p);
}

static void apply_offsets(const struct kafka_place offsets[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct log_partition *p = &broker_topic(offsets[i].topic)->partitions[offsets[i].partition];
        if (offsets[i].offset < p->committed)
            sim_fail("%s/%d: the committed offset goes back from %lld to %lld", offsets[i].topic,
                     offsets[i].partition, (long long)p->committed, (long long)offsets[i].offset);
        p->committed = offsets[i].offset;
        sim_note("Kafka: %s/%d is committed up to %lld", offsets[i].topic, offsets[i].partition,
                 (long long)p->committed);
    }
}

enum kafka_commit_result kafka_commit(struct kafka_producer *p, struct kafka_consumer *c,
                                      const struct kafka_message *const messages[],
                                      size_t message_count, const struct kafka_place offsets[],
                                      size_t offset_count, const atomic_int *give_up,
                                      struct kafka_refusal *ret_refusal,
                                      char ret_message[static KAFKA_TEXT_MAX])
{
    *ret_refusal = (struct kafka_refusal){.kind = KAFKA_REFUSES_NOTHING};
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "simulated");
    if (!step(p, "the transaction's begin", give_up))
        return KAFKA_FENCED;
    const int32_t generation = c->assigned_generation;
    struct txn *txn = broker_txn_begin(p->number);
    for (size_t i = 0; i < message_count; i++) {
        const int64_t offset = broker_append(messages[i], txn);
        if (messages[i]->ret_offset != NULL)
            *messages[i]->ret_offset = offset;
    }
    if (!step(p, "the transaction's offsets", give_up))
        return KAFKA_FENCED;
    if ((offset_count > 0 && (c->generation != generation || !group_takes(c))) ||
        (!sim.heals && sim_chance(10))) {
        broker_txn_end(txn, TXN_ABORTED);
        return KAFKA_ABORTED;
    }
    for (size_t i = 0; i < offset_count; i++)
        txn->moves[broker_topic(offsets[i].topic) - broker.topics][offsets[i].partition] = true;
    if (!step(p, "the transaction's commit", give_up))
        return KAFKA_FENCED;
    apply_offsets(offsets, offset_count);
    broker_txn_end(txn, TXN_COMMITTED);
    sim_note("Kafka: %zu messages, %zu offsets committed", message_count, offset_count);
    (void)step(p, "the transaction's answer", give_up);
    return KAFKA_COMMITTED;
}

/* ---- the group, looked at ---- */

int kafka_group_look(struct kafka_consumer *c, const char *group, const char *const topics[],
                     size_t topic_count, struct kafka_group_look *ret_look,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)group;
    if (!broker_wait(ANSWER_MS))
        return not_there(ret_message);
    *ret_look = (struct kafka_group_look){.is_settled = group_is_settled(c->process)};
    ret_look->has_us = group_has(c->process, &ret_look->ours);
    for (size_t i = 0; i < topic_count; i++)
        ret_look->in_all += (size_t)broker_topic(topics[i])->partition_count;
    for (int i = 0; i < SIM_PROCESSES; i++) {
        size_t its = 0;
        if (group_has(&sim.processes[i], &its))
            ret_look->given += its;
    }
    return 0;
}

int kafka_group_knows_other_topics(struct kafka_producer *p, const char *group,
                                   const char *instance, const char *const topics[],
                                   size_t topic_count, bool *ret_other,
                                   char ret_message[static KAFKA_TEXT_MAX])
{
    (void)p, (void)group, (void)instance, (void)topics, (void)topic_count;
    *ret_other = false;
    return broker_wait(ANSWER_MS) ? 0 : not_there(ret_message);
}
