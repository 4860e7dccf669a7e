/* A seed's orders are drawn and written; in the end every one of them has exactly one terminal
 * record, and all that follows from it is as it must be. */
#include "orders.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "faults.h"
#include "flow.h"
#include "kafka/headers.h"
#include "prima.h"
#include "server.h"

enum { WRITE_MS = 15000, VALUE_MAX = 1000 };

struct orders orders;
static struct codec *writer;

/* ---- writing ---- */

static void order_write(void *data)
{
    struct order *o = data;
    struct log_topic *t = broker_topic("orders.raw");
    const struct sim_event_record event = {o->id, o->content, o->money, o->version, o->cancels};
    char key[40];
    struct buf value;
    size_t before[PARTITIONS];
    buf_init(&value, VALUE_MAX);
    if (codec_encode(writer, &sim_event_bound, &event, &value) < 0)
        abort();
    const int size = snprintf(key, sizeof key, "acme/web/s1/%s", o->id);
    for (int i = 0; i < PARTITIONS; i++)
        before[i] = t->partitions[i].count;
    broker_append(&(struct kafka_message){.topic = "orders.raw",
                                          .key = key,
                                          .key_size = (size_t)size,
                                          .value = value.data,
                                          .value_size = value.size},
                  NULL);
    for (int i = 0; i < PARTITIONS; i++)
        if (t->partitions[i].count > before[i]) {
            o->partition = i;
            o->offset = (int64_t)before[i];
        }
    buf_release(&value);
    orders.written++;
    sim_note("order %s, content %lld%s, is orders.raw/%d/%lld", o->id, (long long)o->content,
             o->cancels ? ", taken back" : "", o->partition, (long long)o->offset);
}

/* Most are new; some are sent again, or with another content, or taken back. */
void orders_draw(struct codec *codec)
{
    int64_t at_ms = 0;
    orders = (struct orders){.count = (size_t)sim_between(8, 24)};
    writer = codec;
    for (size_t i = 0; i < orders.count; i++) {
        struct order *o = &orders.list[i];
        *o = (struct order){.content = 1, .offset = -1};
        (void)snprintf(o->id, sizeof o->id, "%zu", 1000 + i);
        if (i > 0 && sim_chance(250)) {
            const struct order *former = &orders.list[sim_between(0, (int64_t)i - 1)];
            memcpy(o->id, former->id, sizeof o->id);
            o->content = sim_chance(600) ? former->content : former->content + 1;
            o->money = sim_chance(700) ? former->money : former->money + 1;
            o->version = sim_chance(700) ? 0 : sim_between(1, 3);
            o->cancels = sim_chance(100);
        }
        at_ms +=
            sim_chance(500) ? sim_between(0, 20) : sim_between(0, WRITE_MS / (int64_t)orders.count);
        sim_at(at_ms, order_write, o);
    }
}

/* ---- at rest ---- */

/* A record that is claimed or sent, or a set of deferrals. */
static void see_key(void *user, const char *key, const char *value, size_t size, size_t members)
{
    const unsigned char *v = (const unsigned char *)value;
    const size_t at = size > 3 && v[0] == 0xDC ? 3 : 1;
    const bool is_open = size > at + 1 && (at == 3 || (v[0] & 0xF0) == 0x90) && v[at] == 0xA1 &&
                         (v[at + 1] == 'c' || v[at + 1] == 's');
    if (is_open || (members > 0 && strstr(key, ":d:") != NULL))
        *(const char **)user = key;
}

static const char *restless_key(void)
{
    const char *found = NULL;
    store_each(server_store(), see_key, &found);
    return found;
}

bool orders_are_at_rest(void)
{
    return orders_are_done() && restless_key() == NULL;
}

bool orders_are_done(void)
{
    if (orders.written < orders.count)
        return false;
    for (int t = 0; t < broker.topic_count; t++) {
        const struct log_topic *topic = &broker.topics[t];
        const bool is_read = strcmp(topic->name, "orders.raw") == 0 ||
                             strncmp(topic->name, "orders.raw.retry.", 17) == 0;
        for (int i = 0; is_read && i < topic->partition_count; i++) {
            const struct log_partition *p = &topic->partitions[i];
            int64_t at = p->committed < 0 ? 0 : p->committed;
            if (broker_stable_end(p) < (int64_t)p->count || broker_read(p, &at) != NULL)
                return false;
        }
    }
    return true;
}

/* ---- what became of them ---- */

struct ending {
    int count;
    char what[48]; /* outcome, or code */
    bool is_letter, is_parked;
};

static void delivery_of(const struct order *o, char text[static DELIVERY_MAX])
{
    (void)snprintf(text, DELIVERY_MAX, "orders.raw/%d/%lld", o->partition, (long long)o->offset);
}

static void each_committed(const char *name, void (*see)(void *user, const struct kafka_record *r),
                           void *user)
{
    const struct log_topic *t = broker_topic(name);
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct log_record *from;
        for (int64_t at = 0; (from = broker_read(&t->partitions[i], &at)) != NULL; at++) {
            struct kafka_record r;
            record_of(t, i, at, from, &r);
            see(user, &r);
            kafka_record_free(&r);
        }
    }
}

struct search {
    struct codec *codec;
    const struct order *order;
    char delivery[DELIVERY_MAX];
    struct ending ending;
};

static void see_result(void *user, const struct kafka_record *r)
{
    struct search *s = user;
    char delivery[DELIVERY_MAX], outcome[48];
    if (!sim_result_read(s->codec, r->value, r->value_size, delivery, outcome) ||
        strcmp(delivery, s->delivery) != 0)
        return;
    s->ending.count++;
    (void)snprintf(s->ending.what, sizeof s->ending.what, "%s", outcome);
}

static void see_letter(void *user, const struct kafka_record *r)
{
    struct search *s = user;
    char delivery[DELIVERY_MAX], class[32] = "";
    if (kafka_header_text(r, HEADER_DELIVERY, delivery, sizeof delivery) == NULL ||
        strcmp(delivery, s->delivery) != 0)
        return;
    s->ending.count++;
    s->ending.is_letter = true;
    (void)kafka_header_text(r, HEADER_CODE, s->ending.what, sizeof s->ending.what);
    (void)kafka_header_text(r, HEADER_CLASS, class, sizeof class);
    s->ending.is_parked = strcmp(class, "park") == 0;
}

static struct ending ending_of(struct codec *codec, const struct order *o)
{
    struct search s = {.codec = codec, .order = o};
    delivery_of(o, s.delivery);
    each_committed("orders.results", see_result, &s);
    each_committed("orders.raw.dlq", see_letter, &s);
    return s.ending;
}

static void see_ledger(void *user, const struct kafka_record *r)
{
    struct search *s = user;
    s->ending.count += r->value_size == strlen(s->order->id) + 1 &&
                       memcmp((const char *)r->value + 1, s->order->id, r->value_size - 1) == 0;
}

static int ledger_entries(const struct order *o)
{
    struct search s = {.order = o};
    each_committed("orders.ledger", see_ledger, &s);
    return s.ending.count;
}

/* ---- one order number ---- */

struct sum {
    int posted, letters, parked, contents;
    bool cancels;
};

static struct sum sum_of(struct codec *codec, const struct order *first)
{
    struct sum sum = {.contents = 1};
    for (size_t i = 0; i < orders.count; i++) {
        const struct order *o = &orders.list[i];
        if (strcmp(o->id, first->id) != 0)
            continue;
        const struct ending e = ending_of(codec, o);
        sum.posted += !e.is_letter && strcmp(e.what, "posted") == 0;
        sum.letters += e.is_letter;
        sum.parked += e.is_parked;
        sum.cancels |= o->cancels;
        if (o->content != first->content || o->money != first->money)
            sum.contents = 2;
    }
    return sum;
}

static void check_number(struct codec *codec, const struct order *o, bool redis_was_lost)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "S%s", o->id);
    const struct document *d = prima_find(number);
    const struct tally *t = prima_tally(number);
    const struct sum sum = sum_of(codec, o);
    if (sum.posted > 1)
        sim_fail("%s: %d results say posted", number, sum.posted);
    if (sum.posted == 1 && d == NULL)
        sim_fail("%s: posted, but Prima does not have it", number);
    if (d != NULL && sum.posted == 0 && sum.letters == 0)
        sim_fail("%s: Prima has it, and neither a result nor a letter says so", number);
    if (ledger_entries(o) != sum.posted)
        sim_fail("%s: %d ledger entries, %d posted", number, ledger_entries(o), sum.posted);
    if (t->sends > 1 + t->unknown && !faults_lost_unseen())
        sim_fail("%s: sent %d times with %d open outcomes", number, t->sends, t->unknown);
    if (sum.letters > 0 && sum.contents == 1 && !sum.cancels && t->unknown == 0 && t->doubts == 0 &&
        !redis_was_lost)
        sim_fail("%s: %d dead letters, and nothing went wrong with it", number, sum.letters);
}

void orders_check(struct codec *codec, bool redis_was_lost)
{
    for (size_t i = 0; i < orders.count; i++) {
        const struct order *o = &orders.list[i];
        const struct ending e = ending_of(codec, o);
        sim_note("orders.raw/%d/%lld (%s) ended %d times, as %s", o->partition,
                 (long long)o->offset, o->id, e.count, e.what);
        if (e.count != 1)
            sim_fail("orders.raw/%d/%lld (%s): %d terminal records", o->partition,
                     (long long)o->offset, o->id, e.count);
        check_number(codec, o, redis_was_lost);
    }
    /* What was refused is not rebuilt: a key may be again what it was before, for a redrive. */
    const char *key = redis_was_lost ? NULL : restless_key();
    if (key != NULL)
        sim_fail("Redis at rest: %s is claimed, sent, or marked as deferred", key);
}
