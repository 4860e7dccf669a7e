/* What remains creditable of an order, as a fact: what is waited for, and what is put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec_support.h"
#include "domain/ledger/ledger_fold.h"
#include "facts/credit.h"
#include "posting/posting.h"
#include "table/ktable.h"
#include "test_credit_support.h"

enum { PARTITION = 2, RECORDS_MAX = 4 };

static struct {
    struct worker worker;
    struct stream stream;
    struct posting posting;
    struct record record;
    struct fact fact;
    struct redis_done_call {
        redis_done done;
        void *user;
    } look;
    struct ktable_find_call {
        ktable_found found;
        void *user;
        char group[40];
    } find;
    int64_t waits_ms; /* the last wait; -1: none */
    int nexts;
    int64_t read_to;
    bool is_restored;
    int follows;
    struct buf values[RECORDS_MAX];
    struct ktable_record records[RECORDS_MAX];
    size_t count;
} world;

/* ---- around it ---- */

void __wrap_facts_next(struct record *r);
void __wrap_facts_next(struct record *r)
{
    assert_ptr_equal(r, &world.record);
    world.nexts++;
}

void __wrap_facts_wait_here(struct record *r, int64_t ms);
void __wrap_facts_wait_here(struct record *r, int64_t ms)
{
    assert_ptr_equal(r, &world.record);
    world.waits_ms = ms;
}

void __wrap_keys_credit_look(struct keyspace *ks, const char *order, int32_t partition,
                             redis_done done, void *user);
void __wrap_keys_credit_look(struct keyspace *ks, const char *order, int32_t partition,
                             redis_done done, void *user)
{
    assert_ptr_equal(ks, &world.worker.keys);
    assert_string_equal(order, "01/shopify/uk/1");
    assert_int_equal(partition, PARTITION);
    world.look = (struct redis_done_call){done, user};
}

void __wrap_ktable_find(struct ktable *t, int32_t partition, const char *group, ktable_found found,
                        void *user);
void __wrap_ktable_find(struct ktable *t, int32_t partition, const char *group, ktable_found found,
                        void *user)
{
    (void)t;
    assert_int_equal(partition, PARTITION);
    world.find = (struct ktable_find_call){.found = found, .user = user};
    (void)snprintf(world.find.group, sizeof world.find.group, "%s", group);
}

int64_t __wrap_ktable_read_to(const struct ktable *t, int32_t partition);
int64_t __wrap_ktable_read_to(const struct ktable *t, int32_t partition)
{
    (void)t, (void)partition;
    return world.read_to;
}

bool __wrap_ktable_is_restored(const struct ktable *t, int32_t partition);
bool __wrap_ktable_is_restored(const struct ktable *t, int32_t partition)
{
    (void)t, (void)partition;
    return world.is_restored;
}

void __wrap_ktable_follow(struct ktable *t, int32_t partition);
void __wrap_ktable_follow(struct ktable *t, int32_t partition)
{
    (void)t;
    assert_int_equal(partition, PARTITION);
    world.follows++;
}

/* A summary is a number of shoes, or none that anybody knows. */
static int takes(const char *summary, size_t size, struct arena *arena, struct ledger_credit *ret)
{
    if (size != 1 || summary[0] < '1' || summary[0] > '3')
        return -EBADMSG;
    struct ledger_credit *record = a_record(arena, "other", CREDIT_OPEN);
    if (summary[0] == '3') { /* units without money */
        record->state = CREDIT_OWED;
        take_away(arena, record, 1, 3);
        *ret = *record;
        return 0;
    }
    (void)take_of(arena, record, CREDIT_AT_LINE, 1, summary[0] - '0', (summary[0] - '0') * 1000,
                  200000, (summary[0] - '0') * 1000 / 6);
    *ret = *record;
    return 0;
}

static const struct flow_ledger ledger = {.topic = "orders.ledger", .takes = takes};
static const struct flow refunds = {.name = "refunds", .ledger = &ledger};

static void begin(void)
{
    char message[300];
    memset(&world, 0, sizeof world);
    world.waits_ms = -1;
    world.read_to = 10;
    world.is_restored = true;
    world.stream.ledger_partitions = 4;
    world.worker.stream = &world.stream;
    world.worker.posting = &world.posting;
    world.worker.flow = &refunds;
    world.worker.codec = codec_test_open("schemas");
    assert_int_equal(codec_check(world.worker.codec, &ledger_entry_record, message), 0);
    assert_int_equal(codec_check(world.worker.codec, &ledger_credit_record, message), 0);
    world.fact = (struct fact){.kind = FACT_CREDIT};
    struct record *r = &world.record;
    r->worker = &world.worker;
    r->arena = arena_new(RECORD_ARENA_MAX);
    r->key.natural = "01/refunds/shopify/uk/R1";
    r->key.kafka = "01/shopify/uk/1";
    r->lineage.delivery = "refunds.raw/0/1";
    r->credit = (struct key_credit){
        .order = r->key.kafka, .partition = PARTITION, .stamp = "", .read_to = -1};
    r->claim.facts = &world.fact;
    r->claim.fact_count = 1;
}

static void end(void)
{
    assert_int_equal(world.record.held, 0);
    for (size_t i = 0; i < world.count; i++)
        buf_release(&world.values[i]);
    free(world.posting.table_also);
    arena_free(world.record.arena);
    codec_close(world.worker.codec);
}

/* ---- answers ---- */

/* What Redis has: a position, a stamp, and reservations as "K=summary" one behind the other. */
static void says(const char *verdict, int64_t position, const char *stamp, bool is_blocked,
                 const char *keys[], const char *summaries[])
{
    char rows[400] = "", bytes[400] = "";
    int64_t count = 0;
    for (; keys != NULL && keys[count] != NULL; count++) {
        (void)snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%10zu%6zu%10zu%20d",
                       strlen(bytes), strlen(keys[count]), strlen(summaries[count]), 7);
        (void)snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "%s%s", keys[count],
                       summaries[count]);
    }
    char text[800];
    (void)snprintf(text, sizeof text, "%s%s", rows, bytes);
    struct redis_reply reply = {.count = 6};
    reply.items[0] = (struct redis_item){.text = verdict, .size = strlen(verdict)};
    reply.items[1] = (struct redis_item){.number = position};
    reply.items[2] = (struct redis_item){.text = stamp, .size = strlen(stamp)};
    reply.items[3] = (struct redis_item){.number = is_blocked};
    reply.items[4] = (struct redis_item){.number = count};
    reply.items[5] = (struct redis_item){.text = text, .size = strlen(text)};
    const struct redis_done_call call = world.look;
    world.look = (struct redis_done_call){NULL, NULL};
    if (call.done != NULL)
        call.done(call.user, &reply);
    else
        credit_source.hear(&world.record, &reply);
}

static void looked(int64_t position, const char *stamp, bool is_blocked, const char *keys[],
                   const char *summaries[])
{
    assert_non_null(world.look.done);
    says("known", position, stamp, is_blocked, keys, summaries);
}

/* With the claim. */
static void heard(int64_t position, const char *stamp, bool is_blocked, const char *keys[],
                  const char *summaries[])
{
    assert_null(world.look.done);
    says("claimed", position, stamp, is_blocked, keys, summaries);
}

static void answered(enum ktable_how how, int64_t read_to)
{
    const struct ktable_find_call call = world.find;
    world.find = (struct ktable_find_call){.found = NULL};
    assert_non_null(call.found);
    call.found(call.user, &(struct ktable_answer){.how = how,
                                                  .records = world.records,
                                                  .count = world.count,
                                                  .read_to = read_to,
                                                  .why = ""});
}

static void has(const char *key, const struct bound_record *as, const void *value)
{
    struct buf *bytes = &world.values[world.count];
    buf_init(bytes, 1 << 20);
    assert_int_equal(codec_encode(world.worker.codec, as, value, bytes), 0);
    world.records[world.count] =
        (struct ktable_record){key, bytes->data, strlen(key), bytes->size, (int64_t)world.count};
    world.count++;
}

static void has_entry(void)
{
    struct ledger_entry *e = an_entry(world.record.arena);
    e->company = "01";
    e->channel = "shopify";
    e->store = "uk";
    e->order_id = "1";
    e->order_number = e->document = "2011";
    e->identity = e->goods = e->payment = "";
    e->order_date = "2026-11-23";
    has("01/shopify/uk/1", &ledger_entry_record, e);
}

static void ask(void)
{
    assert_true(credit_source.find(&world.record));
}

/* ---- cases ---- */

static void test_what_is_waited_for(void **state)
{
    (void)state;
    begin();
    world.is_restored = false;
    ask();
    assert_int_equal(world.waits_ms, 50); /* not even Redis is asked */
    assert_null(world.look.done);
    world.is_restored = true;
    ask();
    looked(-1, "", false, NULL, NULL); /* nobody has said how far a table must be */
    assert_int_equal(world.waits_ms, 50);
    assert_null(world.find.found);
    ask();
    looked(11, "", false, NULL, NULL); /* one offset more than was read */
    assert_int_equal(world.waits_ms, 50);
    world.waits_ms = -1;
    ask();
    assert_null(world.look.done); /* the table comes first */
    assert_int_equal(world.waits_ms, 50);
    world.read_to = 11;
    ask();
    looked(11, "", true, NULL, NULL); /* a person amends the order */
    assert_int_equal(world.waits_ms, 500);
    ask();
    looked(11, "", false, NULL, NULL);
    answered(KTABLE_AWAY, -1);
    assert_int_equal(world.waits_ms, 1000);
    ask();
    looked(11, "", false, NULL, NULL);
    answered(KTABLE_FOUND, 10); /* it began anew in between */
    assert_int_equal(world.waits_ms, 50);
    assert_int_equal(world.nexts, 0);
    assert_int_equal(world.fact.state, FACT_UNASKED);
    end();
}

static void test_what_is_put_together(void **state)
{
    (void)state;
    const char *keys[] = {"01/refunds/shopify/uk/other", "01/refunds/shopify/uk/R1", NULL},
               *summaries[] = {"1", "3"};
    begin();
    has_entry();
    struct ledger_credit *credited = a_record(world.record.arena, "earlier", CREDIT_CREDITED);
    (void)take_of(world.record.arena, credited, CREDIT_AT_LINE, 1, 1, 1000, 200000, 167);
    has("01/shopify/uk/1/earlier", &ledger_credit_record, credited);
    ask();
    looked(10, "77", false, keys, summaries);
    assert_string_equal(world.find.group, "01/shopify/uk/1");
    answered(KTABLE_FOUND, 12);
    assert_int_equal(world.nexts, 1);
    assert_int_equal(world.fact.state, FACT_KNOWN);
    assert_string_equal(world.record.credit.stamp, "77");
    assert_int_equal(world.record.credit.read_to, 12);
    assert_int_equal(world.fact.credit->entry->lines.items[0].credited_quantity, 1);
    assert_int_equal(world.fact.kept->count, 1); /* the other's; its own is decided anew */
    assert_int_equal(world.fact.kept->credits[0].parts[0].quantity, 1);
    end();
}

/* The claim's answer says what a look would; what may not be decided on is looked at in its time. */
static void test_what_the_claim_says(void **state)
{
    (void)state;
    const char *keys[] = {"01/refunds/shopify/uk/other", NULL}, *summaries[] = {"1"};
    begin();
    has_entry();
    heard(10, "77", false, keys, summaries);
    assert_null(world.find.found); /* nobody has asked for it yet */
    ask();
    assert_null(world.look.done);
    answered(KTABLE_FOUND, 12);
    assert_int_equal(world.fact.state, FACT_KNOWN);
    assert_string_equal(world.record.credit.stamp, "77");
    assert_int_equal(world.fact.kept->count, 1);
    world.fact = (struct fact){.kind = FACT_CREDIT};
    ask();
    assert_non_null(world.look.done); /* once: what comes later is asked */
    looked(10, "", false, NULL, NULL);
    answered(KTABLE_FOUND, 12);
    static const struct {
        int64_t position;
        bool is_blocked;
    } rows[] = {{-1, false}, {11, false}, {10, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world.fact = (struct fact){.kind = FACT_CREDIT};
        world.record.claim.credit = NULL;
        heard(rows[i].position, "", rows[i].is_blocked, NULL, NULL);
        world.read_to = 11;
        ask();
        assert_non_null(world.look.done);
        world.look.done = NULL;
        world.record.held--; /* the look's */
        world.read_to = 10;
    }
    struct redis_reply bare = {.count = 1};
    bare.items[0] = (struct redis_item){.text = "claimed", .size = 7};
    world.record.claim.credit = NULL;
    credit_source.hear(&world.record, &bare); /* the order's value is none of ours */
    assert_null(world.record.claim.credit);
    end();
}

/* What an edit left owed: told, waited for when the flow asks, and no news once the table has it. */
static void test_what_is_owed(void **state)
{
    (void)state;
    const char *keys[] = {"~01/refunds/shopify/uk/e1", NULL}, *summaries[] = {"in.raw/0/8 7 3"};
    begin();
    world.record.lineage.delivery = "in.raw/0/9";
    has_entry();
    ask();
    looked(10, "77", false, keys, summaries);
    answered(KTABLE_FOUND, 10);
    assert_int_equal(world.fact.state, FACT_KNOWN);
    assert_true(world.fact.kept->is_unread && !world.fact.kept->is_own_unread);
    assert_int_equal(world.fact.kept->count, 0); /* no credit is kept for it */

    world.fact = (struct fact){.kind = FACT_CREDIT, .reads_owed = true};
    ask();
    looked(10, "77", false, keys, summaries);
    answered(KTABLE_FOUND, 10);
    assert_int_equal(world.fact.state, FACT_UNASKED);
    assert_int_equal(world.waits_ms, 50);
    struct ledger_credit *owed = a_record(world.record.arena, "e1", CREDIT_OWED);
    take_away(world.record.arena, owed, 1, 3);
    has("01/shopify/uk/1/e1", &ledger_credit_record, owed);
    ask();
    looked(10, "77", false, keys, summaries); /* whoever wrote it could not take the mark off */
    answered(KTABLE_FOUND, 11);
    assert_int_equal(world.fact.state, FACT_KNOWN);
    assert_false(world.fact.kept->is_unread);

    const char *own[] = {"~01/refunds/shopify/uk/R1", NULL};
    world.fact = (struct fact){.kind = FACT_CREDIT};
    ask();
    looked(10, "77", false, own, summaries);
    answered(KTABLE_FOUND, 11);
    assert_true(world.fact.kept->is_own_unread);
    world.record.lineage.delivery = "in.raw/0/8"; /* this very delivery, before it was given up */
    world.fact = (struct fact){.kind = FACT_CREDIT};
    ask();
    looked(10, "77", false, own, summaries);
    answered(KTABLE_FOUND, 11);
    assert_false(world.fact.kept->is_own_unread);
    end();
}

static void test_an_order_that_nobody_has(void **state)
{
    (void)state;
    begin();
    ask();
    looked(0, "", false, NULL, NULL);
    answered(KTABLE_FOUND, 10);
    assert_int_equal(world.fact.state, FACT_KNOWN);
    assert_null(world.fact.credit->entry);
    assert_int_equal(world.fact.kept->count, 0);
    end();
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    const char *keys[] = {"01/refunds/shopify/uk/other", NULL}, *summaries[] = {"?"};
    begin();
    ask();
    looked(10, "77", false, keys, summaries); /* a later release's reservation */
    assert_int_equal(world.waits_ms, 1000);
    assert_null(world.find.found);
    has_entry();
    ((char *)world.values[0].data)[world.values[0].size - 1] = 0x7f;
    world.records[0].value_size -= 20;
    ask();
    looked(10, "", false, NULL, NULL);
    answered(KTABLE_FOUND, 10);
    assert_int_equal(world.nexts, 1);
    assert_int_equal(world.fact.state, FACT_UNCERTAIN);
    end();
}

static void test_a_partition_that_is_no_inputs(void **state)
{
    (void)state;
    begin();
    world.read_to = -1;
    world.is_restored = false;
    ask();
    ask();
    assert_int_equal(world.follows, 1); /* once, whoever comes */
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_waited_for),
        cmocka_unit_test(test_what_is_put_together),
        cmocka_unit_test(test_what_the_claim_says),
        cmocka_unit_test(test_what_is_owed),
        cmocka_unit_test(test_an_order_that_nobody_has),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_a_partition_that_is_no_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
