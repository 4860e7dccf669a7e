/* The log of decisions; see decision.h. */
#include "core/decision.h"

#include "base/clock.h"
#include "kafka/topics.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char pen_id[] = "primaflow.cli.decisions";

static const char *const names[DECISION_KINDS] = {"retried", "discarded", "assigned", "noted",
                                                  "snoozed", "amended",   "adopted",  "released",
                                                  "edited",  "remembered"};

const char *decision_name(enum decision_kind kind)
{
    return names[kind];
}

/* ---- in the log ---- */

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text != NULL ? text : "";
}

bool decision_read(const struct kafka_record *record, struct decision *ret_decision,
                   json_t **ret_json)
{
    json_t *json =
        record->value != NULL ? json_loadb(record->value, record->value_size, 0, NULL) : NULL;
    const char *name = text_of(json, "decision");
    enum decision_kind kind = 0;
    while (kind < DECISION_KINDS && strcmp(name, names[kind]) != 0)
        kind++;
    *ret_json = NULL;
    if (kind == DECISION_KINDS) {
        json_decref(json);
        return false;
    }
    struct decision d = {.kind = kind,
                         .letter = text_of(json, "letter"),
                         .delivery = text_of(json, "delivery"),
                         .key = text_of(json, "key"),
                         .who = text_of(json, "who"),
                         .reason = text_of(json, kind == DECISION_AMENDED ? "evidence" : "reason"),
                         .assignee = text_of(json, "assignee"),
                         .fields = text_of(json, "fields"),
                         .digest = text_of(json, "digest"),
                         .version = json_integer_value(json_object_get(json, "version")),
                         .code = text_of(json, "code"),
                         .order = text_of(json, "order"),
                         .currency = text_of(json, "currency"),
                         .minor = json_integer_value(json_object_get(json, "minor"))};
    if (clock_parse(text_of(json, "letter_at"), &d.letter_at_ms) != 0)
        d.letter_at_ms = 0;
    if (clock_parse(text_of(json, "until"), &d.until_ms) != 0)
        d.until_ms = 0;
    if (clock_parse(text_of(json, "at"), &d.at_ms) != 0)
        d.at_ms = record->timestamp_ms;
    *ret_decision = d;
    *ret_json = json;
    return true;
}

static int add_remembered(json_t *json, const struct decision *d)
{
    char at[CLOCK_TEXT_MAX];
    json_t *more =
        json_pack("{s:s, s:s, s:s, s:I, s:s, s:I}", "code", d->code, "order", d->order, "letter_at",
                  clock_format(d->letter_at_ms, at), "version", (json_int_t)d->version, "currency",
                  d->currency, "minor", (json_int_t)d->minor);
    const int rc = more != NULL ? json_object_update(json, more) : -1;
    json_decref(more);
    return rc;
}

static char *decision_text(const struct decision *d)
{
    char at[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "decision", names[d->kind],
                             "letter", d->letter, "delivery", d->delivery, "key", d->key, "who",
                             d->who, "reason", d->reason, "at", clock_format(d->at_ms, at));
    int rc = json == NULL ? -1 : 0;
    if (rc == 0 && d->kind == DECISION_ASSIGNED)
        rc = json_object_set_new(json, "assignee", json_string(d->assignee));
    if (rc == 0 && d->kind == DECISION_SNOOZED)
        rc = json_object_set_new(json, "until", json_string(clock_format(d->until_ms, until)));
    if (rc == 0 && d->kind == DECISION_EDITED)
        rc = json_object_update_missing_new(json, json_pack("{s:I, s:s, s:s}", "version",
                                                            (json_int_t)d->version, "fields",
                                                            d->fields, "digest", d->digest));
    if (rc == 0 && d->kind == DECISION_REMEMBERED)
        rc = add_remembered(json, d);
    char *text = rc == 0 ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

int decision_add(struct kafka_writer *writer, const struct decision *d,
                 struct kafka_words *ret_message)
{
    char *text = decision_text(d);
    if (text == NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "a text of the decision is not UTF-8, or there is no memory; nothing was "
                       "written");
        return -EINVAL;
    }
    const char *key = d->key[0] != '\0' ? d->key : d->letter;
    const struct kafka_record record = {.topic = topic_ops_decisions,
                                        .partition = -1,
                                        .key = key,
                                        .key_size = strlen(key),
                                        .value = text,
                                        .value_size = strlen(text)};
    const int rc = kafka_writer_add(writer, &record, ret_message->text);
    free(text);
    return rc;
}

enum ops_kind decisions_pen(struct ops *ops, size_t bytes, struct kafka_writer **ret_writer,
                            struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    const int rc = kafka_writer_new_as(ops_config(ops), pen_id, bytes, ret_writer, message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- reading ---- */

struct log_reading {
    decision_seen seen;
    void *user;
    int64_t *position;
};

static int log_take(void *user, const struct kafka_record *record)
{
    struct log_reading *r = user;
    struct decision decision;
    json_t *json;
    int rc = 0;
    if (decision_read(record, &decision, &json))
        rc = r->seen(r->user, &decision);
    json_decref(json);
    *r->position = record->offset + 1;
    return rc;
}

enum ops_kind decisions_read(struct ops *ops, int64_t *position, decision_seen seen, void *user,
                             struct ops_error *ret_error)
{
    const char *const topics[] = {topic_ops_decisions};
    const struct kafka_range range = {.from =
                                          *position > 0 ? KAFKA_FROM_OFFSET : KAFKA_FROM_BEGINNING,
                                      .from_value = *position,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = *position > 0 ? 0 : -1};
    struct log_reading reading = {seen, user, position};
    struct kafka_words message = {""};
    const int rc = kafka_read(ops_config(ops), topics, 1, &range, log_take, &reading, message.text);
    return rc == 0                   ? OPS_DONE
           : message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                     : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- what it does ---- */

static int keep_text(char **place, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

bool decision_letter(const struct decision *d, struct dead_letter *ret_letter)
{
    struct letter_place place;
    enum topic_role role;
    const struct flow *flow = NULL;
    if (d->kind != DECISION_REMEMBERED || !letter_place_read(d->letter, &place))
        return false;
    for (size_t i = 0; flows[i] != NULL && flow == NULL; i++)
        if (flow_topic_role(flows[i], place.topic, &role) && role == TOPIC_DEAD_LETTERS)
            flow = flows[i];
    *ret_letter = (struct dead_letter){.flow = flow,
                                       .partition = place.partition,
                                       .offset = place.offset,
                                       .at_ms = d->letter_at_ms,
                                       .first_failed_ms = d->letter_at_ms,
                                       .code = pf_error_find(d->code),
                                       .version = d->version};
    (void)snprintf(ret_letter->topic, sizeof ret_letter->topic, "%s", place.topic);
    (void)snprintf(ret_letter->natural, sizeof ret_letter->natural, "%s", d->key);
    (void)snprintf(ret_letter->delivery, sizeof ret_letter->delivery, "%s", d->delivery);
    return flow != NULL;
}

int decision_recall(struct letter_book *book, const struct decision *d)
{
    struct dead_letter letter;
    struct letter_case *entry;
    if (!decision_letter(d, &letter) || letter_book_find(book, d->delivery) != NULL)
        return 0;
    const int rc = letter_book_enter(book, &letter, d->order, strlen(d->order), &entry);
    if (rc != 0)
        return rc;
    entry->is_expired = true;
    entry->minor = d->minor;
    (void)snprintf(entry->currency, sizeof entry->currency, "%.3s", d->currency);
    return 0;
}

int decision_apply(struct letter_book *book, const struct decision *d)
{
    struct letter_case *letter = letter_book_find(book, d->delivery);
    struct letter_note *note;
    if (d->kind == DECISION_AMENDED) {
        letter_book_amended(book, d->key, d->version);
        return 0;
    }
    if (letter == NULL) /* its bytes have gone */
        return 0;
    switch (d->kind) {
    case DECISION_RETRIED:
    case DECISION_ADOPTED:
    case DECISION_RELEASED:
        letter->is_retried = true;
        return 0;
    case DECISION_DISCARDED:
        letter->is_discarded = true;
        return 0;
    case DECISION_EDITED:
        letter->edits = d->version < UINT16_MAX ? (uint16_t)d->version : UINT16_MAX;
        return 0;
    case DECISION_REMEMBERED:
        letter->is_remembered = true;
        return 0;
    default:
        break;
    }
    if ((note = letter_book_note(book, letter)) == NULL)
        return -ENOMEM;
    if (d->kind == DECISION_SNOOZED)
        note->snoozed_until_ms = d->until_ms;
    return d->kind == DECISION_ASSIGNED ? keep_text(&note->assignee, d->assignee)
           : d->kind == DECISION_NOTED  ? keep_text(&note->text, d->reason)
                                        : 0;
}
