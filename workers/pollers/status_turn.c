/* The steps of a turn; see status_turn.h. */
#include "status_turn.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REDIS_TIMEOUT_MS = 5000, BATCH_BYTES = 1 << 20 /* what one transaction carries, about */ };

/* ---- before and behind ---- */

static enum status_end open_redis(struct status_turn *t)
{
    struct redis_server server;
    if (redis_once_open(config_text(t->config, CFG_redis_url), REDIS_TIMEOUT_MS, &t->redis, &server,
                        t->words_of_end) < 0)
        return STATUS_REDIS;
    t->set = (struct open_orders){.redis = t->redis,
                                  .prefix = config_text(t->config, CFG_redis_prefix),
                                  .company = t->company,
                                  .lease = t->lease_name,
                                  .token = t->token};
    return open_orders_begin(&t->set) < 0 ? STATUS_REDIS : STATUS_COMPLETE;
}

static enum status_end open_kafka(struct status_turn *t)
{
    char id[200];
    (void)snprintf(id, sizeof id, "primaflow.status-%s", t->company);
    if (codec_register(t->codec, order_status_record.name, topic_orders_status, t->words_of_end) <
            0 ||
        kafka_writer_new_as(t->config, id, BATCH_BYTES, &t->writer, t->words_of_end) < 0)
        return STATUS_KAFKA;
    (void)fail_point("status.fenced");
    return status_goes_on(t) ? STATUS_COMPLETE : status_why_not(t);
}

static enum status_end turn_open(struct status_turn *t)
{
    struct config_message message;
    if (t->is_open && t->open_token != t->token)
        status_turn_close(t);
    if (t->is_open)
        return STATUS_COMPLETE;
    if (uv_loop_init(&t->loop) != 0 || uv_timer_init(&t->loop, &t->look) != 0)
        abort();
    t->look.data = t;
    t->is_open = true;
    t->open_token = t->token;
    enum status_end end = open_redis(t);
    if (end == STATUS_COMPLETE)
        end = open_kafka(t);
    if (end == STATUS_COMPLETE && prima_client_new(&t->loop, t->config, &t->prima, &message) < 0) {
        (void)snprintf(t->words_of_end, sizeof t->words_of_end, "%.390s", message.text);
        return STATUS_PRIMA;
    }
    if (end == STATUS_COMPLETE)
        prima_client_only_reads(t->prima);
    return end;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

void status_turn_close(struct status_turn *t)
{
    if (!t->is_open)
        return;
    status_close_topics(t);
    kafka_writer_free(t->writer);
    prima_client_free(t->prima);
    redis_once_close(t->redis);
    uv_close((uv_handle_t *)&t->look, on_closed);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&t->loop);
    t->writer = NULL;
    t->prima = NULL;
    t->redis = NULL;
    t->is_open = t->is_caught_up = false;
}

/* ---- the turn ---- */

static enum status_end turn_work(struct status_turn *t)
{
    enum status_end end = status_goes_on(t) ? turn_open(t) : status_why_not(t);
    if (end == STATUS_COMPLETE && !t->is_caught_up)
        end = status_catch_up(t);
    if (end == STATUS_COMPLETE)
        end = status_take_in(t);
    if (end == STATUS_COMPLETE)
        end = status_ask(t);
    if (end == STATUS_COMPLETE)
        end = status_publish(t);
    if (end == STATUS_COMPLETE || end == STATUS_PRIMA)
        if (t->is_open && t->redis != NULL && open_orders_count(&t->set, &t->sums) < 0)
            return STATUS_REDIS;
    return end;
}

void status_turn_init(struct status_turn *t)
{
    (void)topic_of_input(topic_orders_raw, TOPIC_PART_DLQ, "", false, t->letters,
                         sizeof t->letters);
    t->end = STATUS_COMPLETE;
    t->sums = (struct open_orders_sums){.first_due_ms = -1};
}

void status_turn_run(struct status_turn *t)
{
    const int64_t from = clock_monotonic_ms();
    t->words_of_end[0] = '\0';
    t->is_published = t->has_more = t->is_redis_lost = false;
    t->batch_count = 0;
    t->end = turn_work(t);
    t->found = t->is_open ? (int64_t)t->set.added : 0;
    t->set.added = 0;
    /* Where it is not known how far it came, orders.status is read again. */
    if (t->prima == NULL ||
        (t->end != STATUS_COMPLETE && t->end != STATUS_CATCHING_UP && t->end != STATUS_PRIMA))
        status_turn_close(t);
    t->took_ms = clock_monotonic_ms() - from;
}

void status_turn_forget(struct status_turn *t)
{
    for (size_t i = 0; i < t->batch_count; i++)
        arena_free(t->batch[i].arena);
    t->batch_count = 0;
}
