/* Asking Prima for the orders that are due; see status_turn.h. */
#include "base/failpoint.h"
#include "kafka/topics.h"
#include "prima/request.h"
#include "schedule/load.h"
#include "status_turn.h"

#include <errno.h>
#include <string.h>

enum {
    ORDER_ARENA_BYTES = 4 << 20,
    STOP_LOOK_MS = 100,
    WEIGHT = 1 /* as reads of stock: a tenth */
};

/* ---- an order of the batch ---- */

/* "version record": what was published, as it was. */
static int read_last(struct status_turn *t, struct status_asked *a,
                     const struct open_orders_one *one)
{
    struct codec_fault fault;
    const char *blank = memchr(one->last, ' ', one->last_size);
    if (one->last_size == 0)
        return 0;
    if (blank == NULL)
        return -EBADMSG;
    const char *record = blank + 1;
    const size_t size = one->last_size - (size_t)(record - one->last);
    a->last = arena_alloc(a->arena, sizeof *a->last);
    if (a->last == NULL)
        return -ENOMEM;
    int result =
        codec_decode(t->codec, &order_status_record, record, size, a->arena, a->last, &fault);
    if (result == -EAGAIN && codec_fetch(t->codec, record, size) == 0)
        result =
            codec_decode(t->codec, &order_status_record, record, size, a->arena, a->last, &fault);
    return result;
}

static enum status_end take_order(struct status_turn *t, const char *key)
{
    struct open_orders_one one;
    struct status_asked *a = &t->batch[t->batch_count];
    int result = open_orders_look(&t->set, key, &one);
    if (result < 0)
        return status_end_of(t, result);
    *a = (struct status_asked){.turn = t, .arena = arena_new(ORDER_ARENA_BYTES)};
    if (a->arena == NULL)
        abort();
    t->batch_count++;
    result = status_facts_read(key, one.facts, a->arena, &a->order);
    if (result == 0)
        result = read_last(t, a, &one);
    if (result == 0)
        return STATUS_COMPLETE;
    (void)snprintf(t->words_of_end, sizeof t->words_of_end,
                   "what Redis has of order %.200s cannot be read", key);
    return STATUS_UNREADABLE;
}

/* ---- its answer ---- */

static enum status_poll poll_of(const struct prima_reply *reply)
{
    switch (reply->fate) {
    case PRIMA_OK:
        return POLL_OK;
    case PRIMA_ABSENT:
        return POLL_ABSENT;
    case PRIMA_NOT_SENT:
        return POLL_NOT_SENT;
    case PRIMA_DENIED:
        return POLL_DENIED;
    case PRIMA_NOT_ACCEPTED:
        return POLL_BUSY;
    default:
        return reply->is_primas_own ? POLL_ERROR : POLL_CUT;
    }
}

static void on_answer(void *user, const struct prima_reply *reply)
{
    struct status_asked *a = user;
    struct status_turn *t = a->turn;
    const struct status_rules rules = status_rules_of(t);
    a->is_answered = true;
    a->poll = poll_of(reply);
    if (a->poll == POLL_OK) {
        const int result = status_change_of(&a->order, a->last, reply, t->now_ms, &rules, a->arena,
                                            &a->change, &a->why);
        if (result == -ENOMEM)
            a->why = "the answer is too large";
        a->poll = result < 0 ? POLL_INVALID : POLL_OK;
    }
    if (a->poll == POLL_BUSY && reply->retry_after_ms > 0)
        t->is_redis_lost |= schedule_call_hold(t->redis, config_text(t->config, CFG_redis_prefix),
                                               reply->retry_after_ms) < 0;
}

/* ---- asking ---- */

static size_t under_way(const struct status_turn *t, size_t sent)
{
    size_t count = 0;
    for (size_t i = 0; i < sent; i++)
        count += !t->batch[i].is_answered;
    return count;
}

static void await(struct status_turn *t, size_t sent, size_t most)
{
    while (under_way(t, sent) > most)
        (void)uv_run(&t->loop, UV_RUN_ONCE);
}

static void on_look(uv_timer_t *timer)
{
    struct status_turn *t = timer->data;
    if (!status_goes_on(t))
        prima_client_abandon(t->prima);
}

static enum status_end send_order(struct status_turn *t, struct status_asked *a)
{
    const struct load_call load = {.prefix = config_text(t->config, CFG_redis_prefix),
                                   .class_name = "status",
                                   .weight = WEIGHT,
                                   .rate = (int)config_int(t->config, CFG_limit_rate),
                                   .burst = (int)config_int(t->config, CFG_limit_burst)};
    struct buf request;
    const int waited = load_wait(t->redis, &load, status_goes_on, t);
    if (waited < 0)
        return waited == -ECANCELED ? status_why_not(t) : STATUS_REDIS;
    buf_init(&request, 4096);
    if (prima_request_order_status(a->order.order_number, &request) == 0) {
        prima_client_send(t->prima, PRIMA_ORDER_STATUS, t->company, request.data, request.size,
                          on_answer, a);
    } else { /* posted under it, by a worker that refuses such a number: it is not ours */
        a->is_answered = true;
        a->poll = POLL_INVALID;
        a->why = "the order's number cannot be asked for";
    }
    buf_release(&request);
    return STATUS_COMPLETE;
}

static enum status_end send_all(struct status_turn *t)
{
    const size_t parallel = (size_t)config_int(t->config, CFG_poller_status_parallel);
    enum status_end end = STATUS_COMPLETE;
    size_t sent = 0;
    (void)uv_timer_start(&t->look, on_look, STOP_LOOK_MS, STOP_LOOK_MS);
    while (sent < t->batch_count && end == STATUS_COMPLETE) {
        await(t, sent, parallel - 1);
        end = send_order(t, &t->batch[sent]);
        sent += end == STATUS_COMPLETE;
    }
    await(t, sent, 0);
    (void)uv_timer_stop(&t->look);
    if (end == STATUS_COMPLETE && t->is_redis_lost)
        return STATUS_REDIS;
    return end == STATUS_COMPLETE && !status_goes_on(t) ? status_why_not(t) : end;
}

/* Nobody was answered by Prima itself: that is no order's fault, and each keeps its turn. */
static bool none_is_answered(const struct status_turn *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->batch_count; i++)
        count += t->batch[i].poll == POLL_NOT_SENT || t->batch[i].poll == POLL_DENIED ||
                 t->batch[i].poll == POLL_BUSY || t->batch[i].poll == POLL_CUT;
    return t->batch_count > 0 && count == t->batch_count;
}

static enum status_end judge_unanswered(struct status_turn *t)
{
    const struct status_rules rules = status_rules_of(t);
    for (size_t i = 0; i < t->batch_count; i++) {
        struct status_asked *a = &t->batch[i];
        if (a->poll != POLL_OK &&
            status_without_answer(&a->order, a->last, t->now_ms, &rules, a->arena, &a->change) < 0)
            abort(); /* a few bytes of an arena that has room for an order */
    }
    return STATUS_COMPLETE;
}

enum status_end status_ask(struct status_turn *t)
{
    struct open_orders_due due;
    char keys[OPEN_ORDERS_DUE_MAX][300];
    const int result = open_orders_due(&t->set, OPEN_ORDERS_DUE_MAX, &due);
    if (result < 0)
        return status_end_of(t, result);
    t->now_ms = due.now_ms;
    t->has_more |= due.count == OPEN_ORDERS_DUE_MAX;
    for (size_t i = 0; i < due.count; i++) /* they live until the next call */
        (void)snprintf(keys[i], sizeof keys[i], "%s", due.keys[i]);
    enum status_end end = STATUS_COMPLETE;
    for (size_t i = 0; i < due.count && end == STATUS_COMPLETE; i++)
        end = take_order(t, keys[i]);
    if (end == STATUS_COMPLETE)
        end = send_all(t);
    if (end != STATUS_COMPLETE)
        return end;
    (void)fail_point("status.asked");
    return none_is_answered(t) ? STATUS_PRIMA : judge_unanswered(t);
}
