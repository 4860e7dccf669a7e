/* The steps of a read; see stock_reading.h. */
#include "stock_reading.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/topics.h"
#include "prima/client.h"
#include "prima/request.h"
#include "schedule/load.h"
#include "stock_seen.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum {
    REDIS_TIMEOUT_MS = 5000,
    REQUEST_BYTES_MAX = 1024 * 1024,
    STOP_LOOK_MS = 100,
    /* of what one transaction carries, for its time-out: 200,000 rows */
    SNAPSHOT_BYTES = 32 * 1024 * 1024,
};

struct asking { /* this thread's alone */
    struct stock_reading *reading;
    uv_loop_t loop;
    uv_timer_t look; /* whether we may go on */
    struct prima_client *prima;
    struct redis_once *redis;
    struct stock_spool *spool;
    struct stock_seen seen;
    int32_t partitions;
    const char *depot;                      /* asked for; "": none */
    char product[PRIMA_STOCK_TEXT_MAX + 1]; /* of the row before */
    bool is_answered;
    enum reading_end end; /* of what was asked last */
};

static bool goes_on(void *user)
{
    const struct stock_reading *r = user;
    return atomic_load(&r->stop) == 0 && lease_is_held(r->lease);
}

static enum reading_end why_not(const struct stock_reading *r)
{
    return atomic_load(&r->stop) != 0 && lease_is_held(r->lease) ? READING_STOPPED : READING_LEASE;
}

static enum reading_end say(struct stock_reading *r, enum reading_end end, const char *words)
{
    (void)snprintf(r->words, sizeof r->words, "%s", words);
    return end;
}

/* ---- rows ---- */

static void note_order(struct asking *a, const char *product)
{
    struct stock_tally *t = &a->reading->tally;
    if (a->product[0] != '\0' && strcasecmp(a->product, product) != 0) {
        t->followed++;
        t->descents += strcasecmp(product, a->product) < 0;
    }
    (void)snprintf(a->product, sizeof a->product, "%s", product);
}

static bool keep_row(struct asking *a, const struct stock_row *row)
{
    struct stock_tally *t = &a->reading->tally;
    enum stock_sight sight;
    const int result = stock_seen_add(&a->seen, row->key, row->depot, row->available, &sight);
    if (result < 0) {
        a->end = READING_TOO_LARGE;
        return false;
    }
    t->repeated += sight == STOCK_SIGHT_SAME;
    t->contradicting += sight == STOCK_SIGHT_OTHER;
    if (sight != STOCK_SIGHT_NEW)
        return true;
    const int kept = stock_spool_add(a->spool, row);
    if (kept < 0) {
        a->end = say(a->reading, READING_SPOOL, strerror(-kept));
        return false;
    }
    t->rows++;
    return true;
}

static bool on_row(void *user, const struct prima_stock_row *in)
{
    struct asking *a = user;
    struct stock_tally *t = &a->reading->tally;
    struct stock_row row;
    const char *why = stock_row_read(in, &row);
    if (why != NULL) {
        t->bad++;
        bad_rows_add(&a->reading->bad, in, why);
        return t->bad <= BAD_ROWS_MAX;
    }
    /* A depot that a row does not name is not believed to be the one that was asked for: a Prima that
     * does not know the attribute answers with all depots together, for each of them. */
    t->is_other_depot |= a->depot[0] != '\0' && strcmp(row.depot, a->depot) != 0;
    note_order(a, in->product);
    return keep_row(a, &row);
}

/* ---- one request ---- */

static enum reading_end end_of(const struct prima_reply *reply)
{
    switch (reply->fate) {
    case PRIMA_OK:
        return READING_COMPLETE;
    case PRIMA_ABSENT: /* an OK without rows is stock_check's business */
        return reply->is_no ? READING_ERROR : READING_COMPLETE;
    case PRIMA_NOT_SENT:
        return READING_NOT_SENT;
    case PRIMA_DENIED:
        return READING_DENIED;
    case PRIMA_NOT_ACCEPTED:
        return READING_BUSY;
    default:
        return reply->is_primas_own ? READING_ERROR : READING_CUT;
    }
}

/* Words of Prima's are not told: nobody knows what is in them. */
static void on_answer(void *user, const struct prima_reply *reply)
{
    struct asking *a = user;
    struct stock_reading *r = a->reading;
    const enum reading_end end = end_of(reply);
    a->is_answered = true;
    r->prima_ms += reply->took_us / 1000;
    if (a->end == READING_COMPLETE)
        a->end = end;
    if (a->end == READING_CUT && r->tally.bad > BAD_ROWS_MAX)
        a->end = READING_INVALID;
    if (end != READING_COMPLETE && r->words[0] == '\0')
        (void)snprintf(r->words, sizeof r->words, "%s, HTTP status %d, %lld rows",
                       prima_fate_name(reply->fate), reply->http_status,
                       (long long)reply->product_count);
    if (reply->fate == PRIMA_NOT_ACCEPTED && reply->retry_after_ms > 0 &&
        schedule_call_hold(a->redis, config_text(r->config, CFG_redis_prefix),
                           reply->retry_after_ms) < 0)
        a->end = READING_REDIS;
}

static void on_look(uv_timer_t *timer)
{
    struct asking *a = timer->data;
    if (goes_on(a->reading))
        return;
    a->end = why_not(a->reading);
    prima_client_abandon(a->prima);
}

static enum reading_end ask_prima(struct asking *a, const struct buf *request)
{
    const struct stock_source *s = a->reading->source;
    a->is_answered = false;
    a->end = READING_COMPLETE;
    a->product[0] = '\0';
    (void)uv_timer_start(&a->look, on_look, STOP_LOOK_MS, STOP_LOOK_MS);
    prima_client_read_stock(a->prima,
                            s->scope == STOCK_SCOPE_CHOSEN ? PRIMA_PRODUCT_READ : PRIMA_STOCK_READ,
                            s->company, request->data, request->size, on_row, on_answer, a);
    while (!a->is_answered)
        (void)uv_run(&a->loop, UV_RUN_ONCE);
    (void)uv_timer_stop(&a->look);
    return a->end;
}

static int write_request(struct asking *a, struct buf *out)
{
    const struct stock_source *s = a->reading->source;
    const struct prima_names *names = prima_client_names(a->prima);
    return s->scope == STOCK_SCOPE_CHOSEN
               ? prima_request_stock_of(names, s->skus, s->sku_count, a->depot, out)
               : prima_request_stock_read(names, s->from, s->to, a->depot, out);
}

static enum reading_end await_permit(struct asking *a)
{
    struct stock_reading *r = a->reading;
    enum { WEIGHT = 1 /* orders have 5, refunds 3: a tenth of what is asked for by all */ };
    const struct load_call load = {.prefix = config_text(r->config, CFG_redis_prefix),
                                   .class_name = "stock",
                                   .weight = WEIGHT,
                                   .rate = (int)config_int(r->config, CFG_limit_rate),
                                   .burst = (int)config_int(r->config, CFG_limit_burst)};
    const int result = load_wait(a->redis, &load, goes_on, r);
    if (result == -ECANCELED)
        return why_not(r);
    if (result < 0 || (r->began_ms == 0 && schedule_call_clock(a->redis, &r->began_ms) < 0))
        return READING_REDIS;
    return READING_COMPLETE;
}

static enum reading_end ask_depot(struct asking *a, const char *depot)
{
    struct buf request;
    a->depot = depot;
    enum reading_end end = await_permit(a);
    if (end != READING_COMPLETE)
        return end;
    buf_init(&request, REQUEST_BYTES_MAX);
    end = write_request(a, &request) == 0
              ? ask_prima(a, &request)
              : say(a->reading, READING_ERROR, "the request is too large: choose fewer SKUs");
    buf_release(&request);
    return end;
}

static enum reading_end ask_all(struct asking *a)
{
    const struct stock_source *s = a->reading->source;
    enum reading_end end = READING_COMPLETE;
    for (size_t i = 0; i < s->depot_count && end == READING_COMPLETE; i++)
        end = ask_depot(a, s->depots[i]);
    if (s->depot_count == 0)
        end = ask_depot(a, "");
    return end;
}

/* ---- before and behind ---- */

static void drop_writer(struct stock_reading *r)
{
    kafka_writer_free(r->writer);
    r->writer = NULL;
}

/* One made under an earlier token may have been fenced since. */
static enum reading_end take_writer(struct asking *a)
{
    struct stock_reading *r = a->reading;
    char id[200];
    if (r->writer != NULL && r->writer_token != r->token)
        drop_writer(r);
    (void)snprintf(id, sizeof id, "primaflow.poller-%s", r->source->company);
    if (r->writer == NULL &&
        (codec_register(r->codec, stock_event_record.name, topic_stock_snapshots, r->words) < 0 ||
         kafka_writer_new_as(r->config, id, SNAPSHOT_BYTES, &r->writer, r->words) < 0))
        return READING_KAFKA;
    r->writer_token = r->token;
    (void)fail_point("poller.fenced");
    if (!goes_on(r))
        return why_not(r);
    if (kafka_writer_partitions(r->writer, topic_stock_snapshots, &a->partitions, r->words) < 0)
        return READING_KAFKA;
    return READING_COMPLETE;
}

static enum reading_end begin(struct asking *a)
{
    struct stock_reading *r = a->reading;
    struct redis_server server;
    struct config_message message;
    const char *folder = config_text(r->config, CFG_poller_spool);
    if (redis_once_open(config_text(r->config, CFG_redis_url), REDIS_TIMEOUT_MS, &a->redis, &server,
                        r->words) < 0)
        return READING_REDIS;
    const enum reading_end end = take_writer(a);
    if (end != READING_COMPLETE)
        return end;
    const int opened = stock_spool_open(folder, &a->spool);
    if (opened < 0) {
        (void)snprintf(r->words, sizeof r->words,
                       "%.200s: %s; name a folder that can be written to", folder,
                       strerror(-opened));
        return READING_SPOOL;
    }
    if (prima_client_new(&a->loop, r->config, &a->prima, &message) < 0)
        return say(r, READING_NOT_SENT, message.text);
    return READING_COMPLETE;
}

static enum reading_end publish(struct asking *a)
{
    struct stock_reading *r = a->reading;
    const struct stock_source *s = r->source;
    char id[200];
    (void)snprintf(id, sizeof id, "%s/%lld/%lld", s->company, (long long)r->began_ms,
                   (long long)r->token);
    const struct stock_snapshot snapshot = {.company = s->company,
                                            .id = id,
                                            .token = r->token,
                                            .began_ms = r->began_ms,
                                            .scope = s->scope,
                                            .from = s->from,
                                            .to = s->to,
                                            .spool = a->spool,
                                            .rows = r->tally.rows,
                                            .bad = &r->bad,
                                            .bad_last = &r->told,
                                            .partitions = a->partitions};
    const enum reading_end end =
        stock_publish(&snapshot, r->codec, r->writer, goes_on, r, r->words);
    if (end != READING_COMPLETE)
        drop_writer(r);
    return end == READING_LEASE ? why_not(r) : end;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void finish(struct asking *a)
{
    prima_client_free(a->prima);
    uv_close((uv_handle_t *)&a->look, on_closed);
    (void)uv_run(&a->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&a->loop);
    redis_once_close(a->redis);
    stock_spool_close(a->spool);
    stock_seen_release(&a->seen);
}

void stock_reading_run(struct stock_reading *r)
{
    struct asking a = {.reading = r, .depot = ""};
    const int64_t from = clock_monotonic_ms();
    r->words[0] = '\0';
    r->began_ms = r->prima_ms = 0;
    r->tally = (struct stock_tally){.rows = 0};
    bad_rows_release(&r->bad);
    stock_seen_init(&a.seen);
    if (uv_loop_init(&a.loop) != 0 || uv_timer_init(&a.loop, &a.look) != 0)
        abort();
    a.look.data = &a;
    r->end = begin(&a);
    if (r->end == READING_KAFKA)
        drop_writer(r);
    if (r->end == READING_COMPLETE)
        r->end = ask_all(&a);
    stock_seen_release(&a.seen); /* its memory is librdkafka's now */
    if (r->end == READING_COMPLETE)
        r->end = stock_check(&r->tally, r->source->scope, &r->last, &r->limits);
    if (r->end == READING_COMPLETE)
        r->end = publish(&a);
    finish(&a);
    r->took_ms = clock_monotonic_ms() - from;
}
