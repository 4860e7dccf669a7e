/* Refunds by their keys, and where each stands; see refund_book.h. */
#include "core/refund_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool case_is(const void *item, const void *natural)
{
    return strcmp(((const struct refund_case *)item)->natural, natural) == 0;
}

static uint64_t text_hash(const char *text)
{
    return table_hash(TABLE_HASH_BEGIN, text, strlen(text));
}

static uint64_t place_hash(const char *place)
{
    return place == NULL || place[0] == '\0' ? 0 : text_hash(place);
}

static void case_free(struct refund_case *refund)
{
    if (refund == NULL)
        return;
    free(refund->texts);
    free((void *)(uintptr_t)refund->document);
    free(refund->marks);
    free(refund);
}

void refund_book_release(struct refund_book *book)
{
    for (size_t i = 0; i < book->count; i++)
        case_free(book->cases[i]);
    free(book->cases);
    table_release(&book->by_key);
    *book = (struct refund_book){.count = 0};
}

/* ---- entering ---- */

static const char *text_keep(char **at, const char *text)
{
    const size_t size = strlen(text) + 1;
    const char *kept = memcpy(*at, text, size);
    *at += size;
    return kept;
}

static struct refund_case *case_new(const struct refund_message *m)
{
    struct refund_case *refund = calloc(1, sizeof *refund);
    char *at = malloc(strlen(m->natural) + strlen(m->order) + strlen(m->company) +
                      strlen(m->refund_id) + 4);
    if (refund == NULL || at == NULL) {
        free(refund);
        free(at);
        return NULL;
    }
    refund->texts = at;
    refund->natural = text_keep(&at, m->natural);
    refund->order = text_keep(&at, m->order);
    refund->company = text_keep(&at, m->company);
    refund->refund_id = text_keep(&at, m->refund_id);
    return refund;
}

static struct refund_case *case_enter(struct refund_book *book, const struct refund_message *m)
{
    const uint64_t hash = text_hash(m->natural);
    struct refund_case *refund = table_find(&book->by_key, hash, case_is, m->natural);
    if (refund != NULL)
        return refund;
    if (book->count == REFUND_BOOK_MAX)
        return NULL;
    if (book->count == book->room) {
        const size_t room = book->room > 0 ? 2 * book->room : 64;
        struct refund_case **more = realloc(book->cases, room * sizeof *more);
        if (more == NULL)
            return NULL;
        book->cases = more;
        book->room = room;
    }
    refund = case_new(m);
    if (refund == NULL || table_add(&book->by_key, hash, refund) != 0) {
        case_free(refund);
        return NULL;
    }
    book->cases[book->count++] = refund;
    return refund;
}

static int mark_add(struct refund_case *refund, const struct refund_message *m)
{
    if ((refund->mark_count & (refund->mark_count - 1)) == 0) { /* 0, 1, 2, 4, ... are there */
        const size_t room = refund->mark_count > 0 ? 2 * refund->mark_count : 1;
        struct refund_mark *more = realloc(refund->marks, room * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        refund->marks = more;
    }
    refund->marks[refund->mark_count++] = (struct refund_mark){.role = m->role,
                                                               .at_ms = m->at_ms,
                                                               .delivery = place_hash(m->delivery),
                                                               .resolves = place_hash(m->resolves),
                                                               .code = m->code,
                                                               .outcome = m->outcome};
    return 0;
}

static bool is_before_despatch(const struct refund_event *event)
{
    for (size_t i = 0; i < event->lines.count; i++)
        if (event->lines.items[i].restock == RESTOCK_CANCEL)
            return true;
    return event->kind == REFUND_KIND_EDIT;
}

int refund_book_enter(struct refund_book *book, const struct refund_message *m)
{
    struct refund_case *refund = case_enter(book, m);
    if (refund == NULL || mark_add(refund, m) != 0)
        return -ENOMEM;
    if (m->event != NULL && (!refund->has_money || m->version >= refund->version)) {
        refund->has_money = true;
        refund->money = m->money;
        refund->version = m->version;
        refund->is_before_despatch = is_before_despatch(m->event);
    }
    if (m->document != NULL && refund->document == NULL &&
        (refund->document = strdup(m->document)) == NULL)
        return -ENOMEM;
    return 0;
}

/* ---- judging ---- */

/* A result or a dead letter. */
static bool is_end(const struct refund_mark *m)
{
    return m->role == TOPIC_RESULTS || m->role == TOPIC_DEAD_LETTERS;
}

/* What came in goes first, what ended it last: of one moment. */
static int mark_rank(const struct refund_mark *m)
{
    return is_end(m) ? 2 : m->role == TOPIC_RETRY ? 1 : 0;
}

static int mark_compare(const void *a_, const void *b_)
{
    const struct refund_mark *a = a_, *b = b_;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return mark_rank(a) - mark_rank(b);
}

static bool is_ended(const struct refund_case *refund, uint64_t delivery)
{
    for (size_t i = 0; i < refund->mark_count; i++)
        if (is_end(&refund->marks[i]) && refund->marks[i].delivery == delivery)
            return true;
    return false;
}

static bool is_resolved(const struct refund_case *refund, const struct refund_mark *dead)
{
    for (size_t i = 0; i < refund->mark_count; i++)
        if (dead->delivery != 0 && refund->marks[i].resolves == dead->delivery)
            return true;
    return false;
}

/* Goes on in a retry topic, so that not its worker has to be waited for. */
static bool is_forwarded(const struct refund_case *refund, uint64_t delivery)
{
    for (size_t i = 0; i < refund->mark_count; i++)
        if (refund->marks[i].role == TOPIC_RETRY && refund->marks[i].delivery == delivery)
            return true;
    return false;
}

/* Is it about the delivery alone, and says nothing of the refund? */
static bool is_of_delivery(enum outcome outcome)
{
    return outcome == OUTCOME_DUPLICATE || outcome == OUTCOME_SUPERSEDED;
}

static void judge_result(struct refund_standing *s, const struct refund_mark *m)
{
    const bool is_posted = m->outcome == OUTCOME_POSTED || m->outcome == OUTCOME_POSTED_ON_HOLD;
    const bool is_known =
        s->place == REFUND_CREDITED || (is_of_delivery(m->outcome) && s->since_ms > 0);
    if (is_known && !is_posted)
        return;
    /* a duplicate, and nothing else is known: its note is older than what was read */
    const bool is_credited = is_posted || m->outcome == OUTCOME_DUPLICATE;
    *s = (struct refund_standing){is_credited ? REFUND_CREDITED : REFUND_SETTLED, PF_OK, m->outcome,
                                  m->at_ms};
}

static void judge_dead(struct refund_standing *s, const struct refund_case *refund,
                       const struct refund_mark *m)
{
    const enum pf_class class = pf_error_info(m->code)->class;
    if (is_resolved(refund, m))
        return;
    if (class == PF_CLASS_CONFLICT || s->place == REFUND_CREDITED) {
        /* a note is there, whether or not its result is old enough to be gone */
        *s = (struct refund_standing){REFUND_CREDITED, m->code, OUTCOME_POSTED, m->at_ms};
        return;
    }
    if (m->code == PF_E_parked_behind && s->place == REFUND_PARKED)
        return; /* the one before it says why */
    *s = (struct refund_standing){class == PF_CLASS_PARK ? REFUND_PARKED : REFUND_STOPPED, m->code,
                                  OUTCOME_COUNT, m->at_ms};
}

static void judge_wait(struct refund_standing *s, const struct refund_case *refund,
                       const struct refund_mark *m)
{
    if (s->place == REFUND_CREDITED || s->place == REFUND_PARKED || is_ended(refund, m->delivery))
        return;
    const int64_t since_ms = s->place == REFUND_WAITING && s->since_ms > 0 ? s->since_ms : m->at_ms;
    *s = (struct refund_standing){REFUND_WAITING, m->code, OUTCOME_COUNT, since_ms};
}

/* Who has work with it comes before who only has not looked yet. */
static void judge_input(struct refund_standing *s, const struct refund_case *refund,
                        const struct refund_mark *m)
{
    if (is_ended(refund, m->delivery) || is_forwarded(refund, m->delivery) ||
        (s->since_ms > 0 && s->place != REFUND_SETTLED))
        return;
    *s = (struct refund_standing){REFUND_UNREAD, PF_OK, OUTCOME_COUNT, m->at_ms};
}

struct refund_standing refund_judge(struct refund_case *refund)
{
    struct refund_standing s = {.place = REFUND_SETTLED, .outcome = OUTCOME_COUNT};
    if (refund->mark_count > 0)
        qsort(refund->marks, refund->mark_count, sizeof *refund->marks, mark_compare);
    for (size_t i = 0; i < refund->mark_count; i++) {
        const struct refund_mark *m = &refund->marks[i];
        if (m->role == TOPIC_RESULTS)
            judge_result(&s, m);
        else if (m->role == TOPIC_DEAD_LETTERS)
            judge_dead(&s, refund, m);
        else if (m->role == TOPIC_RETRY)
            judge_wait(&s, refund, m);
    }
    for (size_t i = 0; i < refund->mark_count; i++)
        if (refund->marks[i].role == TOPIC_INPUT || refund->marks[i].role == TOPIC_REPLAY)
            judge_input(&s, refund, &refund->marks[i]);
    return s;
}

void refund_correct(struct refund_standing *s, char redis_state)
{
    if (redis_state == 'd' && s->place != REFUND_CREDITED)
        *s = (struct refund_standing){REFUND_SETTLED, PF_OK, OUTCOME_COUNT, s->since_ms};
    else if (redis_state == 'p' && s->place != REFUND_CREDITED)
        *s = (struct refund_standing){REFUND_CREDITED, PF_OK, OUTCOME_POSTED, s->since_ms};
}

/* ---- words ---- */

const char *refund_place_name(enum refund_place place)
{
    static const char *const names[REFUND_PLACES] = {
        [REFUND_CREDITED] = "credited", [REFUND_SETTLED] = "settled", [REFUND_STOPPED] = "stopped",
        [REFUND_PARKED] = "parked",     [REFUND_WAITING] = "waiting", [REFUND_UNREAD] = "unread"};
    return names[place];
}

enum pf_owner refund_owner(const struct refund_standing *s)
{
    if (s->code != PF_OK)
        return pf_error_info(s->code)->owner;
    return s->place == REFUND_CREDITED || s->place == REFUND_SETTLED ? PF_OWNER_NONE
                                                                     : PF_OWNER_OPERATIONS;
}

const char *refund_reason(const struct refund_standing *s)
{
    if (s->code != PF_OK)
        return pf_error_info(s->code)->name;
    switch (s->place) {
    case REFUND_CREDITED:
    case REFUND_SETTLED:
        return s->outcome != OUTCOME_COUNT ? refund_outcome_names[s->outcome] : "discarded";
    case REFUND_WAITING:
        return "retry";
    case REFUND_UNREAD:
        return "not_processed";
    default:
        return "no_code";
    }
}
