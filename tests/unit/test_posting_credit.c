/* A record of a flow with a ledger: nothing is taken while a loss of Redis is unresolved, and what was
 * taken is told once its ledger record stands. */
#include "test_posting_world.h"

#include <stdlib.h>
#include <string.h>

#include "posting/credit.h"

void __wrap_keys_credit_done(struct keyspace *ks, const char *order, int32_t where,
                             const char *natural, int64_t number, const char *owed_by,
                             int64_t behind, const struct keys_told *told, redis_done done,
                             void *user);
void __wrap_keys_credit_done(struct keyspace *ks, const char *order, int32_t where,
                             const char *natural, int64_t number, const char *owed_by,
                             int64_t behind, const struct keys_told *told, redis_done done,
                             void *user)
{
    (void)ks, (void)done, (void)user;
    note("done:%s/%d:%s:%s%lld:%lld%s%s%s%.*s", order, where, natural,
         owed_by != NULL ? owed_by : "", (long long)number, (long long)behind,
         told != NULL ? ":" : "", told != NULL ? told->delivery : "", told != NULL ? "=" : "",
         told != NULL ? (int)told->summary.size : 0, told != NULL ? told->summary.data : "");
}

void __wrap_keys_release_owing(struct keyspace *ks, const struct key_work *w,
                               struct redis_bytes summary, redis_done done, void *user);
void __wrap_keys_release_owing(struct keyspace *ks, const struct key_work *w,
                               struct redis_bytes summary, redis_done done, void *user)
{
    (void)ks, (void)w;
    note("owes:%.*s", (int)summary.size, summary.data);
    asked_redis(done, user);
}

static struct flow refunds;

static int keeps(const char *summary, size_t size, struct arena *arena, const char **ret_bytes,
                 size_t *ret_size)
{
    (void)summary, (void)size, (void)arena;
    *ret_bytes = "kept";
    *ret_size = 4;
    return 0;
}

static const struct flow_ledger ledger = {.topic = "orders.ledger", .keeps = keeps};

/* A result, and what it takes under a key of its own; of a letter only that. */
static int write_outputs(struct codec *codec, const struct flow_settlement *s, const void *event,
                         const void *rules, struct arena *arena, struct flow_outputs *outputs)
{
    (void)codec, (void)event, (void)rules, (void)arena;
    if (!s->is_dead_letter) {
        buf_text(outputs->value, outcome_name(s->outcome));
        outputs->put(outputs, 0, NULL);
    }
    buf_text(outputs->value, s->summary != NULL ? "some" : "all");
    outputs->put(outputs, 1, "01/shop/uk/1/R1");
    return 0;
}

static struct record *begin(void)
{
    begin_world();
    refunds = *worker.flow;
    refunds.ledger = &ledger;
    refunds.outputs[1] = (struct flow_output){"orders.ledger", "L", "ledger record", false};
    refunds.write_outputs = write_outputs;
    worker.flow = &refunds;
    stream.ledger_partitions = 8;
    (void)snprintf(stream.outputs.written[1], sizeof stream.outputs.written[1], "orders.ledger");
    plan = PLAN_SENDS;
    struct record *r = decoded(false, false);
    credit_begin(r);
    return r;
}

static void go(struct record *r)
{
    record_transition(r, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
        continue;
}

static void commit(struct record *r)
{
    struct batch batch = {.messages = NULL};
    assert_int_equal(posting_engine.collect(&partition, 1, &batch).count, 1);
    for (size_t i = 0; i < batch.count; i++) /* as the producer does */
        *batch.messages[i]->ret_offset = 40 + (int64_t)i;
    assert_ptr_equal(backlog_of(&partition)->first, r);
    posting_engine.committed(&partition, 1);
    free(batch.messages);
}

static void test_it_is_told_when_it_stands(void **state)
{
    (void)state;
    struct record *r = begin();
    script = "claimed;sent 1;ok;finished 5 33";
    go(r);
    assert_int_equal(r->state, SETTLED);
    const struct kafka_message *taken = &r->out.list[1].message;
    assert_string_equal(taken->topic, "orders.ledger");
    assert_memory_equal(taken->key, "01/shop/uk/1/R1", 15);
    assert_int_equal(taken->place_key_size, 12); /* it stands where its order does */
    assert_memory_equal(taken->place_key, "01/shop/uk/1", 12);
    assert_null(r->out.list[0].message.place_key);
    char wanted[200];
    (void)snprintf(wanted, sizeof wanted,
                   "claim sent:R1 post:R1 finish:ok "
                   "done:01/shop/uk/1/%d:01/orders/shop/uk/1:33:42:orders.raw/0/77=kept",
                   credit_partition(r));
    commit(r);
    assert_string_equal(trace, wanted);
    end_world();
}

/* What it may have taken stays kept: by the ledger, from when its record stands. */
static void test_a_parked_one_keeps_it(void **state)
{
    (void)state;
    struct record *r = begin();
    script = "parked 1 outcome_unknown - S 0 1;missing;released";
    go(r);
    assert_int_equal(r->state, SETTLED);
    assert_int_equal(r->out.count, 2);
    assert_memory_equal(r->out.list[1].message.value, "some", 4);
    commit(r);
    assert_non_null(strstr(trace, "done:01/shop/uk/1/"));
    assert_non_null(strstr(trace, ":01/orders/shop/uk/1:0:42")); /* the position rises, no more */
    end_world();
    r = begin(); /* by this one: the ledger's record takes the reservation's place */
    script = "claimed;sent 1;exists;parked 44";
    go(r);
    assert_int_equal(r->state, SETTLED);
    commit(r);
    assert_non_null(strstr(trace, ":44:42"));
    end_world();
}

/* What would have been sent today is not what was sent before Redis was lost. */
static void test_found_before_anything_was_sent(void **state)
{
    (void)state;
    struct record *r = begin();
    r->lineage.resolve_first = RESOLVE_FIRST_AFTER_OLD_LOSS;
    script = "claimed;found;parked";
    go(r);
    assert_int_equal(r->state, SETTLED);
    assert_int_equal(r->end.code, PF_E_exists_unproven);
    assert_memory_equal(r->out.list[1].message.value, "all", 3);
    end_world();
}

static void test_while_a_loss_is_unresolved(void **state)
{
    (void)state;
    struct record *r = begin();
    stream.trust.is_suspect = true;
    script = "claimed;deferred;released";
    go(r);
    assert_int_equal(r->state, SETTLED);
    assert_string_equal(trace, "claim defer release"); /* and not sent */
    end_world();
    r = begin(); /* what may have been sent before is asked for first */
    stream.trust.is_suspect = true;
    r->lineage.resolve_first = RESOLVE_FIRST_AFTER_OLD_LOSS;
    script = "claimed;found;parked";
    go(r);
    assert_string_equal(trace, "claim ask park:exists_unproven");
    end_world();
}

/* A reservation that Redis lost is no more: the stored request is decided anew, not sent again. */
static void test_taken_over_from_before_a_loss(void **state)
{
    (void)state;
    struct record *r = begin();
    script = "takeover 1 - R0 S 2 0 1 1 -;missing;renewed 0 -;missing;absent 0 0;sent 1";
    go(r);
    assert_int_equal(decisions, 1);
    assert_non_null(strstr(trace, "absent:anew sent:R1"));
    end_world();
}

/* What remains of the order is found out once more; what Prima said of it stays. */
static void test_what_is_forgotten(void **state)
{
    (void)state;
    struct record *r = begin();
    struct fact facts[] = {{.kind = FACT_CREDIT, .state = FACT_KNOWN},
                           {.kind = FACT_STATUS, .state = FACT_KNOWN, .status = "Despatched"}};
    r->claim.facts = facts;
    r->claim.fact_count = 2;
    r->credit.stamp = "7";
    r->credit.read_to = 9;
    credit_forget(r);
    assert_int_equal(facts[0].state, FACT_UNASKED);
    assert_int_equal(facts[1].state, FACT_KNOWN);
    assert_string_equal(facts[1].status, "Despatched");
    assert_string_equal(r->credit.stamp, "");
    assert_int_equal(r->credit.read_to, -1);
    end_world();
}

static int owes(struct fact *facts, size_t fact_count, struct arena *arena, struct flow_plan *ret)
{
    (void)facts, (void)fact_count, (void)arena;
    *ret = (struct flow_plan){.verdict = FLOW_SETTLES,
                              .outcome = OUTCOME_NO_MONEY,
                              .owes = true,
                              .summary = "units",
                              .summary_size = 5};
    return 0;
}

/* Its order is marked in the step that ends it; the mark goes when the ledger has its record. */
static void test_it_leaves_something_owed(void **state)
{
    (void)state;
    struct record *r = begin();
    more_plans = owes;
    script = "claimed;moved;released";
    go(r);
    assert_int_equal(decisions, 2); /* the first time by a table that lagged */
    assert_int_equal(r->state, SETTLED);
    assert_int_equal(r->out.count, 2);
    char wanted[200];
    (void)snprintf(wanted, sizeof wanted,
                   "claim owes:units owes:units "
                   "done:01/shop/uk/1/%d:01/orders/shop/uk/1:orders.raw/0/770:42",
                   credit_partition(r));
    commit(r); /* the record is gone behind it */
    assert_string_equal(trace, wanted);
    end_world();
    r = begin(); /* a shadow changes nothing of what others decide on */
    more_plans = owes;
    worker.shadow = true;
    script = "claimed;released";
    go(r);
    assert_string_equal(trace, "claim release:ends");
    worker.shadow = false;
    more_plans = NULL;
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_told_when_it_stands),
        cmocka_unit_test(test_a_parked_one_keeps_it),
        cmocka_unit_test(test_found_before_anything_was_sent),
        cmocka_unit_test(test_while_a_loss_is_unresolved),
        cmocka_unit_test(test_taken_over_from_before_a_loss),
        cmocka_unit_test(test_what_is_forgotten),
        cmocka_unit_test(test_it_leaves_something_owed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
