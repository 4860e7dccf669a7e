/* A seed's orders are drawn and written; in the end every one of them has exactly one terminal
 * record, and all that follows from it is as it must be. */
#include "orders.h"

#include <stdlib.h>
#include <string.h>

#include "endings.h"
#include "faults.h"
#include "flow.h"
#include "ledger.h"
#include "lives.h"
#include "prima.h"

enum { WRITE_MS = 15000, VALUE_MAX = 1000 };

struct orders orders;
static struct codec *writer;

/* ---- writing ---- */

static void order_write(void *data)
{
    struct order *o = data;
    struct log_topic *t = broker_topic("orders.raw");
    const struct sim_event_record event = {o->id,      o->content, o->money,
                                           o->version, o->cancels, o->waits};
    char key[40];
    struct buf value;
    buf_init(&value, VALUE_MAX);
    if (codec_encode(writer, &sim_event_bound, &event, &value) < 0)
        abort();
    const int size = snprintf(key, sizeof key, "acme/web/s1/%s", o->id);
    o->partition = kafka_partition_of(key, (size_t)size, t->partition_count);
    o->offset = broker_append(&(struct kafka_message){.topic = "orders.raw",
                                                      .key = key,
                                                      .key_size = (size_t)size,
                                                      .value = value.data,
                                                      .value_size = value.size},
                              NULL);
    buf_release(&value);
    orders.written++;
    sim_note("order %s, version %lld, content %lld, money %lld%s, is orders.raw/%d/%lld", o->id,
             (long long)o->version, (long long)o->content, (long long)o->money,
             o->cancels ? ", taken back" : "", o->partition, (long long)o->offset);
}

void orders_send_copy(const struct order *of)
{
    if (orders.count == ORDERS_MAX)
        abort();
    struct order *o = &orders.list[orders.count++];
    *o = *of;
    o->is_copy = true;
    order_write(o);
}

/* Beside the others, which are older news by then. */
static void draw_lives(void)
{
    const int lives = sim_chance(500) ? 0 : (int)sim_between(1, 3);
    for (int i = 0; i < lives; i++) {
        struct order *steps = &orders.list[orders.count];
        char id[ID_MAX];
        (void)snprintf(id, sizeof id, "%d", 2000 + i);
        const size_t count = life_draw(id, steps, ORDERS_MAX / 3 - orders.count);
        int64_t at_ms = sim_between(0, WRITE_MS / 2);
        for (size_t k = 0; k < count; k++) {
            sim_at(at_ms, order_write, &steps[k]);
            at_ms += sim_chance(500) ? sim_between(0, 20) : sim_between(0, 2000);
        }
        orders.count += count;
    }
}

/* Most are new; some are sent again, or with another content, or taken back. */
void orders_draw(struct codec *codec)
{
    int64_t at_ms = 0;
    orders = (struct orders){
        .count = (size_t)(sim.has_refunds ? sim_between(2, 6) : sim_between(8, 24))};
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
    if (!sim.has_refunds)
        draw_lives();
}

/* ---- at rest ---- */

bool orders_are_done(void)
{
    return orders.written == orders.count && inputs_are_done("orders");
}

/* ---- what became of them ---- */

static struct endings endings;

static const struct sim_ending *ending_of(const struct order *o, int *ret_count)
{
    char delivery[SIM_DELIVERY_MAX];
    (void)snprintf(delivery, sizeof delivery, "orders.raw/%d/%lld", o->partition,
                   (long long)o->offset);
    return endings_find(&endings, delivery, ret_count);
}

/* First entries: those that a person wrote have later versions. */
static int ledger_entries(struct codec *codec, const struct order *o)
{
    char key[SIM_KEY_MAX];
    const struct log_topic *t = broker_topic("orders.ledger");
    int count = 0;
    sim_order_key(o->id, key);
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct log_record *r;
        for (int64_t at = 0; (r = broker_read(&t->partitions[i], &at)) != NULL; at++)
            count += r->key_size == strlen(key) && memcmp(r->key, key, r->key_size) == 0 &&
                     sim_entry_version(codec, r->value, r->value_size) == 1;
    }
    return count;
}

/* ---- one order number ---- */

struct sum {
    int posted, letters, parked, contents;
    bool cancels;
};

static struct sum sum_of(const struct order *first)
{
    struct sum sum = {.contents = 1};
    for (size_t i = 0; i < orders.count; i++) {
        const struct order *o = &orders.list[i];
        if (strcmp(o->id, first->id) != 0)
            continue;
        int count = 0;
        const struct sim_ending *e = ending_of(o, &count);
        sum.posted += ending_is(e, "posted");
        sum.letters += e != NULL && e->is_letter;
        sum.parked += e != NULL && e->is_parked;
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
    const struct sum sum = sum_of(o);
    if (sum.posted > 1)
        sim_fail("%s: %d results say posted", number, sum.posted);
    if (sum.posted == 1 && d == NULL)
        sim_fail("%s: posted, but Prima does not have it", number);
    if (d != NULL && sum.posted == 0 && sum.letters == 0)
        sim_fail("%s: Prima has it, and neither a result nor a letter says so", number);
    if (ledger_entries(codec, o) != sum.posted)
        sim_fail("%s: %d ledger entries, %d posted", number, ledger_entries(codec, o), sum.posted);
    if (t->sends > 1 + t->unknown && !faults_lost_unseen())
        sim_fail("%s: sent %d times with %d open outcomes", number, t->sends, t->unknown);
    if (sum.letters > 0 && sum.contents == 1 && !sum.cancels && t->unknown == 0 && t->doubts == 0 &&
        !redis_was_lost)
        sim_fail("%s: %d dead letters, and nothing went wrong with it", number, sum.letters);
}

void orders_check(struct codec *codec, bool redis_was_lost)
{
    endings_read(codec, "orders", &endings);
    for (size_t i = 0; i < orders.count; i++) {
        const struct order *o = &orders.list[i];
        int count = 0;
        const struct sim_ending *e = ending_of(o, &count);
        sim_note("orders.raw/%d/%lld (%s) ended %d times, as %s", o->partition,
                 (long long)o->offset, o->id, count, e != NULL ? e->what : "");
        if (count != 1)
            sim_fail("orders.raw/%d/%lld (%s): %d terminal records", o->partition,
                     (long long)o->offset, o->id, count);
        check_number(codec, o, redis_was_lost);
    }
    lives_check(&endings, redis_was_lost);
}
