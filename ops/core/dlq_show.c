/* Gathering one dead letter; see dlq_show.h. */
#include "core/dlq_show.h"

#include "core/bytes_json.h"
#include "core/decision.h"
#include "core/events.h"
#include "core/letter_edits.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct showing {
    struct ops *ops;
    struct dlq_shown *shown;
    struct codec *codec;
    struct letter_book book;
    struct edit_book edits;
    char delivery[DELIVERY_MAX]; /* as decisions name it */
    int64_t now_ms;
    bool is_there, is_result;
    enum ops_kind kind;
    struct ops_error *error;
};

/* As decisions and edits name it. */
static void delivery_write(struct showing *s)
{
    char place[LETTER_PLACE_MAX];
    const struct dead_letter *letter = &s->shown->letter;
    dead_letter_place(letter, place);
    (void)snprintf(s->delivery, sizeof s->delivery, "%s",
                   letter->delivery[0] != '\0' ? letter->delivery : place);
}

static json_t *record_json(const struct kafka_record *record)
{
    json_t *headers = json_array();
    for (size_t i = 0; i < record->header_count; i++)
        (void)json_array_append_new(
            headers, json_pack("[s, o]", record->headers[i].name,
                               bytes_to_json(record->headers[i].value, record->headers[i].size)));
    return json_pack("{s:o, s:o, s:o}", "key", bytes_to_json(record->key, record->key_size),
                     "headers", headers, "value", bytes_to_json(record->value, record->value_size));
}

/* What it would be sent with. */
static char *overlay_of(struct showing *s, const struct kafka_record *record)
{
    char *overlay;
    const struct letter_edits *edits = edit_book_find(&s->edits, letter_digest(s->delivery));
    if (edits != NULL)
        s->shown->edits = json_incref(json_object_get(edits->json, "edits"));
    return letter_edits_text(edits, letter_edits_header(record), &overlay) == 0 ? overlay : NULL;
}

static void try_record(struct showing *s, const struct kafka_record *record)
{
    struct dlq_shown *shown = s->shown;
    struct letter_trial *trial = NULL;
    struct ops_error error;
    char *overlay = overlay_of(s, record);
    if (letter_trial_new(s->ops, s->now_ms, &trial, &error) != OPS_DONE ||
        letter_trial_make(trial, shown->letter.flow, record, overlay, &shown->trial, &error) !=
            OPS_DONE)
        (void)snprintf(shown->incomplete, sizeof shown->incomplete,
                       "what it would become now is not known: %.340s", error.text);
    else
        shown->has_trial = true;
    letter_trial_free(trial);
    free(overlay);
}

static int see_record(void *user, const struct kafka_record *record)
{
    struct showing *s = user;
    struct dlq_shown *shown = s->shown;
    struct codec_fault fault = {0};
    enum topic_role role;
    for (size_t i = 0; flows[i] != NULL; i++)
        s->is_result |= flow_topic_role(flows[i], record->topic, &role) && role == TOPIC_RESULTS;
    s->is_there = dead_letter_read(record, &shown->letter);
    if (!s->is_there)
        return 0;
    shown->record = record_json(record);
    if (record->value != NULL && !shown->letter.is_cut)
        shown->event = events_to_json(s->codec, record->value, record->value_size, &fault);
    if (shown->event == NULL)
        (void)snprintf(shown->undecodable, sizeof shown->undecodable, "%s",
                       pf_error_info(shown->letter.is_cut    ? PF_E_record_too_large
                                     : record->value == NULL ? PF_E_tombstone
                                                             : fault.code)
                           ->name);
    delivery_write(s);
    if (!shown->letter.is_cut)
        try_record(s, record);
    return 0;
}

/* ---- decisions ---- */

static int see_decision(void *user, const struct decision *d)
{
    struct showing *s = user;
    char at[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
    if (decision_apply(&s->book, d) != 0)
        return -ENOMEM;
    if (strcmp(d->delivery, s->delivery) != 0)
        return 0;
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "decision", decision_name(d->kind), "at",
                             clock_format(d->at_ms, at), "who", d->who, "reason", d->reason);
    if (json != NULL && d->kind == DECISION_ASSIGNED)
        (void)json_object_set_new(json, "assignee", json_string(d->assignee));
    if (json != NULL && d->kind == DECISION_SNOOZED)
        (void)json_object_set_new(json, "until", json_string(clock_format(d->until_ms, until)));
    if (json != NULL && d->kind == DECISION_EDITED)
        (void)json_object_set_new(json, "fields", json_string(d->fields));
    return json_array_append_new(s->shown->decisions, json) == 0 ? 0 : -ENOMEM;
}

static enum ops_kind read_decisions(struct showing *s)
{
    int64_t position = 0;
    if ((s->shown->decisions = json_array()) == NULL)
        return ops_fail_memory(s->error);
    return decisions_read(s->ops, &position, see_decision, s, s->error);
}

/* ---- others of its key ---- */

static void list_others(struct showing *s, const struct letter_case *own)
{
    struct dlq_shown *shown = s->shown;
    for (size_t i = s->book.count; i-- > 0 && shown->other_count < SHOWN_OTHERS_MAX;) {
        const struct letter_case *c = letter_book_at(&s->book, i);
        if (c == own || c->key != own->key)
            continue;
        dlq_place(c, shown->others[shown->other_count]);
        shown->other_states[shown->other_count++] = (enum letter_state)c->state;
    }
}

enum ops_kind dlq_show(struct ops *ops, const struct letter_place *place, int64_t since_ms,
                       int64_t now_ms, struct dlq_shown *ret_shown, struct ops_error *ret_error)
{
    struct showing s = {.ops = ops, .shown = ret_shown, .now_ms = now_ms, .error = ret_error};
    const struct dlq_options options = {.since_ms = since_ms};
    char incomplete[KAFKA_TEXT_MAX] = "";
    *ret_shown = (struct dlq_shown){.event = NULL};
    enum ops_kind kind = ops_codec(ops, &s.codec, ret_error);
    if (kind == OPS_DONE)
        kind = edit_book_read(ops, &s.edits, ret_error);
    if (kind == OPS_DONE)
        kind = dlq_fetch(ops, place, see_record, &s, ret_error);
    if (kind == OPS_DONE && s.is_result)
        kind = ops_fail(ret_error, OPS_DATA, "primaflow why shows its whole life",
                        "%s/%" PRId32 "/%" PRId64
                        " is a result: its order is in Prima, on hold or not",
                        place->topic, place->partition, place->offset);
    if (kind == OPS_DONE && !s.is_there)
        kind = ops_fail(ret_error, OPS_DATA, "primaflow dlq list --each shows those that there are",
                        "there is no dead letter %s/%" PRId32 "/%" PRId64, place->topic,
                        place->partition, place->offset);
    if (kind == OPS_DONE)
        kind = dlq_read(ops, &options, &s.book, incomplete, ret_error);
    if (kind == OPS_DONE)
        kind = read_decisions(&s);
    if (kind == OPS_DONE) {
        const struct letter_case *own = letter_book_find_place(&s.book, place);
        if (own != NULL)
            list_others(&s, own);
        ret_shown->state = own != NULL ? (enum letter_state)own->state : LETTER_OPEN;
        if (incomplete[0] != '\0')
            memcpy(ret_shown->incomplete, incomplete, sizeof incomplete);
    }
    letter_book_release(&s.book);
    edit_book_release(&s.edits);
    return kind;
}

void dlq_shown_release(struct dlq_shown *shown)
{
    json_decref(shown->event);
    json_decref(shown->record);
    json_decref(shown->decisions);
    json_decref(shown->edits);
}
