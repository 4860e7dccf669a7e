/* First what is reserved and how far the table must have read, then the table; see credit.h.
 *
 * A decision is made by a table that stands at the partition's position or behind it: so whatever was
 * taken and is not reserved any more is in it, and a refusal needs no second look. What changes
 * afterwards is found by the stamp, in the step that reserves. */
#include "facts/credit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_key.h"
#include "obs/log.h"
#include "posting/credit.h"
#include "posting/posting.h"
#include "posting/schema.h"
#include "posting/verdict.h"
#include "table/ktable.h"

enum {
    TABLE_WAIT_MS = 50,    /* a look at how far the table is */
    BLOCKED_WAIT_MS = 500, /* a person's command amends the order */
    AWAY_WAIT_MS = 1000,
};

struct credit_search {
    int64_t position; /* -1: nobody may decide yet */
    bool is_looked;   /* what is reserved is known, and the table is far enough */
    struct ledger_credit *reserved;
    size_t reserved_count;
    struct ktable_record *records; /* copied: decoding may wait for a schema. NULL: not found yet */
    size_t record_count;
    size_t unknown; /* of these, the one whose schema is not known yet */
};

static struct fact *open_fact(const struct record *r)
{
    for (size_t i = 0; i < r->claim.fact_count; i++)
        if (r->claim.facts[i].kind == FACT_CREDIT && r->claim.facts[i].state == FACT_UNASKED)
            return &r->claim.facts[i];
    return NULL;
}

/* What cannot be put together is a person's: the flow says so. */
static void cannot_tell(struct record *r)
{
    open_fact(r)->state = FACT_UNCERTAIN;
    facts_next(r);
}

/* ---- 3. put together ---- */

static int decode(struct record *r, const struct ktable_record *from, const struct bound_record *as,
                  void *ret_value)
{
    struct codec_fault fault = {PF_OK, ""};
    const int result = codec_decode(r->worker->codec, as, from->value, from->value_size, r->arena,
                                    ret_value, &fault);
    if (result < 0 && result != -EAGAIN)
        log_error(.message = "a record of the ledger cannot be read", .detail = fault.message,
                  .key = r->key.natural, .topic = r->worker->flow->ledger->topic,
                  .partition = credit_partition(r) + 1, .offset = from->offset + 1,
                  .remedy = "see that schema.registry.url and schema.folder still know its schema");
    return result;
}

static int fold(struct record *r, struct fact *fact)
{
    struct credit_search *s = r->claim.credit;
    struct ledger_entry *entry = NULL;
    struct ledger_credit *credits = arena_alloc(r->arena, (s->record_count + 1) * sizeof *credits);
    struct ledger_fold *fold = arena_alloc(r->arena, sizeof *fold);
    struct ledger_kept *kept = arena_alloc(r->arena, sizeof *kept);
    size_t count = 0;
    int result = credits == NULL || fold == NULL || kept == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < s->record_count && result == 0; i++) {
        const struct ktable_record *from = &s->records[i];
        s->unknown = i;
        if (!ledger_key_is_entry(from->key, from->key_size)) {
            result = decode(r, from, &ledger_credit_record, &credits[count++]);
            continue;
        }
        entry = arena_alloc(r->arena, sizeof *entry);
        result = entry == NULL ? -ENOMEM : decode(r, from, &ledger_entry_record, entry);
    }
    if (result == 0)
        result = ledger_fold(entry, credits, count, r->key.natural, r->arena, fold);
    if (result == 0 && fold->entry != NULL)
        result = ledger_keep(fold, s->reserved, s->reserved_count, r->arena, kept);
    else if (result == 0)
        *kept = (struct ledger_kept){.count = 0};
    fact->credit = fold;
    fact->kept = kept;
    return result;
}

static void put_together(struct record *r)
{
    struct fact *fact = open_fact(r);
    const int result = fold(r, fact);
    if (result == -EAGAIN) {
        const struct ktable_record *from = &r->claim.credit->records[r->claim.credit->unknown];
        schema_ask(r, (struct redis_bytes){from->value, from->value_size}, put_together);
        return;
    }
    if (result < 0) {
        cannot_tell(r);
        return;
    }
    fact->state = FACT_KNOWN;
    facts_next(r);
}

/* ---- 2. the table ---- */

static bool keep_records(struct record *r, const struct ktable_answer *answer)
{
    struct credit_search *s = r->claim.credit;
    s->records = arena_alloc(r->arena, (answer->count + 1) * sizeof *s->records);
    if (s->records == NULL)
        return false;
    for (size_t i = 0; i < answer->count; i++) {
        const struct ktable_record *from = &answer->records[i];
        const struct redis_bytes key = record_keep(r, from->key, from->key_size),
                                 value = record_keep(r, from->value, from->value_size);
        s->records[i] =
            (struct ktable_record){key.data, value.data, key.size, value.size, from->offset};
        if (key.size != from->key_size || value.size != from->value_size)
            return false;
    }
    s->record_count = answer->count;
    return true;
}

static void on_found(void *user, const struct ktable_answer *answer)
{
    struct record *r = user;
    (void)fail_point("credit.found");
    if (!record_unref(r))
        return;
    if (answer->how != KTABLE_FOUND) {
        r->claim.credit->is_looked = false;
        facts_wait_here(r, AWAY_WAIT_MS);
    } else if (answer->read_to < r->claim.credit->position) { /* it began anew meanwhile */
        r->claim.credit->is_looked = false;
        facts_wait_here(r, TABLE_WAIT_MS);
    } else if (!keep_records(r, answer)) {
        cannot_tell(r);
    } else {
        r->credit.read_to = answer->read_to;
        put_together(r);
    }
}

/* ---- 1. what is reserved ---- */

/* All that was there when the partition was followed has been read, and all below the position. */
static bool is_read(const struct record *r)
{
    const struct ktable *table = r->worker->posting->table;
    return ktable_is_restored(table, credit_partition(r)) &&
           ktable_read_to(table, credit_partition(r)) >= r->claim.credit->position;
}

static bool keep_reserved(struct record *r, const struct redis_reply *reply, size_t count)
{
    struct credit_search *s = r->claim.credit;
    s->reserved = arena_alloc(r->arena, (count + 1) * sizeof *s->reserved);
    s->reserved_count = 0;
    for (size_t i = 0; s->reserved != NULL && i < count; i++) {
        struct keys_credit_item item;
        keys_credit_at(reply, i, &item);
        struct ledger_credit *its = &s->reserved[s->reserved_count];
        const struct redis_bytes key = record_keep(r, item.key.data, item.key.size),
                                 summary = record_keep(r, item.summary.data, item.summary.size);
        if (key.size == strlen(r->key.natural) && memcmp(key.data, r->key.natural, key.size) == 0)
            continue; /* our own: it is decided anew */
        if (r->worker->flow->ledger->takes(summary.data, summary.size, r->arena, its) < 0) {
            log_error(.message = "a reservation cannot be read; its order's refunds wait",
                      .key = key.data, .remedy = "report it with this line");
            return false;
        }
        its->key = key.data;
        s->reserved_count++;
    }
    return s->reserved != NULL;
}

static void on_looked(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    struct credit_search *s = r->claim.credit;
    const struct keys_credit credit = keys_credit(reply);
    s->position = credit.position;
    if (credit.is_blocked) {
        facts_wait_here(r, BLOCKED_WAIT_MS);
    } else if (credit.position < 0 || !is_read(r)) {
        facts_wait_here(r, TABLE_WAIT_MS);
    } else if (!keep_reserved(r, reply, credit.count)) {
        cannot_tell(r);
    } else {
        r->credit.stamp = record_keep(r, credit.stamp, strlen(credit.stamp)).data;
        s->is_looked = true;
        record_ref(r);
        ktable_find(r->worker->posting->table, credit_partition(r), r->credit.order, on_found, r);
    }
}

/* A record may come by a topic whose partitions are others, or not ours: once followed for such a
 * one, a partition stays. */
static void follow(struct record *r)
{
    struct posting *p = r->worker->posting;
    const int32_t partition = credit_partition(r);
    if (p->table_also == NULL)
        p->table_also = calloc((size_t)r->worker->stream->ledger_partitions, sizeof *p->table_also);
    if (p->table_also == NULL)
        abort();
    if (ktable_read_to(p->table, partition) >= 0 || p->table_also[partition])
        return;
    p->table_also[partition] = true;
    ktable_follow(p->table, partition);
}

static bool find(struct record *r)
{
    if (open_fact(r) == NULL)
        return false;
    if (r->claim.credit == NULL &&
        (r->claim.credit = arena_alloc(r->arena, sizeof *r->claim.credit)) == NULL) {
        cannot_tell(r);
        return true;
    }
    *r->claim.credit = (struct credit_search){.position = r->claim.credit->position};
    follow(r);
    if (!is_read(r)) {
        facts_wait_here(r, TABLE_WAIT_MS);
        return true;
    }
    record_ref(r);
    keys_credit_look(&r->worker->keys, r->credit.order, credit_partition(r), on_looked, r);
    return true;
}

/* ---- partitions ---- */

static size_t group_of(const void *key, size_t size)
{
    return ledger_key_order(key, size);
}

static void begin(struct worker *w)
{
    char message[KAFKA_TEXT_MAX], words[300];
    if (codec_check(w->codec, &ledger_entry_record, words) < 0 ||
        codec_check(w->codec, &ledger_credit_record, words) < 0)
        host_fail(&w->host, 78, "cannot start", words, "correct schema.folder");
    if (w->flow->ledger != NULL &&
        ktable_new(&w->host, w->flow->ledger->topic, group_of, &w->posting->table, message) < 0)
        host_fail(&w->host, 78, "cannot start", message, "correct the rdkafka. property");
}

static void assigned(struct worker *w, const struct partition *p)
{
    if (w->posting->table != NULL && p->topic->role == TOPIC_INPUT)
        ktable_follow(w->posting->table, p->place.partition);
}

static void revoked(struct worker *w, const struct partition *p)
{
    if (w->posting->table != NULL && p->topic->role == TOPIC_INPUT)
        ktable_leave(w->posting->table, p->place.partition);
}

static void progress(const struct worker *w, struct fact_progress *ret_progress)
{
    struct ktable_progress p = {.keys = 0};
    if (w->posting->table != NULL)
        ktable_progress(w->posting->table, &p);
    *ret_progress = (struct fact_progress){p.partitions, p.restored, p.keys, p.behind};
}

static void write_metrics(const struct worker *w)
{
    if (w->posting->table != NULL)
        ktable_write_metrics(w->posting->table);
}

const struct fact_source credit_source = {.kind = FACT_CREDIT,
                                          .begin = begin,
                                          .assigned = assigned,
                                          .revoked = revoked,
                                          .progress = progress,
                                          .write_metrics = write_metrics,
                                          .find = find};
