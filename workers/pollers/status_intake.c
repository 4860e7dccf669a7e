/* What topics tell: which orders are open, and what was published of them. See status_turn.h. */
#include "base/clock.h"
#include "domain/ledger/ledger_key.h"
#include "kafka/headers.h"
#include "kafka/topics.h"
#include "status_turn.h"

#include <errno.h>
#include <string.h>

enum {
    ARENA_BYTES = 1 << 20,
    READ_MAX = 2000,    /* records a step */
    CATCH_UP_MS = 3000, /* of one turn, so that it is seen to go on */
    WAIT_MS = 100,
};

static int take_failed(struct status_turn *t, const struct kafka_record *record, const char *what)
{
    (void)snprintf(t->words_of_end, sizeof t->words_of_end, "%.100s, partition %d, offset %lld: %s",
                   record->topic, (int)record->partition, (long long)record->offset, what);
    return -EBADMSG;
}

static int decode(struct status_turn *t, const struct bound_record *bound,
                  const struct kafka_record *record, struct arena *arena, void *ret_value)
{
    struct codec_fault fault;
    int result =
        codec_decode(t->codec, bound, record->value, record->value_size, arena, ret_value, &fault);
    if (result == -EAGAIN) {
        if (codec_fetch(t->codec, record->value, record->value_size) < 0) {
            (void)snprintf(t->words_of_end, sizeof t->words_of_end,
                           "the schema registry does not answer");
            return -EIO;
        }
        result = codec_decode(t->codec, bound, record->value, record->value_size, arena, ret_value,
                              &fault);
    }
    return result < 0 ? take_failed(t, record, pf_error_info(fault.code)->name) : 0;
}

/* ---- what was published ---- */

/* Of what was published nothing is lost, and what it is due for is decided when it is asked: now. */
static int on_published(void *user, const struct kafka_record *record)
{
    struct status_turn *t = user;
    struct order_status s;
    char facts[STATUS_FACTS_MAX];
    struct arena *arena = record->value != NULL ? arena_new(ARENA_BYTES) : NULL;
    if (record->value == NULL)
        return 0;
    int result = arena != NULL ? decode(t, &order_status_record, record, arena, &s) : -ENOMEM;
    if (result == 0 && strcmp(s.company, t->company) == 0 && status_facts_of_status(&s, facts)) {
        const struct open_orders_told told = {.key = s.key,
                                              .version = s.version,
                                              .record = record->value,
                                              .record_size = record->value_size,
                                              .facts = facts,
                                              .due_ms = s.is_final ? 0 : s.as_of,
                                              .forget_ms = status_forget_ms(&s)};
        result = open_orders_tell(&t->set, &told);
    }
    arena_free(arena);
    return result;
}

/* ---- which are open ---- */

static int on_result(struct status_turn *t, const struct kafka_record *record, struct arena *arena)
{
    struct order_result r;
    char facts[STATUS_FACTS_MAX];
    const int result = decode(t, &order_result_record, record, arena, &r);
    if (result < 0 || strcmp(r.company, t->company) != 0 || !status_is_asked(&r, t->rules) ||
        !status_facts_of_result(&r, facts))
        return result;
    const int64_t since = r.has_posted_at ? r.posted_at : r.published_at;
    if (since < t->from_ms)
        return 0;
    return open_orders_add(&t->set, r.key, facts,
                           since + config_int(t->config, CFG_poller_status_every));
}

static int on_entry(struct status_turn *t, const struct kafka_record *record, struct arena *arena)
{
    struct ledger_entry entry;
    char facts[STATUS_FACTS_MAX];
    if (record->key == NULL || !ledger_key_is_entry(record->key, record->key_size))
        return 0;
    const int result = decode(t, &ledger_entry_record, record, arena, &entry);
    if (result < 0 || strcmp(entry.company, t->company) != 0 ||
        !status_is_imported(&entry, t->rules) ||
        !status_facts_of_entry(&entry, record->timestamp_ms, facts))
        return result;
    return open_orders_add(&t->set, entry.key, facts, record->timestamp_ms);
}

/* Only headers are looked at: the record itself may have personal data. */
static int on_letter(struct status_turn *t, const struct kafka_record *record)
{
    char code[64], key[300];
    if (kafka_header_text(record, HEADER_CODE, code, sizeof code) == NULL ||
        strcmp(code, pf_error_info(PF_E_cancelled_after_posting)->name) != 0 ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        strncmp(key, t->company, strlen(t->company)) != 0 || key[strlen(t->company)] != '/')
        return 0;
    return open_orders_mark(&t->set, key, "c");
}

static int on_record(void *user, const struct kafka_record *record)
{
    struct status_turn *t = user;
    struct arena *arena;
    if (strcmp(record->topic, t->topics[FROM_LETTERS].topic) == 0)
        return on_letter(t, record);
    if (record->value == NULL)
        return 0;
    arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        return -ENOMEM;
    const int result = strcmp(record->topic, topic_orders_results) == 0
                           ? on_result(t, record, arena)
                           : on_entry(t, record, arena);
    arena_free(arena);
    return result;
}

/* ---- reading ---- */

static enum status_end end_of_reading(struct status_turn *t, int error)
{
    switch (error) {
    case 0:
        return STATUS_COMPLETE;
    case -EBADMSG:
        return STATUS_UNREADABLE;
    case -ENOMEM: /* of one record: it is larger than any of ours */
        (void)snprintf(t->words_of_end, sizeof t->words_of_end, "a record is too large to be read");
        return STATUS_UNREADABLE;
    case -EINVAL:
        return STATUS_KAFKA;
    default:
        return t->words_of_end[0] != '\0' && error == -EIO ? STATUS_KAFKA : status_end_of(t, error);
    }
}

static enum status_end follow(struct status_turn *t, struct status_follow *f, const char *topic)
{
    int64_t offsets[FOLLOW_PARTITIONS_MAX];
    int32_t count = 0;
    if (f->parts != NULL)
        return STATUS_COMPLETE;
    if (kafka_writer_partitions(t->writer, topic, &count, t->words_of_end) < 0 ||
        count > FOLLOW_PARTITIONS_MAX)
        return STATUS_KAFKA;
    for (int32_t i = 0; i < count; i++) {
        const int result = open_orders_where(&t->set, topic, i, &offsets[i]);
        if (result < 0)
            return status_end_of(t, result);
    }
    return end_of_reading(t,
                          status_follow_open(f, t->config, topic, count, offsets, t->words_of_end));
}

/* What was read is in Redis before its place is: the other way round it could be forgotten. */
static int keep_places(struct status_turn *t, struct status_follow *f)
{
    int result = open_orders_settle(&t->set);
    for (int32_t i = 0; i < f->count && result == 0; i++)
        if (f->parts[i].has_moved && f->parts[i].position >= 0) {
            result = open_orders_place(&t->set, f->topic, i, f->parts[i].position);
            f->parts[i].has_moved = false;
        }
    return result == 0 ? open_orders_settle(&t->set) : result;
}

static enum status_end read_some(struct status_turn *t, struct status_follow *f, int wait_ms,
                                 int (*each)(void *user, const struct kafka_record *record))
{
    int result = status_follow_read(f, READ_MAX, wait_ms, each, t, t->words_of_end);
    if (result == 0)
        result = keep_places(t, f);
    return end_of_reading(t, result);
}

enum status_end status_catch_up(struct status_turn *t)
{
    const int64_t until = clock_monotonic_ms() + CATCH_UP_MS;
    enum status_end end = follow(t, &t->published, topic_orders_status);
    while (end == STATUS_COMPLETE && !status_follow_is_through(&t->published)) {
        if (!status_goes_on(t))
            return status_why_not(t);
        if (clock_monotonic_ms() > until)
            return STATUS_CATCHING_UP;
        end = read_some(t, &t->published, WAIT_MS, on_published);
    }
    if (end != STATUS_COMPLETE)
        return end;
    status_follow_close(&t->published);
    t->is_caught_up = true;
    return STATUS_COMPLETE;
}

/* Letters come last, and only where no order waits to be read: they are about orders that results told
 * of before. */
enum status_end status_take_in(struct status_turn *t)
{
    const char *const topics[] = {[FROM_RESULTS] = topic_orders_results,
                                  [FROM_LEDGER] = topic_orders_ledger,
                                  [FROM_LETTERS] = t->letters};
    enum status_end end = STATUS_COMPLETE;
    bool is_at_end = true;
    for (size_t i = 0; i < STATUS_TOPICS && end == STATUS_COMPLETE; i++) {
        struct status_follow *f = &t->topics[i];
        end = follow(t, f, topics[i]);
        if (end != STATUS_COMPLETE || (i == FROM_LETTERS && !is_at_end))
            break;
        /* one that was just opened, or whose broker is away, is waited for a little */
        end = read_some(t, f, status_follow_is_at_end(f) ? 0 : WAIT_MS, on_record);
        is_at_end &= status_follow_is_at_end(f);
        t->has_more |= f->taken > 0;
    }
    return end;
}

void status_close_topics(struct status_turn *t)
{
    status_follow_close(&t->published);
    for (size_t i = 0; i < STATUS_TOPICS; i++)
        status_follow_close(&t->topics[i]);
}
