/* See person.h. */
#include "person.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "domain/ledger/ledger_pack.h"
#include "idempotency/key_credit.h"
#include "ledger.h"
#include "orders.h"
#include "prima.h"
#include "process.h"
#include "refunds.h"
#include "server.h"
#include "stream/control.h"

enum {
    TASKS_MAX = 4,
    TRIES_MAX = 30,
    ARENA_BYTES = 1 << 20,
    TRANSACTION_MS = 2000, /* as broker.c times it out */
    TTL_MS = 3600000,
    AGAIN_MS = 500,
    LOOK_MS = 20,
    FIRST_MS = 1500,
    SIGHT_MS = 5000,
    LAST_MS = 18000
};

struct task {
    const struct order *order;
    int64_t at_ms;
    int64_t total; /* > 0: the new one; <= 0: so much more than what is taken of it */
    bool is_done;
};

static struct {
    struct codec *codec;
    struct task list[TASKS_MAX];
    size_t count;
    struct {
        const char *order;
        int64_t total, lowest;
    } known[ORDERS_MAX];
    size_t known_count;
} person;

void person_draw(struct codec *codec)
{
    person.codec = codec;
    person.count = sim_chance(400) ? 0 : (size_t)sim_between(1, TASKS_MAX);
    person.known_count = 0;
    for (size_t i = 0; i < person.count; i++) {
        struct task *t = &person.list[i];
        *t = (struct task){.order = &orders.list[sim_between(0, (int64_t)orders.count - 1)],
                           .at_ms = sim_between(500, LAST_MS)};
        const int64_t all = refunds_of_order(t->order->id);
        t->total = sim_chance(400)              ? -sim_between(0, 100)
                   : sim_chance(500) && all > 0 ? all
                                                : sim_between(100, 2000);
    }
    if (person.count > 0)
        sim_start(&sim.processes[SIM_PERSON]);
}

bool person_is_done(void)
{
    for (size_t i = 0; i < person.count; i++)
        if (!person.list[i].is_done)
            return false;
    return true;
}

/* ---- what is known of an order ---- */

static int64_t first_total(const char *order)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "S%s", order);
    const struct document *d = prima_find(number);
    return d != NULL ? SIM_TOTAL(strtoll(d->content, NULL, 10)) : 0;
}

int64_t person_total(const char *order)
{
    for (size_t i = 0; i < person.known_count; i++)
        if (strcmp(person.known[i].order, order) == 0)
            return person.known[i].total;
    return first_total(order);
}

int64_t person_lowest(const char *order)
{
    for (size_t i = 0; i < person.known_count; i++)
        if (strcmp(person.known[i].order, order) == 0)
            return person.known[i].lowest;
    return first_total(order);
}

/* From its commit on the lower one counts, from the end of the block the higher one. */
static void learn(const char *order, int64_t total, bool is_unblocked)
{
    size_t i = 0;
    while (i < person.known_count && strcmp(person.known[i].order, order) != 0)
        i++;
    if (i == person.known_count) {
        person.known[i].order = order;
        person.known[i].total = person.known[i].lowest = first_total(order);
        person.known_count++;
    }
    if (total < person.known[i].lowest)
        person.known[i].lowest = total;
    if (is_unblocked || total < person.known[i].total)
        person.known[i].total = total;
}

/* ---- one amendment ---- */

struct amendment {
    struct task *task;
    struct redis_once *redis;
    struct arena *arena;
    char key[SIM_KEY_MAX], holder[33];
    struct credit_block block;
    struct ledger_credit *reserved;
    size_t reserved_count;
    struct ledger_group group;
    int64_t began_ms, total;
    int64_t behind; /* the offset behind its entry; -1: none was written */
};

static bool connect_redis(struct amendment *a)
{
    struct redis_server server;
    char message[300];
    redis_once_close(a->redis);
    a->redis = NULL;
    return redis_once_open("", 2000, &a->redis, &server, message) == 0;
}

static void keep_reserved(struct amendment *a, const struct redis_reply *reply)
{
    const struct keys_credit credit = keys_credit(reply);
    a->reserved_count = 0;
    a->reserved = arena_alloc(a->arena, (credit.count + 1) * sizeof *a->reserved);
    if (a->reserved == NULL)
        abort();
    for (size_t i = 0; i < credit.count; i++) {
        struct keys_credit_item item;
        keys_credit_at(reply, i, &item);
        if (item.owed_by.size > 0)
            continue;
        struct ledger_credit *its = &a->reserved[a->reserved_count++];
        const char *summary = arena_text(a->arena, item.summary.data, item.summary.size);
        size_t used = 0;
        if (ledger_unpack(summary, item.summary.size, a->arena, its, &used) != 0)
            abort();
        its->currency = "EUR";
        its->key = arena_text(a->arena, item.key.data, item.key.size);
    }
}

/* False: later. */
static bool block(struct amendment *a)
{
    struct redis_reply reply;
    char message[300];
    uint8_t random[16];
    digest_random(random, sizeof random);
    (void)digest_hex(random, sizeof random, a->holder);
    a->began_ms = sim.now_ms;
    if (!connect_redis(a) ||
        keys_credit_block(a->redis, &a->block, &reply, message) != VERDICT_KNOWN)
        return false;
    keep_reserved(a, &reply);
    sim_note("a person blocks order %s, with %zu reservations", a->task->order->id,
             a->reserved_count);
    return true;
}

/* As the command does it (ops/core/amended_block.c): what was sent before Redis lost its data is known
 * to nobody until it was committed. */
static bool is_open_incident(void)
{
    struct control control = {.ends = NULL};
    char message[KAFKA_TEXT_MAX];
    const bool is_open =
        control_read(NULL, "primaflow.refunds", &control, message) < 0 || control_is_open(&control);
    control_free(&control);
    return is_open;
}

/* All that was written when it began. */
static void read_ledger(struct amendment *a)
{
    const struct log_partition *p = &broker_topic("orders.ledger")->partitions[a->block.partition];
    const int64_t end = (int64_t)p->count;
    while (broker_stable_end(p) < end)
        sim_sleep(20);
    a->group = sim_ledger_read(person.codec, a->task->order->id, a->arena);
}

/* What is taken of it, and the new entry has room for that. */
static bool has_room(struct amendment *a)
{
    struct ledger_fold fold;
    struct ledger_kept kept;
    struct ledger_entry entry = *a->group.entry;
    struct ledger_line *lines = arena_alloc(a->arena, entry.lines.count * sizeof *lines);
    if (lines == NULL)
        abort();
    memcpy(lines, entry.lines.items, entry.lines.count * sizeof *lines);
    lines[0].amount_minor = entry.total_minor = a->total;
    entry.lines.items = lines;
    return ledger_fold(&entry, a->group.records, a->group.record_count, NULL, a->arena, &fold) ==
               0 &&
           ledger_keep(&fold, a->reserved, a->reserved_count, a->arena, &kept) == 0 && !kept.is_all;
}

static int64_t taken(const struct amendment *a)
{
    int64_t sum = 0;
    for (size_t i = 0; i < a->group.record_count; i++)
        if (a->group.records[i].state != CREDIT_UNPOSTED)
            sum += a->group.records[i].amount_minor;
    for (size_t i = 0; i < a->reserved_count; i++)
        sum += a->reserved[i].amount_minor;
    return sum;
}

static void commit(struct amendment *a)
{
    const struct sim_entry entry = {
        .order = a->task->order->id, .version = a->group.entry->version + 1, .total = a->total};
    struct buf value;
    char message[300];
    broker_fence(SIM_PERSON);
    struct txn *txn = broker_txn_begin(SIM_PERSON);
    buf_init(&value, 4096);
    if (sim_entry_write(person.codec, &entry, &value) < 0)
        abort();
    const int64_t offset = broker_append(&(struct kafka_message){.topic = "orders.ledger",
                                                                 .key = a->key,
                                                                 .key_size = strlen(a->key),
                                                                 .value = value.data,
                                                                 .value_size = value.size},
                                         txn);
    buf_release(&value);
    if (keys_credit_block_again(a->redis, &a->block, message) != VERDICT_KNOWN) {
        sim_note("order %s is not blocked any more", a->task->order->id);
        if (txn->state == TXN_OPEN)
            broker_txn_end(txn, TXN_ABORTED);
        return;
    }
    sim_edge("an amendment's commit");
    sim_sleep(sim_between(0, 20));
    if (txn->state != TXN_OPEN)
        return;
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "S%s", a->task->order->id);
    broker_txn_end(txn, TXN_COMMITTED);
    a->behind = offset + 1;
    learn(a->task->order->id, a->total, false);
    prima_amend(number, a->total);
    sim_edge("an amendment's answer");
    sim_sleep(sim_between(0, 20));
}

static bool unblock(struct amendment *a)
{
    char message[300];
    for (int i = 0; i < TRIES_MAX; i++) {
        const enum verdict verdict = keys_credit_unblock(a->redis, &a->block, a->behind, message);
        if (verdict == VERDICT_RELEASED || verdict == VERDICT_LOST || verdict == VERDICT_SUSPECT)
            return true;
        while (!connect_redis(a))
            sim_sleep(AGAIN_MS);
    }
    return false;
}

static bool somebody_sleeps(void)
{
    for (int i = 0; i < sim.workers; i++)
        if (sim.processes[i].flow == 1 && sim.processes[i].paused_until_ms > sim.now_ms)
            return true;
    return false;
}

static void judge(struct amendment *a)
{
    if (sim_chance(500)) /* who sleeps wakes while it is blocked */
        while (somebody_sleeps() && sim.now_ms - a->began_ms < TRANSACTION_MS / 2)
            sim_sleep(LOOK_MS);
    sim_sleep(sim_between(0, sim_chance(700) ? 20 : 500));
    read_ledger(a);
    if (a->group.entry == NULL)
        return;
    a->total = a->task->total > 0 ? a->task->total : taken(a) - a->task->total;
    if (a->total > 0 && has_room(a))
        commit(a);
    else
        sim_note("order %s cannot come to %lld", a->task->order->id, (long long)a->total);
}

/* False: later, from the beginning. */
static bool amend(struct task *t)
{
    struct amendment a = {.task = t, .arena = arena_new(ARENA_BYTES), .behind = -1};
    if (a.arena == NULL)
        abort();
    sim_order_key(t->order->id, a.key);
    a.block = (struct credit_block){
        .prefix = "pf",
        .flow = "refunds",
        .order = a.key,
        .partition = kafka_partition_of(a.key, strlen(a.key),
                                        broker_topic("orders.ledger")->partition_count),
        .holder = a.holder,
        .lease_ms = 2 * TRANSACTION_MS,
        .ttl_ms = TTL_MS};
    const bool is_blocked = block(&a);
    const bool is_known = is_blocked && !is_open_incident();
    if (is_known)
        judge(&a);
    const bool is_released = is_blocked && unblock(&a) && is_known && a.group.entry != NULL;
    if (is_released && a.behind >= 0)
        learn(t->order->id, a.total, true);
    if (is_released)
        sim_note("a person lets go of order %s", t->order->id);
    redis_once_close(a.redis);
    arena_free(a.arena);
    return is_released;
}

/* Just then when a worker sleeps, or when it is time. */
static void wait_for(const struct task *t)
{
    while (sim.now_ms < t->at_ms && (sim.now_ms < FIRST_MS || !somebody_sleeps()))
        sim_sleep(LOOK_MS);
}

static void see_block(void *user, struct word key, struct word name, struct word value,
                      struct word marker)
{
    (void)value, (void)marker;
    if (name.size == 1 && name.data[0] == 'b')
        *(struct word *)user = key;
}

/* Redis was set back to a moment at which an order was blocked, and nobody can tell: the command is
 * run again, as whoever looks at a refund that waits is told. */
static void see_blocked(void)
{
    struct word key = {"", 0};
    store_each_field(server_store(), see_block, &key);
    for (size_t i = 0; key.size > 0 && i < orders.count; i++) {
        const char *id = orders.list[i].id;
        const size_t size = strlen(id);
        struct task again = {.order = &orders.list[i], .total = person_total(id)};
        if (key.size > size && memcmp(key.data + key.size - size, id, size) == 0) {
            (void)amend(&again);
            return;
        }
    }
}

void person_main(struct process *p)
{
    (void)p;
    for (size_t i = 0; i < person.count; i++) {
        struct task *t = &person.list[i];
        if (t->is_done)
            continue;
        wait_for(t);
        for (int tries = 0; tries < TRIES_MAX && !t->is_done; tries++) {
            t->is_done = amend(t);
            if (!t->is_done)
                sim_sleep(AGAIN_MS);
        }
        t->is_done = true;
    }
    for (;;) {
        sim_sleep(SIGHT_MS);
        see_blocked();
    }
}
