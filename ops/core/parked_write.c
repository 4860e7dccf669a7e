/* Writing a person's word about a parked record; see parked_write.h. */
#include "core/parked_write.h"

#include "base/clock.h"
#include "base/digest.h"
#include "core/audit.h"
#include "core/dlq_reread.h"
#include "core/dlq_retry.h"
#include "core/spool.h"
#include "domain/keys/key_parts.h"
#include "domain/ledger/ledger_key.h"
#include "kafka/topics.h"

#include <errno.h>
#include <string.h>

enum { ARENA_MAX = 64 << 10, NATURAL_PARTS = 5 };

struct copying {
    struct spool spool;
    char deliveries[PARKED_WAITING_MAX + 1][DELIVERY_MAX];
    char places[PARKED_WAITING_MAX + 1][LETTER_PLACE_MAX];
};

/* ---- copies ---- */

static int copy_add(struct copying *c, const struct kafka_record *record,
                    const struct letter_case *entry, const char *delivery)
{
    struct kafka_record copy = *record;
    const size_t at = c->spool.count;
    copy.partition = -1;
    copy.timestamp_ms = 0;
    const int rc = spool_add(&c->spool, &copy);
    if (rc != 0)
        return rc;
    dlq_place(entry, c->places[at]);
    (void)snprintf(c->deliveries[at], DELIVERY_MAX, "%s",
                   delivery[0] != '\0' ? delivery : c->places[at]);
    return 0;
}

/* One more header than the letter has: nobody can have sent it, and what is absent may be sent. */
static int copy_first(struct copying *c, const struct parked_case *p, bool asks_first)
{
    struct kafka_record copy = p->record;
    const size_t count = p->record.header_count;
    struct kafka_header *headers = arena_alloc(p->arena, (count + 1) * sizeof *headers);
    if (headers == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(headers, p->record.headers, count * sizeof *headers);
    headers[count] =
        (struct kafka_header){HEADER_RESOLVE_FIRST, HEADER_CAUTION, sizeof HEADER_CAUTION - 1};
    copy.headers = headers;
    copy.header_count = count + asks_first;
    return copy_add(c, &copy, p->entry, p->letter.delivery);
}

static int copy_waiting(void *user, struct letter_case *entry, const struct kafka_record *record)
{
    struct dead_letter letter;
    return dead_letter_read(record, &letter) ? copy_add(user, record, entry, letter.delivery) : 0;
}

static enum ops_kind copy_all(struct copying *c, struct parked_case *p, bool asks_first,
                              struct ops_error *ret_error)
{
    int rc = copy_first(c, p, asks_first);
    if (rc == 0 && p->waiting_count > 0) {
        const enum ops_kind kind =
            dlq_reread(p->ops, p->waiting, p->waiting_count, copy_waiting, c, &rc, ret_error);
        if (kind != OPS_DONE)
            return kind;
    }
    return rc == -EMSGSIZE ? ops_fail(ret_error, OPS_DATA, NULL,
                                      "a record of %s is too large to be sent", p->letter.topic)
           : rc != 0       ? ops_fail_memory(ret_error)
                           : OPS_DONE;
}

/* ---- the ledger ---- */

/* In the partition of its order's own key. */
static enum ops_kind ledger_partition(struct ops *ops, const char *topic, const char *order,
                                      int32_t *ret_partition, struct ops_error *ret_error)
{
    struct kafka_admin *admin;
    struct kafka_words message = {""};
    int partitions = 0, replicas = 0;
    const enum ops_kind kind = ops_kafka_admin(ops, &admin, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_topics_count(admin, &topic, 1, &partitions, &replicas, message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    if (partitions <= 0)
        return ops_fail(ret_error, OPS_CONFIG, "primaflow topics create", "there is no topic %s",
                        topic);
    *ret_partition = kafka_partition_of(order, strlen(order), partitions);
    return OPS_DONE;
}

enum ops_kind parked_end_ledger(struct ops *ops, const struct dead_letter *letter,
                                const char *order, struct kafka_writer *writer,
                                struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    char *parts[NATURAL_PARTS];
    int32_t partition = 0;
    if (letter->flow->ledger == NULL)
        return OPS_DONE;
    const char *topic = letter->flow->ledger->topic;
    enum ops_kind kind = ledger_partition(ops, topic, order, &partition, ret_error);
    if (kind != OPS_DONE)
        return kind;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return ops_fail_memory(ret_error);
    const char *key = key_split(letter->natural, arena, parts, NATURAL_PARTS) == 0
                          ? ledger_key_credit(arena, order, parts[NATURAL_PARTS - 1])
                          : NULL;
    const struct kafka_record record = {.topic = topic,
                                        .partition = partition,
                                        .key = key,
                                        .key_size = key != NULL ? strlen(key) : 0};
    const int rc = key == NULL ? -ENOMEM : kafka_writer_add(writer, &record, message.text);
    arena_free(arena);
    return rc == 0                   ? OPS_DONE
           : message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                     : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- all of it ---- */

static int add_decisions(const struct copying *c, const struct parked_case *p,
                         const struct parked_writing *w, struct kafka_writer *writer,
                         struct kafka_words *message)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->spool.count; i++) {
        const struct decision decision = {.kind = i == 0 ? w->kind : DECISION_RETRIED,
                                          .letter = c->places[i],
                                          .delivery = c->deliveries[i],
                                          .key = p->letter.natural,
                                          .who = w->who,
                                          .reason = w->reason,
                                          .assignee = "",
                                          .at_ms = clock_wall_ms()};
        rc = decision_add(writer, &decision, message);
    }
    return rc;
}

static int add_all(const struct copying *c, const struct parked_case *p,
                   const struct parked_writing *w, const char *topic, struct kafka_writer *writer,
                   struct kafka_words *message)
{
    char action[40];
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(c->spool.bytes.data, c->spool.bytes.size, digest);
    (void)snprintf(action, sizeof action, "dlq %s", decision_name(w->kind));
    const struct audit audit = {.who = w->who,
                                .action = action,
                                .reason = w->reason,
                                .topic = topic,
                                .written = c->spool.count,
                                .digest = digest};
    int rc = spool_put(&c->spool, 0, c->spool.count, topic, writer, message);
    if (rc == 0)
        rc = add_decisions(c, p, w, writer, message);
    return rc == 0 ? audit_add(writer, &audit, message) : rc;
}

static enum ops_kind write_copies(const struct copying *c, struct parked_case *p,
                                  const struct parked_writing *w, struct kafka_writer *writer,
                                  struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    char topic[TOPIC_NAME_MAX];
    enum ops_kind kind = dlq_retry_topic(p->ops, p->letter.flow, topic, ret_error);
    if (kind != OPS_DONE)
        return kind;
    int rc = kafka_writer_begin(writer, message.text);
    if (rc == 0)
        rc = add_all(c, p, w, topic, writer, &message);
    if (rc == 0 && w->ends_ledger) {
        kind = parked_end_ledger(p->ops, &p->letter, p->key.kafka, writer, ret_error);
        if (kind != OPS_DONE)
            return kind;
    }
    if (rc == 0 && w->check != NULL && (kind = w->check(w->user, ret_error)) != OPS_DONE)
        return kind;
    if (rc == 0)
        rc = kafka_writer_commit(writer, message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

enum ops_kind parked_write(struct parked_case *p, const struct parked_writing *w,
                           struct kafka_writer *writer, struct ops_error *ret_error)
{
    struct copying *c = arena_alloc(p->arena, sizeof *c);
    if (c == NULL)
        return ops_fail_memory(ret_error);
    spool_init(&c->spool);
    enum ops_kind kind = copy_all(c, p, w->asks_first, ret_error);
    if (kind == OPS_DONE)
        kind = write_copies(c, p, w, writer, ret_error);
    spool_release(&c->spool);
    return kind;
}
