/* See refunds.h. In the end nothing is believed that a worker says: documents are the simulated
 * Prima's own, and so are their sums. */
#include "refunds.h"

#include <stdlib.h>
#include <string.h>

#include "endings.h"
#include "faults.h"
#include "flow.h"
#include "ledger.h"
#include "person.h"
#include "prima.h"
#include "server.h"

enum { WRITE_MS = 15000, VALUE_MAX = 1000, ARENA_BYTES = 1 << 20, IN_TIME_MS = 20000 };

static struct {
    struct refund list[REFUNDS_MAX];
    size_t count, written;
} refunds;
static struct codec *writer;
static struct endings endings;

/* ---- writing ---- */

static void refund_write(void *data)
{
    struct refund *r = data;
    struct log_topic *t = broker_topic("refunds.raw");
    const struct sim_refund_record event = {r->id,      r->order, r->amount,
                                            r->pending, r->takes, r->version};
    char key[SIM_KEY_MAX];
    struct buf value;
    sim_order_key(r->order, key);
    buf_init(&value, VALUE_MAX);
    if (codec_encode(writer, &sim_refund_bound, &event, &value) < 0)
        abort();
    const struct kafka_message message = {.topic = t->name,
                                          .key = key,
                                          .key_size = strlen(key),
                                          .value = value.data,
                                          .value_size = value.size};
    r->partition = kafka_partition_of(key, strlen(key), t->partition_count);
    r->offset = broker_append(&message, NULL);
    r->written_ms = sim.now_ms;
    buf_release(&value);
    refunds.written++;
    sim_note("refund %s of order %s, %lld%s%s, is refunds.raw/%d/%lld", r->id, r->order,
             (long long)r->amount, r->pending ? ", not final" : "", r->takes > 0 ? ", an edit" : "",
             r->partition, (long long)r->offset);
}

static int64_t draw_amount(void)
{
    if (sim_chance(50))
        return 0;
    if (sim_chance(100))
        return SIM_TOTAL(1);
    return sim_chance(250) ? sim_between(400, 900) : sim_between(20, 350);
}

static void draw_one(struct refund *r, size_t i)
{
    *r = (struct refund){.amount = draw_amount(), .offset = -1};
    (void)snprintf(r->id, sizeof r->id, "%zu", 5000 + i);
    const struct order *of = &orders.list[sim_between(0, (int64_t)orders.count - 1)];
    memcpy(r->order, of->id, sizeof r->order);
    if (sim_chance(150)) {
        r->amount = 0;
        r->takes = 1;
    }
    if (i == 0 || !sim_chance(200))
        return;
    const struct refund *former = &refunds.list[sim_between(0, (int64_t)i - 1)];
    *r = *former;
    r->pending = false;
    r->version = former->pending ? 2 : former->version;
    if (r->takes > 0 && sim_chance(500)) {
        r->takes++;
        r->version++;
    } else if (r->takes == 0 && sim_chance(150)) {
        r->amount++;
    }
}

void refunds_draw(struct codec *codec)
{
    refunds.count = (size_t)sim_between(4, 20);
    refunds.written = 0;
    writer = codec;
    int64_t at_ms = sim_between(0, 3000);
    for (size_t i = 0; i < refunds.count; i++) {
        struct refund *r = &refunds.list[i];
        draw_one(r, i);
        if (r->version == 0 && r->takes == 0 && sim_chance(80)) {
            r->pending = true;
            r->version = 1;
        }
        at_ms += sim_chance(600) ? sim_between(0, 10)
                                 : sim_between(0, WRITE_MS / (int64_t)refunds.count);
        sim_at(at_ms, refund_write, r);
    }
}

bool refunds_are_done(void)
{
    return refunds.written == refunds.count && person_is_done() && inputs_are_done("refunds");
}

/* ---- sums ---- */

static bool is_first_of_id(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(refunds.list[k].id, refunds.list[i].id) == 0)
            return false;
    return true;
}

static int64_t largest_of_id(const char *id)
{
    int64_t amount = 0;
    for (size_t i = 0; i < refunds.count; i++)
        if (strcmp(refunds.list[i].id, id) == 0 && refunds.list[i].amount > amount)
            amount = refunds.list[i].amount;
    return amount;
}

int64_t refunds_of_order(const char *order)
{
    int64_t sum = 0;
    for (size_t i = 0; i < refunds.count; i++)
        if (strcmp(refunds.list[i].order, order) == 0 && is_first_of_id(i))
            sum += largest_of_id(refunds.list[i].id);
    return sum;
}

static struct refund *refund_of_key(const char *key, size_t size)
{
    for (size_t i = 0; i < refunds.count; i++) {
        const size_t id = strlen(refunds.list[i].id);
        if (size > id && key[size - id - 1] == '/' &&
            memcmp(key + size - id, refunds.list[i].id, id) == 0)
            return &refunds.list[i];
    }
    return NULL;
}

void refunds_refused(const char *key, size_t size)
{
    const struct refund *r = refund_of_key(key, size);
    if (r != NULL && refunds_of_order(r->order) <= person_total(r->order))
        sim_fail("refund %s is refused for credit, and all refunds of order %s fit", r->id,
                 r->order);
}

/* ---- what is reserved, at any time ---- */

struct reserved {
    struct word natural, marker;
    bool is_there;
};

static void see_reserved(void *user, struct word key, struct word name, struct word value,
                         struct word marker)
{
    struct reserved *r = user;
    (void)key, (void)value;
    r->is_there |=
        name.size == r->natural.size && memcmp(name.data, r->natural.data, name.size) == 0 &&
        marker.size == r->marker.size && memcmp(marker.data, r->marker.data, marker.size) == 0;
}

/* What K's request says that its order owes, while it is under way. */
static void note_what_is_known(const char *natural, size_t size, struct word record)
{
    struct refund *r = refund_of_key(natural, size);
    const char *at = record.size > 0 ? memmem(record.data, record.size, "Owed=\"", 6) : NULL;
    const char *end =
        at != NULL ? memchr(at + 6, '"', record.size - (size_t)(at + 6 - record.data)) : NULL;
    if (r == NULL || record_state(record.data, record.size) == 'p')
        return;
    if (end == NULL || record_state(record.data, record.size) != 's') {
        r->reserved_ms = 0;
        return;
    }
    const size_t length = (size_t)(end - at - 6);
    if (r->reserved_ms > 0 && strlen(r->knows) == length && memcmp(r->knows, at + 6, length) == 0)
        return;
    r->reserved_ms = sim.now_ms;
    (void)snprintf(r->knows, sizeof r->knows, "%.*s", (int)length, at + 6);
}

void refunds_look(const char *key, size_t size)
{
    static const char before[] = "acme/refunds/";
    const char *natural = memmem(key, size, before, sizeof before - 1);
    if (natural == NULL)
        return;
    struct reserved r = {.natural = {natural, size - (size_t)(natural - key)},
                         .marker = store_find(server_store(), "marker:refunds")};
    const struct word record = store_find(server_store(), key);
    note_what_is_known(natural, size - (size_t)(natural - key), record);
    store_each_field(server_store(), see_reserved, &r);
    if (r.is_there && strchr("skp", record_state(record.data, record.size)) == NULL)
        sim_fail("%.*s is not sent, and something of its order is reserved", (int)size, key);
}

/* ---- one refund ---- */

struct refund_sum {
    int posted, letters, nothing, contents, pending;
    bool has_money;
};

static const struct sim_ending *ending_of(const struct refund *r, int *ret_count)
{
    char delivery[SIM_DELIVERY_MAX];
    (void)snprintf(delivery, sizeof delivery, "refunds.raw/%d/%lld", r->partition,
                   (long long)r->offset);
    return endings_find(&endings, delivery, ret_count);
}

static struct refund_sum sum_of(const struct refund *first)
{
    struct refund_sum sum = {.contents = 1};
    for (size_t i = 0; i < refunds.count; i++) {
        const struct refund *r = &refunds.list[i];
        int count = 0;
        if (strcmp(r->id, first->id) != 0)
            continue;
        const struct sim_ending *e = ending_of(r, &count);
        sum.posted += ending_is(e, "posted");
        sum.nothing += ending_is(e, "nothing_to_credit");
        sum.letters += e != NULL && e->is_letter;
        sum.pending += r->pending;
        sum.has_money |= !r->pending && r->amount > 0;
        if (r->amount != first->amount)
            sum.contents = 2;
    }
    return sum;
}

static const struct ledger_credit *own_record(const struct ledger_group *group, const char *id)
{
    for (size_t i = 0; i < group->record_count; i++)
        if (strcmp(group->records[i].refund_id, id) == 0)
            return &group->records[i];
    return NULL;
}

/* Whether another refund of its order had an outcome that was not known for a while. */
static bool others_were_in_doubt(const struct refund *r)
{
    for (size_t i = 0; i < refunds.count; i++) {
        char number[NUMBER_MAX];
        (void)snprintf(number, sizeof number, "C%s", refunds.list[i].id);
        const struct tally *t = prima_tally(number);
        if (strcmp(refunds.list[i].order, r->order) == 0 &&
            strcmp(refunds.list[i].id, r->id) != 0 && t->unknown + t->doubts > 0)
            return true;
    }
    return false;
}

static bool has_open(const struct ledger_group *group)
{
    for (size_t i = 0; i < group->record_count; i++)
        if (group->records[i].state == CREDIT_OPEN)
            return true;
    return false;
}

/* Dead letters of one with which nothing went wrong: what each says must be so. */
static bool is_justified(const struct refund *r, const char *code, const struct ledger_group *group)
{
    const int64_t entered_ms = sim_entry_ms(r->order);
    if (strcmp(code, "refund_exceeds_creditable") == 0)
        return refunds_of_order(r->order) > person_lowest(r->order);
    if (strcmp(code, "refund_order_missing") == 0)
        return entered_ms < 0 || entered_ms > r->written_ms + IN_TIME_MS;
    if (strcmp(code, "refund_waits_for_refund") == 0)
        return has_open(group) || others_were_in_doubt(r);
    return strcmp(code, "refund_money_pending") == 0 && r->pending;
}

static void check_note(const struct refund *r, const struct ledger_group *group)
{
    char number[NUMBER_MAX], order[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "C%s", r->id);
    (void)snprintf(order, sizeof order, "S%s", r->order);
    const struct document *d = prima_find(number);
    const struct refund_sum sum = sum_of(r);
    const struct ledger_credit *own = own_record(group, r->id);
    if (sum.posted > 1)
        sim_fail("%s: %d results say posted", number, sum.posted);
    if (sum.posted == 1 && d == NULL)
        sim_fail("%s: posted, but Prima does not have it", number);
    if (d != NULL && sum.posted == 0 && sum.letters == 0)
        sim_fail("%s: Prima has it, and neither a result nor a letter says so", number);
    if (sum.posted == 1 &&
        (own == NULL || own->state != CREDIT_CREDITED || own->amount_minor != d->total))
        sim_fail("%s: posted, and not so in the ledger", number);
    if (d != NULL && own == NULL)
        sim_fail("%s: Prima has it, and the ledger knows nothing of it", number);
    if (sum.nothing > 0 && prima_find(order) != NULL)
        sim_fail("%s: nothing to credit, but its order is posted", number);
    if (sum.has_money && sum.posted + sum.letters + sum.nothing == 0)
        sim_fail("%s: its money went back, and nothing says what became of it", number);
}

static bool names(const char *ids, const char *id)
{
    const char *at = strstr(ids, id);
    return at != NULL && at[strlen(id)] == ' ';
}

/* What an edit has left owed is known to whoever reserves behind its end. Of who was parked nobody knows
 * when it reserved. */
static void check_knowledge(const struct refund *r)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "C%s", r->id);
    for (size_t i = 0; i < refunds.count && r->reserved_ms > 0 && prima_find(number) != NULL; i++) {
        const struct refund *edit = &refunds.list[i];
        int count = 0;
        const struct sim_ending *e = ending_of(edit, &count);
        if (edit->takes > 0 && strcmp(edit->order, r->order) == 0 && ending_is(e, "no_money") &&
            e->ms < r->reserved_ms && !names(r->knows, edit->id))
            sim_fail("refund %s was reserved at %lld, and knew of edits %s, not of %s, which ended "
                     "at %lld",
                     r->id, (long long)r->reserved_ms, r->knows, edit->id, (long long)e->ms);
    }
}

static void check_letter(const struct refund *r, const struct sim_ending *e,
                         const struct ledger_group *group, bool redis_was_lost)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "C%s", r->id);
    const struct tally *t = prima_tally(number);
    if (e->is_letter && sum_of(r).contents == 1 && t->unknown == 0 && t->doubts == 0 &&
        !redis_was_lost && !is_justified(r, e->what, group))
        sim_fail("refund %s: dead letter %s, and nothing went wrong with it", r->id, e->what);
}

static void check_refund(struct codec *codec, const struct refund *r, bool redis_was_lost)
{
    int count = 0;
    const struct sim_ending *e = ending_of(r, &count);
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        abort();
    const struct ledger_group group = sim_ledger_read(codec, r->order, arena);
    sim_note("refunds.raw/%d/%lld (%s) ended %d times, as %s", r->partition, (long long)r->offset,
             r->id, count, e != NULL ? e->what : "");
    if (count != 1)
        sim_fail("refunds.raw/%d/%lld (%s): %d terminal records", r->partition,
                 (long long)r->offset, r->id, count);
    check_note(r, &group);
    if (!faults_lost_unseen())
        check_knowledge(r);
    if (e != NULL)
        check_letter(r, e, &group, redis_was_lost);
    arena_free(arena);
}

/* ---- reservations ---- */

struct leftovers {
    struct codec *codec;
    struct word marker;
    bool died; /* somebody may have died between a commit and what is told Redis behind it */
};

static bool is_in_ledger(struct codec *codec, const struct refund *r)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        abort();
    const struct ledger_group group = sim_ledger_read(codec, r->order, arena);
    const bool is_there = own_record(&group, r->id) != NULL;
    arena_free(arena);
    return is_there;
}

/* Of an order nothing is reserved any more, but what the ledger has as well, where whoever wrote that
 * did not live to say so. */
static void see_field(void *user, struct word key, struct word name, struct word value,
                      struct word first)
{
    const struct leftovers *l = user;
    (void)value;
    if (memmem(key.data, key.size, ":o:", 3) == NULL || first.size != l->marker.size ||
        memcmp(first.data, l->marker.data, first.size) != 0)
        return;
    if (name.size == 1 && name.data[0] == 'b')
        sim_fail("Redis at rest: %.*s is blocked", (int)key.size, key.data);
    const struct refund *r = name.size > 1 ? refund_of_key(name.data, name.size) : NULL;
    if (r != NULL && (!l->died || !is_in_ledger(l->codec, r)))
        sim_fail("Redis at rest: refund %s still has something of its order reserved", r->id);
}

static void check_reservations(struct codec *codec)
{
    struct leftovers l = {.codec = codec, .marker = store_find(server_store(), "marker:refunds")};
    for (int i = 0; i < sim.workers; i++)
        l.died |= sim.processes[i].starts > 1;
    if (!faults_lost_unseen())
        store_each_field(server_store(), see_field, &l);
}

void refunds_check(struct codec *codec, bool redis_was_lost)
{
    endings_read(codec, "refunds", &endings);
    for (size_t i = 0; i < refunds.count; i++)
        check_refund(codec, &refunds.list[i], redis_was_lost);
    check_reservations(codec);
}
