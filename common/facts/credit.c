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
#include "domain/ledger/ledger_group.h"
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
    bool is_heard;    /* what is reserved: the claim's answer said so */
    struct ledger_credit *reserved;
    size_t reserved_count;
    struct ledger_credit *owed; /* what edits left owed, and the ledger may not have */
    size_t owed_count;
    struct ledger_message *messages; /* copied: decoding may wait for a schema */
    size_t message_count;
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

static void say_unreadable(const struct record *r, const struct ledger_message *m,
                           const char *detail)
{
    log_error(.message = "a record of the ledger cannot be read", .detail = detail,
              .key = r->key.natural, .topic = r->worker->flow->ledger->topic,
              .partition = credit_partition(r) + 1, .offset = m->offset + 1,
              .remedy = "see that schema.registry.url and schema.folder still know its schema");
}

/* Whether an edit has left something owed that this table does not have. */
static void look_for_owed(const struct credit_search *s, const struct ledger_fold *fold,
                          struct ledger_kept *kept)
{
    for (size_t i = 0; i < s->owed_count; i++) {
        const struct ledger_credit *owed = &s->owed[i];
        if (ledger_has_owed(fold, owed) && !mutant("owed_is_read"))
            continue;
        if (strcmp(owed->key, fold->key) == 0)
            kept->is_own_unread = true;
        else
            kept->is_unread = true;
    }
}

static int fold(struct record *r, const struct ledger_group *group, struct fact *fact)
{
    const struct credit_search *s = r->claim.credit;
    struct ledger_fold *fold = arena_alloc(r->arena, sizeof *fold);
    struct ledger_kept *kept = arena_alloc(r->arena, sizeof *kept);
    if (fold == NULL || kept == NULL)
        return -ENOMEM;
    int result = ledger_fold(group->entry, group->records, group->record_count, r->key.natural,
                             r->arena, fold);
    if (result == 0 && fold->entry != NULL)
        result = ledger_keep(fold, s->reserved, s->reserved_count, r->arena, kept);
    if (result == 0 && fold->entry != NULL)
        look_for_owed(s, fold, kept);
    fact->credit = fold;
    fact->kept = kept;
    return result;
}

static void put_together(struct record *r)
{
    const struct credit_search *s = r->claim.credit;
    struct fact *fact = open_fact(r);
    struct codec_fault fault = {PF_OK, ""};
    struct ledger_group group = {.entry = NULL};
    size_t wrong = 0;
    int result = ledger_group_read(r->worker->codec, s->messages, s->message_count, r->arena,
                                   &group, &wrong, &fault);
    if (result == -EAGAIN) {
        const struct ledger_message *m = &s->messages[wrong];
        schema_ask(r, (struct redis_bytes){m->value, m->value_size}, put_together);
        return;
    }
    if (result == -EBADMSG)
        say_unreadable(r, &s->messages[wrong], fault.message);
    if (result == 0)
        result = fold(r, &group, fact);
    if (result < 0) {
        cannot_tell(r);
        return;
    }
    if (fact->reads_owed && fact->credit->entry != NULL &&
        (fact->kept->is_unread || fact->kept->is_own_unread)) {
        facts_wait_here(r, TABLE_WAIT_MS);
        return;
    }
    fact->state = FACT_KNOWN;
    facts_next(r);
}

/* ---- 2. the table ---- */

static bool keep_messages(struct record *r, const struct ktable_answer *answer)
{
    struct credit_search *s = r->claim.credit;
    s->messages = arena_alloc(r->arena, (answer->count + 1) * sizeof *s->messages);
    s->message_count = answer->count;
    for (size_t i = 0; s->messages != NULL && i < answer->count; i++) {
        const struct ktable_record *from = &answer->records[i];
        const struct redis_bytes key = record_keep(r, from->key, from->key_size),
                                 value = record_keep(r, from->value, from->value_size);
        s->messages[i] =
            (struct ledger_message){key.data, key.size, value.data, value.size, from->offset};
        if (key.size != from->key_size || value.size != from->value_size)
            return false; /* the record's memory is full */
    }
    return s->messages != NULL;
}

static void on_found(void *user, const struct ktable_answer *answer)
{
    struct record *r = user;
    (void)fail_point("credit.found");
    if (!record_unref(r))
        return;
    if (answer->how != KTABLE_FOUND) {
        facts_wait_here(r, AWAY_WAIT_MS);
    } else if (answer->read_to < r->claim.credit->position) { /* it began anew meanwhile */
        facts_wait_here(r, TABLE_WAIT_MS);
    } else if (!keep_messages(r, answer)) {
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

/* This very delivery left it owed, before it was given up: what it comes to now takes its place. */
static bool is_own_former(const struct record *r, const struct keys_credit_item *item)
{
    const char *own = r->lineage.delivery;
    return item->owed_by.size > 0 && strlen(own) == item->owed_by.size &&
           memcmp(item->owed_by.data, own, item->owed_by.size) == 0;
}

/* Its own reservation among them: ledger_keep leaves that out. */
static bool keep_reserved(struct record *r, const struct redis_reply *reply, size_t count)
{
    struct credit_search *s = r->claim.credit;
    s->reserved = arena_alloc(r->arena, (count + 1) * sizeof *s->reserved);
    s->owed = arena_alloc(r->arena, (count + 1) * sizeof *s->owed);
    s->reserved_count = s->owed_count = 0;
    for (size_t i = 0; s->reserved != NULL && s->owed != NULL && i < count; i++) {
        struct keys_credit_item item;
        keys_credit_at(reply, i, &item);
        if (is_own_former(r, &item))
            continue;
        struct ledger_credit *its =
            item.owed_by.size > 0 ? &s->owed[s->owed_count] : &s->reserved[s->reserved_count];
        const struct redis_bytes key = record_keep(r, item.key.data, item.key.size),
                                 summary = record_keep(r, item.summary.data, item.summary.size);
        const size_t size = overlay_seal_open(summary.data, summary.size, NULL);
        if (r->worker->flow->ledger->takes(summary.data, size, r->arena, its) < 0) {
            log_warning(.message = "a reservation cannot be read; its order's refunds wait",
                        .key = key.data,
                        .remedy = "upgrade this worker, if another one has a later release");
            return false;
        }
        its->key = key.data;
        its->source_version = item.version;
        *(item.owed_by.size > 0 ? &s->owed_count : &s->reserved_count) += 1;
    }
    return s->reserved != NULL && s->owed != NULL;
}

/* Kept, when it may be decided on: 0. Else how long that is waited for. */
static int64_t take_in(struct record *r, const struct redis_reply *reply)
{
    const struct keys_credit credit = keys_credit(reply);
    r->claim.credit->position = credit.position;
    if (credit.is_blocked)
        return BLOCKED_WAIT_MS;
    if (credit.position < 0 || !is_read(r))
        return TABLE_WAIT_MS;
    if (!keep_reserved(r, reply, credit.count)) /* a later release's: that one finishes it */
        return AWAY_WAIT_MS;
    r->credit.stamp = record_keep(r, credit.stamp, strlen(credit.stamp)).data;
    return 0;
}

static void ask_table(struct record *r)
{
    record_ref(r);
    ktable_find(r->worker->posting->table, credit_partition(r), r->credit.order, on_found, r);
}

static void on_looked(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    const int64_t wait = take_in(r, reply);
    if (wait > 0)
        facts_wait_here(r, wait);
    else
        ask_table(r);
}

static bool search_begin(struct record *r)
{
    if (r->claim.credit != NULL)
        return true;
    struct credit_search *s = r->claim.credit = arena_alloc(r->arena, sizeof *s);
    if (s != NULL)
        *s = (struct credit_search){.position = -1};
    return s != NULL;
}

/* With the claim, or with the news that the decision was made on less: no look need follow. What may
 * not be decided on is looked at in its time. */
static void hear(struct record *r, const struct redis_reply *reply)
{
    if (keys_credit_is_told(reply) && search_begin(r))
        r->claim.credit->is_heard = take_in(r, reply) == 0;
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
    if (!search_begin(r)) {
        cannot_tell(r);
        return true;
    }
    if (r->claim.credit->is_heard) {
        r->claim.credit->is_heard = false;
        ask_table(r);
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
                                          .find = find,
                                          .hear = hear};
