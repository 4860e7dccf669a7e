/* A record's part in the ledger; see credit.h. */
#include "posting/credit.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "obs/log.h"
#include "posting/posting.h"

/* Beside a settled record, whose own texts are gone. */
struct credit_taken {
    int64_t
        number; /* of the reservation that its note has made real; 0: it keeps one, or has none */
    int32_t partition;
    const char *natural;
    const char *owed_by;   /* the delivery, of what it left owed; NULL: it took credit */
    struct keys_told told; /* delivery "": its key stays as it is */
    char order[];          /* and behind it the other texts, and the summary's bytes */
};

void credit_begin(struct record *r)
{
    const struct worker *w = r->worker;
    if (w->flow->ledger == NULL)
        return;
    r->credit = (struct key_credit){
        .order = r->key.kafka,
        .order_natural = r->key.lane != NULL ? r->key.lane : "",
        .partition =
            kafka_partition_of(r->key.kafka, strlen(r->key.kafka), w->stream->ledger_partitions),
        .stamp = "",
        .read_to = -1,
    };
    r->work.credit = &r->credit;
}

int32_t credit_partition(const struct record *r)
{
    return r->credit.partition;
}

void credit_forget(struct record *r)
{
    r->credit.stamp = "";
    r->credit.read_to = -1;
    r->claim.credit = NULL;
    r->claim.leaves_owed = false;
    for (size_t i = 0; i < r->claim.fact_count; i++)
        if (r->claim.facts[i].kind == FACT_CREDIT)
            r->claim.facts[i] = (struct fact){.kind = FACT_CREDIT};
}

bool credit_must_wait(const struct record *r)
{
    const struct worker *w = r->worker;
    return w->flow->ledger != NULL && w->stream->trust.is_suspect &&
           !mutant("suspect_reserves_nothing");
}

/* The message that tells the ledger; NULL: there is none. */
static const struct outgoing *ledger_message(const struct record *r)
{
    const struct worker *w = r->worker;
    for (size_t k = 0; k < r->out.count; k++)
        for (size_t i = 0; i < FLOW_OUTPUTS_MAX && w->flow->outputs[i].name != NULL; i++)
            if (r->out.list[k].message.topic == w->stream->outputs.written[i] &&
                strcmp(w->flow->outputs[i].name, w->flow->ledger->topic) == 0)
                return &r->out.list[k];
    return NULL;
}

static bool has_result(const struct record *r)
{
    for (size_t k = 0; k < r->out.count; k++)
        if (r->out.list[k].message.topic == r->worker->stream->outputs.written[OUTPUT_RESULTS])
            return true;
    return false;
}

/* What is kept says of an edited event what all of it said. */
static struct redis_bytes credit_seal_again(struct record *r, struct redis_bytes kept,
                                            struct redis_bytes whole, size_t flow_size)
{
    const size_t seal = whole.size - flow_size;
    char *both = seal > 0 ? arena_alloc(r->arena, kept.size + seal) : NULL;
    if (both == NULL)
        return kept;
    memcpy(both, kept.data, kept.size);
    memcpy(both + kept.size, whole.data + flow_size, seal);
    return (struct redis_bytes){both, kept.size + seal};
}

/* What its key keeps once it is committed. Of a dead letter whose document may exist, all of it. */
static struct keys_told keeps_of(struct record *r)
{
    const struct flow_ledger *ledger = r->worker->flow->ledger;
    const struct redis_bytes summary = r->decision.summary;
    const size_t size = overlay_seal_open(summary.data, summary.size, NULL);
    struct keys_told told = {.delivery = ""};
    if (r->end.outcome == OUTCOME_POSTED && has_result(r) &&
        ledger->keeps(summary.data, size, r->arena, &told.summary.data, &told.summary.size) == 0) {
        told.delivery = r->lineage.delivery;
        told.summary = credit_seal_again(r, told.summary, summary, size);
    }
    return told;
}

static char *put(char *to, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(to, bytes, size);
    return to + size;
}

void credit_settled(struct record *r)
{
    const bool is_owed = r->claim.leaves_owed;
    if (r->worker->flow->ledger == NULL || r->work.credit == NULL ||
        (ledger_message(r) == NULL && !is_owed))
        return;
    const struct keys_told told = keeps_of(r);
    const char *owed_by = is_owed ? r->lineage.delivery : "";
    const size_t order = strlen(r->credit.order) + 1, natural = strlen(r->key.natural) + 1,
                 delivery = strlen(told.delivery) + 1, owed = strlen(owed_by) + 1;
    struct credit_taken *taken =
        malloc(sizeof *taken + order + natural + delivery + owed + told.summary.size);
    if (taken == NULL)
        abort();
    *taken = (struct credit_taken){.number = r->claim.reserved, .partition = r->credit.partition};
    char *at = put(taken->order, r->credit.order, order);
    taken->natural = at;
    at = put(at, r->key.natural, natural);
    taken->told.delivery = at;
    at = put(at, told.delivery, delivery);
    taken->owed_by = is_owed ? at : NULL;
    at = put(at, owed_by, owed);
    taken->told.summary = (struct redis_bytes){at, told.summary.size};
    (void)put(at, told.summary.data, told.summary.size);
    credit_free(r);
    r->out.credit = taken;
}

/* It may be lost: the reservation and the ledger's record count once. */
static void on_done(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply;
}

void credit_committed(struct record *r)
{
    const struct credit_taken *taken = r->out.credit;
    if (taken == NULL)
        return;
    const struct outgoing *told = ledger_message(r);
    if (told == NULL ? taken->owed_by == NULL : told->offset < 0) {
        log_error(.message = "a ledger record was committed, and Kafka did not say where",
                  .key = taken->natural, .remedy = "report it with this line");
        return;
    }
    (void)fail_point("credit.done");
    keys_credit_done(&r->worker->keys, taken->order, taken->partition, taken->natural,
                     taken->number, taken->owed_by, told != NULL ? told->offset + 1 : 0,
                     taken->told.delivery[0] != '\0' ? &taken->told : NULL, on_done, NULL);
}

void credit_free(struct record *r)
{
    free(r->out.credit);
    r->out.credit = NULL;
}
