/* Reading and grouping exceptions; see dlq.h. */
#include "core/dlq.h"

#include "core/decision.h"
#include "core/held.h"
#include "core/letter_amount.h"
#include "core/letter_result.h"
#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20 };

struct dlq_reading {
    struct letter_book *book;
    struct codec *codec; /* NULL: amounts are not asked for */
    int64_t oldest_ms;
};

/* ---- the letters ---- */

static int letter_take(void *user, const struct kafka_record *record)
{
    struct dlq_reading *r = user;
    struct dead_letter letter;
    struct letter_case *c;
    if (!dead_letter_read(record, &letter))
        return 0;
    if (letter_book_enter(r->book, &letter, record->key, record->key_size, &c) != 0)
        return -ENOMEM;
    if (letter.at_ms < r->oldest_ms)
        r->oldest_ms = letter.at_ms;
    if (r->codec == NULL || letter.is_cut)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    const struct letter_amount amount = letter_amount_read(r->codec, letter.flow, record, arena);
    arena_free(arena);
    c->minor = amount.minor;
    memcpy(c->currency, amount.currency, sizeof c->currency);
    return 0;
}

enum ops_kind dlq_topics(struct ops *ops, enum topic_role role, struct flow_topics *ret_all,
                         struct ops_error *ret_error)
{
    ret_all->count = 0;
    for (size_t i = 0; flows[i] != NULL; i++) {
        struct flow_topics own;
        const enum ops_kind kind =
            flow_topics_list(ops, flows[i], false, TOPIC_ROLE(role), &own, ret_error);
        if (kind != OPS_DONE)
            return kind;
        for (size_t t = 0; t < own.count; t++)
            ret_all->list[ret_all->count++] = own.list[t];
    }
    return OPS_DONE;
}

static enum ops_kind letters_read(struct ops *ops, int64_t since_ms, struct dlq_reading *r,
                                  struct ops_error *ret_error)
{
    const struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                      .from_value = since_ms,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1};
    struct kafka_words message = {""};
    struct flow_topics topics;
    const enum ops_kind kind = dlq_topics(ops, TOPIC_DEAD_LETTERS, &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, letter_take, r, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, "say --since",
                        "no memory for so many dead letters (%d at most)", LETTER_BOOK_MAX);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- results ---- */

struct result_reading {
    struct letter_book *book;
    struct codec *codec;
    bool holds;
};

static int result_take(void *user, const struct kafka_record *record)
{
    struct result_reading *r = user;
    struct letter_result result;
    const bool concerns = letter_book_concerns(r->book, record->key, record->key_size);
    int rc = 0;
    if (!concerns && !r->holds)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    const bool is_read = letter_result_read(r->codec, record, arena, &result);
    if (is_read && concerns)
        letter_book_result(r->book, &(const struct letter_end){.natural = result.natural,
                                                               .resolves = result.resolves,
                                                               .origin = result.origin,
                                                               .at_ms = record->timestamp_ms});
    if (is_read && r->holds)
        rc = held_enter(r->book, record, &result);
    arena_free(arena);
    return rc;
}

static enum ops_kind results_read(struct ops *ops, const struct dlq_reading *letters,
                                  const struct dlq_options *options,
                                  char ret_incomplete[static KAFKA_TEXT_MAX],
                                  struct ops_error *ret_error)
{
    const struct kafka_range range = {
        .from = KAFKA_FROM_TIME,
        .from_value = options->holds && options->since_ms < letters->oldest_ms ? options->since_ms
                                                                               : letters->oldest_ms,
        .until = KAFKA_UNTIL_WRITTEN,
        .partition = -1};
    struct result_reading reading = {.book = letters->book, .holds = options->holds};
    struct kafka_words message = {""};
    struct flow_topics topics;
    enum ops_kind kind = dlq_topics(ops, TOPIC_RESULTS, &topics, ret_error);
    if (kind == OPS_DONE)
        kind = ops_codec(ops, &reading.codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, result_take, &reading, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail_memory(ret_error);
    if (rc != 0)
        (void)snprintf(ret_incomplete, KAFKA_TEXT_MAX,
                       "results not read, some may be resolved: %.340s", message.text);
    return OPS_DONE;
}

/* ---- what is remembered ---- */

struct remembered {
    int64_t since_ms;
    bool any;
};

static int oldest_take(void *user, const struct decision *decision)
{
    struct remembered *r = user;
    if (decision->kind != DECISION_REMEMBERED)
        return 0;
    r->any = true;
    if (decision->letter_at_ms > 0 && decision->letter_at_ms < r->since_ms)
        r->since_ms = decision->letter_at_ms;
    return 0;
}

static int recall_take(void *user, const struct decision *decision)
{
    return decision_recall(user, decision);
}

/* ---- all ---- */

static int decision_take(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

static enum ops_kind enter_more(const struct dlq_options *options, struct dlq_reading *r,
                                struct ops_error *ret_error)
{
    size_t i = r->book->count;
    const enum ops_kind kind = options->enter(options->user, r->book, ret_error);
    for (; kind == OPS_DONE && i < r->book->count; i++)
        if (letter_book_at(r->book, i)->at_ms < r->oldest_ms)
            r->oldest_ms = letter_book_at(r->book, i)->at_ms;
    return kind;
}

enum ops_kind dlq_read(struct ops *ops, const struct dlq_options *options,
                       struct letter_book *ret_book, char ret_incomplete[static KAFKA_TEXT_MAX],
                       struct ops_error *ret_error)
{
    struct dlq_reading reading = {.book = ret_book, .oldest_ms = INT64_MAX};
    struct remembered remembered = {.since_ms = options->since_ms};
    int64_t position = 0;
    enum ops_kind kind = OPS_DONE;
    ret_incomplete[0] = '\0';
    if (options->amounts)
        kind = ops_codec(ops, &reading.codec, ret_error);
    /* What the book lacks of those that are remembered has gone: it is read from before them. */
    if (kind == OPS_DONE)
        kind = decisions_read(ops, &position, oldest_take, &remembered, ret_error);
    if (kind == OPS_DONE)
        kind = letters_read(ops, remembered.since_ms, &reading, ret_error);
    if (kind == OPS_DONE && options->enter != NULL)
        kind = enter_more(options, &reading, ret_error);
    position = 0;
    if (kind == OPS_DONE && remembered.any)
        kind = decisions_read(ops, &position, recall_take, ret_book, ret_error);
    if (remembered.any && remembered.since_ms < reading.oldest_ms)
        reading.oldest_ms = remembered.since_ms;
    if (kind == OPS_DONE && (ret_book->count > 0 || options->holds))
        kind = results_read(ops, &reading, options, ret_incomplete, ret_error);
    if (kind == OPS_DONE)
        kind = decisions_read(ops, &ret_book->decided_to, decision_take, ret_book, ret_error);
    if (kind == OPS_DONE && letter_book_judge(ret_book) != 0)
        kind = ops_fail_memory(ret_error);
    return kind;
}

/* ---- which ---- */

/* "01/shopify/uk" has these parts; NULL: any. */
static bool shop_is(const char *shop, const char *company, const char *channel, const char *store)
{
    const char *const wanted[] = {company, channel, store};
    for (size_t i = 0; i < 3; i++) {
        const size_t size = strcspn(shop, "/");
        if (wanted[i] != NULL && (strlen(wanted[i]) != size || strncmp(shop, wanted[i], size) != 0))
            return false;
        shop += size + (shop[size] == '/');
    }
    return true;
}

static bool cause_is(const struct letter_cause *cause, const char *beginning)
{
    char id[17];
    (void)snprintf(id, sizeof id, "%016" PRIx64, cause->id);
    return strncmp(id, beginning, strlen(beginning)) == 0;
}

static const struct letter_note *note_of(const struct letter_book *book,
                                         const struct letter_case *letter)
{
    return letter->note > 0 ? &book->notes[letter->note - 1] : NULL;
}

bool dlq_matches(const struct letter_book *book, const struct dlq_filter *f,
                 const struct letter_case *letter, int64_t now_ms)
{
    const struct letter_cause *cause = &book->causes[letter->cause];
    const struct letter_note *note = note_of(book, letter);
    const struct pf_error_info *info = pf_error_info((enum pf_error)letter->code);
    const char *assignee = note != NULL && note->assignee != NULL ? note->assignee : "";
    return (f->states & 1U << letter->state) != 0 &&
           (f->with_snoozed || note == NULL || note->snoozed_until_ms <= now_ms) &&
           (f->flow == NULL || f->flow == cause->flow) &&
           (f->code == PF_OK || f->code == (enum pf_error)letter->code) &&
           (f->klass < 0 || f->klass == (int)info->class) &&
           (f->kind < 0 ||
            f->kind == (int)letter_kind_of((enum pf_error)letter->code, letter->is_held)) &&
           (f->owner == PF_OWNER_NONE || f->owner == info->owner) &&
           (f->before_ms == 0 || letter->at_ms < f->before_ms) &&
           (f->after_ms == 0 || letter->at_ms >= f->after_ms) &&
           (f->assignee == NULL || strcmp(f->assignee, assignee) == 0) &&
           (f->cause == NULL || cause_is(cause, f->cause)) &&
           shop_is(cause->shop, f->company, f->channel, f->store);
}

/* ---- groups ---- */

static void sum_add(struct dlq_group *group, const struct letter_case *letter)
{
    size_t i = 0;
    if (letter->currency[0] == '\0')
        return;
    while (i < DLQ_SUMS_MAX && group->sums[i].currency[0] != '\0' &&
           strcmp(group->sums[i].currency, letter->currency) != 0)
        i++;
    if (i == DLQ_SUMS_MAX) {
        group->has_more_sums = true;
        return;
    }
    memcpy(group->sums[i].currency, letter->currency, sizeof letter->currency);
    if (__builtin_add_overflow(group->sums[i].minor, letter->minor, &group->sums[i].minor))
        group->sums[i].is_too_large = true;
}

static void group_add(struct dlq_group *group, struct letter_case *letter)
{
    if (group->count == 0 || letter->at_ms < group->oldest_ms)
        group->oldest_ms = letter->at_ms;
    if (group->count == 0 || letter->at_ms >= group->newest_ms) {
        group->newest_ms = letter->at_ms;
        group->example = letter;
    }
    group->count++;
    sum_add(group, letter);
}

static int compare_groups(const void *a_, const void *b_)
{
    const struct dlq_group *a = a_, *b = b_;
    const enum pf_severity of_a = pf_error_info(a->cause->code)->severity,
                           of_b = pf_error_info(b->cause->code)->severity;
    if (of_a != of_b)
        return of_a > of_b ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->cause->id < b->cause->id ? -1 : 1;
}

int dlq_group(const struct letter_book *book, const struct dlq_filter *filter, int64_t now_ms,
              struct dlq_group **ret_groups, size_t *ret_count)
{
    size_t count = 0;
    struct dlq_group *groups = calloc(book->cause_count + 1, sizeof *groups);
    if (groups == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < book->count; i++) {
        struct letter_case *letter = letter_book_at(book, i);
        if (dlq_matches(book, filter, letter, now_ms))
            group_add(&groups[letter->cause], letter);
    }
    for (size_t i = 0; i < book->cause_count; i++) {
        if (groups[i].count == 0)
            continue;
        groups[count] = groups[i];
        groups[count++].cause = &book->causes[i];
    }
    qsort(groups, count, sizeof *groups, compare_groups);
    *ret_groups = groups;
    *ret_count = count;
    return 0;
}

void dlq_place(const struct letter_case *letter, char text[static LETTER_PLACE_MAX])
{
    struct dead_letter l = {.partition = letter->partition, .offset = letter->offset};
    if (letter->is_held)
        (void)snprintf(l.topic, sizeof l.topic, "%s", flows[letter->flow]->outputs[0].name);
    else
        (void)topic_of_input(flows[letter->flow]->reads, TOPIC_PART_DLQ, "", false, l.topic,
                             sizeof l.topic);
    dead_letter_place(&l, text);
}

/* ---- one of them ---- */

struct fetching {
    const struct letter_place *place;
    kafka_record_seen seen;
    void *user;
    int rc;
};

enum { FETCHED = 1 };

static int fetch_take(void *user, const struct kafka_record *record)
{
    struct fetching *f = user;
    if (record->offset != f->place->offset) /* it has gone, and this is what comes behind it */
        return FETCHED;
    f->rc = f->seen(f->user, record);
    return FETCHED;
}

enum ops_kind dlq_fetch(struct ops *ops, const struct letter_place *place, kafka_record_seen seen,
                        void *user, struct ops_error *ret_error)
{
    const char *const topics[] = {place->topic};
    const struct kafka_range range = {
        .from = KAFKA_FROM_OFFSET, .from_value = place->offset, .partition = place->partition};
    struct fetching fetching = {.place = place, .seen = seen, .user = user};
    struct kafka_words message = {""};
    const int rc =
        kafka_read(ops_config(ops), topics, 1, &range, fetch_take, &fetching, message.text);
    if (rc != 0 && rc != FETCHED)
        return ops_fail_kafka(ret_error, rc, &message);
    return fetching.rc == 0 ? OPS_DONE : ops_fail_memory(ret_error);
}
