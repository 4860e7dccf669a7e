/* Editing one dead letter; see dlq_edit.h. */
#include "core/dlq_edit.h"

#include "core/audit.h"
#include "core/decision.h"
#include "core/edit_change.h"
#include "core/events.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "codec/overlay.h"
#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20, NAMES_MAX = 600 };

struct editing {
    struct ops *ops;
    const struct dlq_edit_options *options;
    struct dlq_edited *told;
    struct letter_book book;
    struct edit_book edits;
    struct letter_case *letter;
    char place[LETTER_PLACE_MAX];
    const char *delivery; /* as decisions name it */
    struct edit_change change;
    bool is_there;
    enum ops_kind kind;
    struct ops_error *error;
};

/* ---- the letter ---- */

static enum ops_kind refuse(struct editing *e, enum ops_kind kind, const char *remedy,
                            const char *why)
{
    return ops_fail(e->error, kind, remedy, "%s %s", e->place, why);
}

/* Of what Prima has, or may have, there is nothing to edit. */
static enum ops_kind check_letter(struct editing *e)
{
    const struct pf_error_info *info = pf_error_info((enum pf_error)e->letter->code);
    if (e->letter->state != LETTER_OPEN)
        return ops_fail(e->error, OPS_DATA, "see primaflow dlq show", "%s is %s already", e->place,
                        letter_state_name((enum letter_state)e->letter->state));
    if (e->letter->is_held)
        return refuse(e, OPS_DATA, "correct the order in Prima, and release it there",
                      "is on hold in Prima: the event cannot be edited any more");
    if (info->class == PF_CLASS_PARK)
        return refuse(
            e, OPS_DATA,
            "look for its number in Prima, then primaflow dlq retry: its worker asks Prima",
            "is parked: Prima may have the document, and what was sent is never edited");
    if (info->class == PF_CLASS_CONFLICT)
        return refuse(e, OPS_DATA,
                      "change the document in Prima, then primaflow amended, or dlq discard",
                      "is about a document that Prima has: the event cannot be edited any more");
    if (e->letter->is_cut)
        return refuse(e, OPS_DATA, "have the channel send it again",
                      "has no bytes: the record was too large");
    return OPS_DONE;
}

static enum ops_kind find_letter(struct editing *e)
{
    char incomplete[KAFKA_TEXT_MAX];
    const struct dlq_options options = {.since_ms = e->options->since_ms};
    enum ops_kind kind = dlq_read(e->ops, &options, &e->book, incomplete, e->error);
    if (kind == OPS_DONE && incomplete[0] != '\0')
        kind = ops_fail(e->error, OPS_UNAVAILABLE, "run it again", "%s", incomplete);
    if (kind == OPS_DONE)
        kind = edit_book_read(e->ops, &e->edits, e->error);
    if (kind != OPS_DONE)
        return kind;
    e->letter = letter_book_find_place(&e->book, &e->options->place);
    return e->letter != NULL ? check_letter(e)
                             : ops_fail(e->error, OPS_DATA,
                                        "primaflow dlq list --each shows those that there are; an "
                                        "older one needs --since",
                                        "there is no dead letter %s", e->place);
}

/* ---- what it is edited to ---- */

/* What is there already, with the version that people's decisions know. */
static enum ops_kind read_before(struct editing *e, const struct kafka_record *record)
{
    const int64_t version = e->letter->edits, expects = e->options->expects;
    if (expects >= 0 && expects != version)
        return ops_fail(e->error, OPS_USAGE, "see primaflow dlq show, then edit anew",
                        "%s was edited meanwhile: its edits are at version %" PRId64
                        ", not %" PRId64,
                        e->place, version, expects);
    e->told->version = version + 1;
    return edit_change_begin(&e->change, edit_book_find(&e->edits, e->letter->delivery),
                             letter_edits_header(record)) == 0
               ? OPS_DONE
               : ops_fail_memory(e->error);
}

static enum ops_kind make_change(struct editing *e)
{
    struct edit_change *c = &e->change;
    if (e->options->undoes) {
        const int rc = edit_change_undo(c);
        return rc == 0         ? OPS_DONE
               : rc == -ENOENT ? refuse(e, OPS_DATA, NULL, "has no edit to be undone")
                               : ops_fail_memory(e->error);
    }
    edit_change_set(c, e->options->texts, e->options->values);
    return json_equal(c->before, c->after)
               ? refuse(e, OPS_DATA, NULL, "has these values already: nothing is to be edited")
               : OPS_DONE;
}

static enum ops_kind write_overlay(struct editing *e)
{
    struct codec_fault fault = {PF_OK, ""};
    uint8_t digest[OVERLAY_DIGEST_SIZE];
    if (edit_change_write(&e->change, &fault) != 0)
        return ops_fail(e->error, OPS_USAGE,
                        "write paths as primaflow dlq show prints the event: lines[0].sku",
                        "the edit cannot be: %s", fault.message);
    e->told->fields = edit_change_list(&e->change);
    if (e->change.overlay == NULL)
        return OPS_DONE;
    overlay_digest(e->change.overlay, strlen(e->change.overlay), digest);
    (void)digest_hex(digest, sizeof digest, e->told->digest);
    return OPS_DONE;
}

/* ---- trying it ---- */

static enum ops_kind judge_trial(struct editing *e)
{
    const struct trial *trial = &e->told->trial;
    char text[TRIAL_TEXT_MAX];
    trial_text(trial, text);
    if (trial->key_state == 'k')
        return refuse(e, OPS_DATA, "primaflow dlq retry has its worker ask Prima",
                      "is of a key that is parked: Prima may have the document");
    if (trial->key_state == 'p')
        return refuse(e, OPS_DATA, "see primaflow why",
                      "is of a key that is posted: Prima has its document");
    if (e->change.overlay ==
        NULL) /* as the channel sent it: that it stops again is why it is here */
        return OPS_DONE;
    if (trial->end == TRIAL_STOPS)
        return ops_fail(e->error, OPS_DATA,
                        "set all that it needs in one edit, or change the mappings first",
                        "with this edit %s would be a %s again%s%s", e->place, text,
                        trial->detail[0] != '\0' ? ": " : "", trial->detail);
    if (trial->end == TRIAL_UNDECIDED)
        return ops_fail(e->error, OPS_UNAVAILABLE, "run it again when Prima answers",
                        "what the edit comes to cannot be found out now: %s", trial->detail);
    return OPS_DONE;
}

static enum ops_kind try_edit(struct editing *e, const struct kafka_record *record)
{
    struct letter_trial *trial = NULL;
    enum ops_kind kind = letter_trial_new(e->ops, clock_wall_ms(), &trial, e->error);
    if (kind == OPS_DONE)
        kind = letter_trial_make(trial, e->told->letter.flow, record, e->change.overlay,
                                 &e->told->trial, e->error);
    letter_trial_free(trial);
    e->told->has_trial = kind == OPS_DONE;
    return kind == OPS_DONE ? judge_trial(e) : kind;
}

static enum ops_kind decode_event(struct editing *e, const struct kafka_record *record)
{
    const struct bound_record *bound = e->told->letter.flow->event;
    struct codec_fault fault = {PF_OK, ""};
    struct codec *codec = NULL;
    char message[300];
    struct arena *arena = arena_new(ARENA_MAX);
    void *event = arena != NULL ? arena_alloc(arena, bound->size) : NULL;
    enum ops_kind kind =
        event != NULL ? ops_codec(e->ops, &codec, e->error) : ops_fail_memory(e->error);
    if (kind == OPS_DONE && codec_check(codec, bound, message) != 0)
        kind = ops_fail(e->error, OPS_CONFIG, NULL, "%s", message);
    if (kind == OPS_DONE &&
        (record->value == NULL ||
         events_decode(codec, bound, record->value, record->value_size, arena, event, &fault) != 0))
        kind = refuse(e, OPS_DATA, "have the channel send it again",
                      "cannot be edited: its bytes cannot be decoded");
    if (kind == OPS_DONE && (e->change.event = codec_struct_to_json(codec, bound, event)) == NULL)
        kind = ops_fail_memory(e->error);
    arena_free(arena);
    return kind;
}

static enum ops_kind edit_record(struct editing *e, const struct kafka_record *record)
{
    enum ops_kind kind = decode_event(e, record);
    if (kind == OPS_DONE)
        kind = read_before(e, record);
    if (kind == OPS_DONE)
        kind = make_change(e);
    if (kind == OPS_DONE)
        kind = write_overlay(e);
    return kind == OPS_DONE ? try_edit(e, record) : kind;
}

static int see_record(void *user, const struct kafka_record *record)
{
    struct editing *e = user;
    e->is_there = dead_letter_read(record, &e->told->letter);
    e->delivery = e->told->letter.delivery[0] != '\0' ? e->told->letter.delivery : e->place;
    if (e->is_there)
        e->kind = edit_record(e, record);
    return 0;
}

/* ---- writing ---- */

/* Names alone, of what this edit changed. */
static void write_names(const struct editing *e, char text[static NAMES_MAX])
{
    size_t used = 0, i;
    json_t *fields = edit_change_fields(&e->change), *field;
    text[0] = '\0';
    json_array_foreach(fields, i, field) if (used < NAMES_MAX) used +=
        (size_t)snprintf(text + used, NAMES_MAX - used, "%s%s", used > 0 ? ", " : "",
                         json_string_value(json_object_get(field, "field")));
    json_decref(fields);
}

static int write_edit(struct editing *e, struct kafka_writer *writer, struct kafka_words *message)
{
    const struct dlq_edit_options *o = e->options;
    char names[NAMES_MAX];
    uint8_t digest[DIGEST_SIZE];
    const char *overlay = e->change.overlay != NULL ? e->change.overlay : "";
    digest_sha256(overlay, strlen(overlay), digest);
    write_names(e, names);
    const struct decision decision = {.kind = DECISION_EDITED,
                                      .letter = e->place,
                                      .delivery = e->delivery,
                                      .key = e->told->letter.natural,
                                      .who = o->who,
                                      .reason = o->reason,
                                      .assignee = "",
                                      .fields = names,
                                      .digest = e->told->digest,
                                      .version = e->told->version,
                                      .at_ms = clock_wall_ms()};
    const struct audit audit = {.who = o->who,
                                .action = o->undoes ? "dlq edit --undo" : "dlq edit",
                                .reason = o->reason,
                                .topic = topic_ops_overlays,
                                .written = 1,
                                .digest = digest};
    int rc = kafka_writer_begin(writer, message->text);
    if (rc == 0)
        rc = letter_edits_add(writer, e->delivery, e->change.record, message);
    if (rc == 0)
        rc = letter_edits_close(&e->edits, &e->book, writer, message);
    if (rc == 0)
        rc = decision_add(writer, &decision, message);
    if (rc == 0)
        rc = audit_add(writer, &audit, message);
    (void)fail_point("dlq.edit.added");
    if (rc == 0)
        rc = kafka_writer_commit(writer, message->text);
    (void)fail_point("dlq.edit.committed");
    return rc;
}

static int see_decision(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

/* Whoever may only read is told what it takes: Kafka does not say which topic it was. */
static enum ops_kind fail_write(struct editing *e, int rc, const struct kafka_words *message)
{
    if (rc == -EMSGSIZE)
        return ops_fail(e->error, OPS_USAGE, "edit fewer fields", "%s", message->text);
    const enum ops_kind kind = ops_fail_kafka(e->error, rc, message);
    (void)snprintf(e->error->remedy, sizeof e->error->remedy,
                   "an edit needs WRITE on %s, %s and %s", topic_ops_overlays, topic_ops_decisions,
                   topic_ops_audit);
    return kind;
}

/* With the pen in hand nobody else decides: what was decided since the book was read is looked at first. */
static enum ops_kind write_with_pen(struct editing *e)
{
    struct kafka_writer *writer = NULL;
    struct kafka_words message = {""};
    enum ops_kind kind = decisions_pen(e->ops, EDITS_BYTES_MAX, &writer, e->error);
    (void)fail_point("dlq.edit.pen");
    if (kind != OPS_DONE)
        return kind;
    kind = decisions_read(e->ops, &e->book.decided_to, see_decision, &e->book, e->error);
    if (kind == OPS_DONE && letter_book_judge(&e->book) != 0)
        kind = ops_fail_memory(e->error);
    if (kind == OPS_DONE)
        kind = check_letter(e);
    if (kind == OPS_DONE && e->letter->edits != e->told->version - 1)
        kind = refuse(e, OPS_DATA, "see primaflow dlq show, then edit anew",
                      "was edited by somebody else meanwhile; nothing was written");
    if (kind == OPS_DONE) {
        const int rc = write_edit(e, writer, &message);
        kind = rc == 0 ? OPS_DONE : fail_write(e, rc, &message);
    }
    kafka_writer_free(writer);
    e->told->written = kind == OPS_DONE;
    return kind;
}

static enum ops_kind make_record(struct editing *e)
{
    const struct edit_author author = {.letter = e->place,
                                       .delivery = e->delivery,
                                       .who = e->options->who,
                                       .reason = e->options->reason,
                                       .version = e->told->version,
                                       .at_ms = clock_wall_ms(),
                                       .undoes = e->options->undoes};
    return edit_change_record(&e->change, &author) == 0 ? OPS_DONE : ops_fail_memory(e->error);
}

static enum ops_kind edit_all(struct editing *e)
{
    enum ops_kind kind = find_letter(e);
    if (kind == OPS_DONE)
        kind = dlq_fetch(e->ops, &e->options->place, see_record, e, e->error);
    if (kind == OPS_DONE && !e->is_there)
        kind = refuse(e, OPS_DATA, NULL, "has gone with its topic's retention");
    if (kind == OPS_DONE)
        kind = e->kind;
    if (kind == OPS_DONE && e->options->writes)
        kind = make_record(e);
    return kind == OPS_DONE && e->options->writes ? write_with_pen(e) : kind;
}

enum ops_kind dlq_edit(struct ops *ops, const struct dlq_edit_options *options,
                       struct dlq_edited *ret_edited, struct ops_error *ret_error)
{
    struct editing e = {.ops = ops, .options = options, .told = ret_edited, .error = ret_error};
    *ret_edited = (struct dlq_edited){.written = false};
    (void)snprintf(e.place, sizeof e.place, "%s/%" PRId32 "/%" PRId64, options->place.topic,
                   options->place.partition, options->place.offset);
    const enum ops_kind kind = edit_all(&e);
    letter_book_release(&e.book);
    edit_book_release(&e.edits);
    edit_change_release(&e.change);
    return kind;
}

void dlq_edited_release(struct dlq_edited *edited)
{
    json_decref(edited->fields);
}
