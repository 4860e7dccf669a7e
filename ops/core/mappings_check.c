/* Trying the mappings; see mappings_check.h. */
#include "core/mappings_check.h"

#include "core/events.h"
#include "order_flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct check {
    const struct order_rules *rules;
    struct codec *codec;
    struct seen *seen;
};

static enum ops_kind check_open(struct check *c, struct ops *ops, struct ops_error *ret_error)
{
    const void *rules = NULL;
    enum ops_kind kind = ops_rules(ops, &order_flow, &rules, ret_error);
    if (kind == OPS_DONE)
        kind = ops_codec(ops, &c->codec, ret_error);
    c->rules = rules;
    return kind;
}

/* Framed bytes. What cannot be read, or is larger than its memory, a worker would dead-letter: it
 * is counted. */
static void take_bytes(struct check *c, const void *bytes, size_t size, const char *where)
{
    struct order_event event;
    struct codec_fault fault = {PF_OK, ""};
    struct arena *arena = arena_new(ARENA_MAX);
    int rc = arena == NULL
                 ? -ENOMEM
                 : events_decode(c->codec, &order_event_record, bytes, size, arena, &event, &fault);
    if (rc != 0)
        seen_unreadable(c->seen, where,
                        fault.code != PF_OK ? pf_error_info(fault.code)->name : "avro_too_large");
    else if (!seen_event(c->seen, &event, c->rules, arena))
        seen_unreadable(c->seen, where, "avro_too_large");
    arena_free(arena);
}

/* ---- from Kafka ---- */

static int mappings_take(void *user, const struct kafka_record *record)
{
    char where[120];
    (void)snprintf(where, sizeof where, "%.80s/%" PRId32 "/%" PRId64, record->topic,
                   record->partition, record->offset);
    if (record->value == NULL)
        seen_unreadable(((struct check *)user)->seen, where, pf_error_info(PF_E_tombstone)->name);
    else
        take_bytes(user, record->value, record->value_size, where);
    return 0;
}

enum ops_kind mappings_check_topic(struct ops *ops, const struct mappings_range *range,
                                   struct seen *seen, struct ops_error *ret_error)
{
    const char *topic = range->topic != NULL ? range->topic : order_flow.reads;
    struct check c = {.seen = seen};
    struct kafka_words message = {""};
    struct kafka_range records = {.from = KAFKA_FROM_LAST,
                                  .from_value = range->last > 0 ? range->last : MAPPINGS_LAST,
                                  .partition = -1};
    if (range->since_ms >= 0) {
        records.from = KAFKA_FROM_TIME;
        records.from_value = range->since_ms;
    }
    const enum ops_kind kind = check_open(&c, ops, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc =
        kafka_read(ops_config(ops), &topic, 1, &records, mappings_take, &c, message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* One line of JSON; NULL, or why it is no event. */
static const char *take_line(struct check *c, const char *text, size_t size, const char *where,
                             char why[static 300])
{
    struct codec_fault fault = {PF_OK, ""};
    struct buf bytes;
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        (void)snprintf(why, 300, "not JSON, at column %d: %.200s", error.column, error.text);
        return why;
    }
    buf_init(&bytes, ARENA_MAX);
    const int rc = codec_from_json(c->codec, order_event_record.name, json, &bytes, &fault);
    if (rc == 0)
        take_bytes(c, bytes.data, bytes.size, where);
    else
        (void)snprintf(why, 300, "%.290s", fault.message[0] != '\0' ? fault.message : "too large");
    buf_release(&bytes);
    json_decref(json);
    return rc == 0 ? NULL : why;
}

enum ops_kind mappings_check_lines(struct ops *ops, FILE *in, const char *name, struct seen *seen,
                                   struct complaints *ret_complaints, struct ops_error *ret_error)
{
    struct check c = {.seen = seen};
    char *text = NULL, why[300], where[300];
    size_t room = 0, number = 0;
    ssize_t size;
    const enum ops_kind kind = check_open(&c, ops, ret_error);
    if (kind != OPS_DONE)
        return kind;
    while ((size = getline(&text, &room, in)) >= 0) {
        number++;
        if (text[strspn(text, " \t\r\n")] == '\0' && (size_t)size == strlen(text))
            continue;
        (void)snprintf(where, sizeof where, "%.200s:%zu", name, number);
        if (take_line(&c, text, (size_t)size, where, why) != NULL)
            complaints_add(ret_complaints, number, "%s", why);
    }
    const int failed = ferror(in) ? errno : 0;
    free(text);
    if (failed != 0)
        return ops_fail(ret_error, OPS_DATA, NULL, "%s:%zu: cannot be read further: %s", name,
                        number + 1, strerror(failed));
    if (ret_complaints->count > 0)
        return ops_fail(ret_error, OPS_DATA, "correct them", "%zu of %zu lines are no order events",
                        ret_complaints->count, number);
    return OPS_DONE;
}
