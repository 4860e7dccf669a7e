/* Replays in ops.audit; see replay_log.h. */
#include "core/replay_log.h"

#include "base/clock.h"
#include "base/digest.h"
#include "core/audit.h"
#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char action[] = "replay";
static const char *const events[] = {"begun", "sent", "done", "cancelled"};

/* ---- written ---- */

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *choice_json(const struct replay_choice *c)
{
    json_t *spans = json_array();
    for (size_t i = 0; i < c->span_count; i++)
        (void)json_array_append_new(spans, json_pack("[i, I, I]", (int)c->spans[i].partition,
                                                     (json_int_t)c->spans[i].from,
                                                     (json_int_t)c->spans[i].until));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:s}", "topic", c->flow->reads, "spans",
                     spans, "key", text_or_null(c->key), "channel", text_or_null(c->channel),
                     "store", text_or_null(c->store), "from_ms", (json_int_t)c->from_ms, "until_ms",
                     (json_int_t)c->until_ms, "outcome", replay_outcome_name(c->outcome));
}

static json_t *next_json(const struct replay_entry *e, const int64_t *before)
{
    json_t *next = json_object();
    for (size_t i = 0; i < e->choice.span_count && before != NULL; i++) {
        char partition[16];
        if (e->next[i] == before[i])
            continue;
        (void)snprintf(partition, sizeof partition, "%" PRId32, e->choice.spans[i].partition);
        (void)json_object_set_new(next, partition, json_integer((json_int_t)e->next[i]));
    }
    return next;
}

static json_t *note_json(const struct replay_entry *e, const struct replay_note *note)
{
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:o}", "id", e->id, "event",
                  events[note->event], "sent", (json_int_t)e->sent, "left_out", "old",
                  (json_int_t)e->left_out.old, "limited", (json_int_t)e->left_out.limited, "large",
                  (json_int_t)e->left_out.large, "next", next_json(e, note->before));
    if (json != NULL && note->event == REPLAY_BEGUN) {
        if (json_object_set_new(json, "choice", choice_json(&e->choice)) != 0) {
            json_decref(json);
            return NULL;
        }
        (void)json_object_set_new(json, "rate", json_integer((json_int_t)e->rate));
        (void)json_object_set_new(json, "resolve_first", json_boolean(e->resolve_first));
    }
    return json;
}

int replay_log_add(struct kafka_writer *writer, const struct replay_entry *e,
                   const struct replay_note *note, struct kafka_words *ret_message)
{
    static const uint8_t nothing[DIGEST_SIZE];
    char topic[160];
    json_t *more = json_pack("{s:o}", "replay", note_json(e, note));
    if (more == NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "--key, --channel or --store is not UTF-8, or there is no memory; nothing "
                       "was sent");
        return -EINVAL;
    }
    const struct audit audit = {.who = note->who,
                                .action = action,
                                .reason = note->reason,
                                .topic = replay_topic(e->choice.flow, topic),
                                .written = note->written,
                                .digest = note->digest != NULL ? note->digest : nothing,
                                .more = more};
    const int rc = audit_add(writer, &audit, ret_message);
    json_decref(more);
    return rc;
}

/* ---- read ---- */

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static bool spans_read(const json_t *json, struct replay_choice *ret_choice)
{
    const size_t count = json_array_size(json);
    ret_choice->spans = calloc(count + 1, sizeof *ret_choice->spans);
    if (ret_choice->spans == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *span = json_array_get(json, i);
        ret_choice->spans[i] =
            (struct kafka_span){(int32_t)json_integer_value(json_array_get(span, 0)),
                                json_integer_value(json_array_get(span, 1)),
                                json_integer_value(json_array_get(span, 2))};
    }
    ret_choice->span_count = count;
    return true;
}

static bool choice_read(const json_t *json, struct replay_choice *ret_choice)
{
    const char *outcome = text_of(json, "outcome");
    *ret_choice =
        (struct replay_choice){.flow = flow_of_input(text_of(json, "topic")),
                               .key = json_string_value(json_object_get(json, "key")),
                               .channel = json_string_value(json_object_get(json, "channel")),
                               .store = json_string_value(json_object_get(json, "store")),
                               .from_ms = number_of(json, "from_ms"),
                               .until_ms = number_of(json, "until_ms"),
                               .outcome = REPLAY_ANY};
    return ret_choice->flow != NULL &&
           (outcome[0] == '\0' || replay_outcome_read(outcome, &ret_choice->outcome)) &&
           spans_read(json_object_get(json, "spans"), ret_choice);
}

static void entry_release(struct replay_entry *e)
{
    replay_choice_release(&e->choice);
    free(e->next);
    json_decref(e->json);
}

/* Takes the reference when it is kept. */
static bool entry_begin(struct replay_entry *e, json_t *json, const struct kafka_record *record)
{
    const json_t *its = json_object_get(json, "replay");
    *e = (struct replay_entry){.rate = number_of(its, "rate"),
                               .resolve_first = json_is_true(json_object_get(its, "resolve_first")),
                               .who = text_of(json, "who"),
                               .reason = text_of(json, "reason"),
                               .began_ms = record->timestamp_ms,
                               .json = json_incref(json)};
    (void)snprintf(e->id, sizeof e->id, "%s", text_of(its, "id"));
    if (!choice_read(json_object_get(its, "choice"), &e->choice) ||
        (e->next = calloc(e->choice.span_count + 1, sizeof *e->next)) == NULL) {
        entry_release(e);
        return false;
    }
    for (size_t i = 0; i < e->choice.span_count; i++)
        e->next[i] = e->choice.spans[i].from;
    return true;
}

static void entry_go_on(struct replay_entry *e, const json_t *its, enum replay_event event,
                        int64_t at_ms)
{
    const json_t *left = json_object_get(its, "left_out"), *next = json_object_get(its, "next");
    e->last_ms = at_ms;
    e->sent = number_of(its, "sent");
    e->left_out = (struct replay_left_out){number_of(left, "old"), number_of(left, "limited"),
                                           number_of(left, "large")};
    for (size_t i = 0; i < e->choice.span_count; i++) {
        char partition[16];
        (void)snprintf(partition, sizeof partition, "%" PRId32, e->choice.spans[i].partition);
        const json_t *to = json_object_get(next, partition);
        if (json_is_integer(to))
            e->next[i] = json_integer_value(to);
    }
    e->state = event == REPLAY_ENDED      ? REPLAY_DONE
               : event == REPLAY_GIVEN_UP ? REPLAY_CANCELLED
                                          : REPLAY_OPEN;
}

static int book_add(struct replay_book *book, json_t *json, const struct kafka_record *record)
{
    struct replay_entry *more = realloc(book->list, (book->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    book->list = more;
    book->count += entry_begin(&book->list[book->count], json, record);
    return 0;
}

static int book_see(struct replay_book *book, json_t *json, const struct kafka_record *record)
{
    const json_t *its = json_object_get(json, "replay");
    const char *name = text_of(its, "event");
    enum replay_event event = 0;
    while (event < sizeof events / sizeof *events && strcmp(name, events[event]) != 0)
        event++;
    struct replay_entry *e = replay_book_find(book, text_of(its, "id"));
    if (event == REPLAY_BEGUN && e == NULL) {
        const int rc = book_add(book, json, record);
        e = rc == 0 ? replay_book_find(book, text_of(its, "id")) : NULL;
        if (rc != 0)
            return rc;
    }
    if (e != NULL && event < sizeof events / sizeof *events && e->state == REPLAY_OPEN)
        entry_go_on(e, its, event, record->timestamp_ms);
    return 0;
}

static int book_take(void *user, const struct kafka_record *record)
{
    struct replay_book *book = user;
    book->read_to = record->offset + 1;
    if (record->key_size != strlen(action) || memcmp(record->key, action, record->key_size) != 0 ||
        record->value == NULL)
        return 0;
    json_t *json = json_loadb(record->value, record->value_size, 0, NULL);
    const int rc = book_see(book, json, record);
    json_decref(json);
    return rc;
}

enum ops_kind replay_book_read(struct ops *ops, struct replay_book *book,
                               struct ops_error *ret_error)
{
    const char *const topics[] = {topic_ops_audit};
    const bool goes_on = book->read_to > 0;
    const struct kafka_range range = {.from = goes_on ? KAFKA_FROM_OFFSET : KAFKA_FROM_BEGINNING,
                                      .from_value = book->read_to,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = goes_on ? 0 : -1};
    struct kafka_words message = {""};
    const int rc = kafka_read(ops_config(ops), topics, 1, &range, book_take, book, message.text);
    return rc == 0         ? OPS_DONE
           : rc == -ENOMEM ? ops_fail_memory(ret_error)
                           : ops_fail_kafka(ret_error, rc, &message);
}

void replay_book_release(struct replay_book *book)
{
    for (size_t i = 0; i < book->count; i++)
        entry_release(&book->list[i]);
    free(book->list);
    *book = (struct replay_book){.count = 0};
}

struct replay_entry *replay_book_find(const struct replay_book *book, const char *id)
{
    for (size_t i = 0; i < book->count; i++)
        if (strcmp(book->list[i].id, id) == 0)
            return &book->list[i];
    return NULL;
}

int64_t replay_book_times(const struct replay_book *book, const char *id,
                          const struct kafka_record *record)
{
    int64_t times = 0;
    for (size_t i = 0; i < book->count; i++) {
        const struct replay_entry *e = &book->list[i];
        if (strcmp(e->id, id) == 0 || strcmp(e->choice.flow->reads, record->topic) != 0)
            continue;
        for (size_t k = 0; k < e->choice.span_count; k++)
            if (e->choice.spans[k].partition == record->partition && record->offset < e->next[k])
                times += replay_is_chosen(&e->choice, record);
    }
    return times;
}
