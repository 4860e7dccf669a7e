/* What people decide of parked records; see parked.h. */
#include "core/parked.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/text.h"
#include "core/letter_trial.h"
#include "core/parked_redis.h"
#include "core/parked_write.h"

#include <string.h>

enum { SUMMARY_MAX = 1 << 20 };

struct parking {
    struct ops *ops;
    const struct parked_options *options;
    struct parked_case found;
    struct parked_key key;
    struct buf summary; /* by today's rules */
    struct parked_told *told;
};

/* ---- before anything is written ---- */

static const char *noun(const struct parking *p)
{
    return p->found.letter.flow->noun;
}

static enum ops_kind is_untold(const struct parking *p, struct ops_error *ret_error)
{
    return ops_fail(
        ret_error, OPS_UNAVAILABLE, "run it again when it answers; see primaflow doctor",
        "Prima does not say whether it has %s: %s", p->found.key.document, p->told->prima.why_not);
}

static enum ops_kind check_resolve(struct parking *p, struct ops_error *ret_error)
{
    const struct parked_prima *prima = &p->told->prima;
    const char *number = p->found.key.document;
    if (prima->number == PARKED_UNTOLD)
        return is_untold(p, ret_error);
    if (prima->number == PARKED_ABSENT)
        return ops_fail(ret_error, OPS_DATA,
                        "look once more in Prima, then primaflow dlq release; it says how long is "
                        "to be waited",
                        "Prima does not have %s, and nothing proves that what was sent of it has "
                        "ended",
                        number);
    if (!p->told->key.is_proven)
        return ops_fail(ret_error, OPS_DATA,
                        "open it in Prima. The same customer, lines and total: primaflow dlq "
                        "adopt. Somebody else's: primaflow dlq discard",
                        "Prima has %s, and nothing proves that we sent it", number);
    return OPS_DONE;
}

static enum ops_kind check_document(const struct parking *p, struct ops_error *ret_error)
{
    const struct parked_prima *prima = &p->told->prima;
    const char *number = p->found.key.document;
    if (strcmp(p->options->document, number) != 0)
        return ops_fail(ret_error, OPS_DATA,
                        "one that was entered by hand under another number is no document of this "
                        "record: primaflow dlq discard, with that reason",
                        "Prima's number of %s is %s, not %s", p->found.letter.natural, number,
                        p->options->document);
    if (prima->number == PARKED_UNTOLD)
        return is_untold(p, ret_error);
    if (prima->number == PARKED_ABSENT)
        return ops_fail(ret_error, OPS_DATA, "primaflow dlq release sends it again",
                        "Prima does not have %s: there is nothing to adopt", number);
    return OPS_DONE;
}

static enum ops_kind check_sum(struct parking *p, struct ops_error *ret_error)
{
    struct parked_prima *prima = &p->told->prima;
    parked_prima_compare(&p->found, prima);
    if (prima->agrees || p->options->force)
        return OPS_DONE;
    if (!prima->is_compared)
        return ops_fail(ret_error, OPS_DATA,
                        "compare it by hand (customer, lines, total), then say --force and what "
                        "you compared as --evidence",
                        "the sum of %s could not be compared: %s", p->found.key.document,
                        prima->why_not_compared);
    return ops_fail(ret_error, OPS_DATA,
                    "another's document: primaflow dlq discard. Ours all the same: --force, and "
                    "why it differs as --evidence",
                    "Prima's %s is %s, and this %s is %s", p->found.key.document, prima->sum,
                    noun(p), prima->own_sum);
}

/* What was sent is not known any more: what would be sent today is its summary. */
static enum ops_kind make_summary(struct parking *p, struct ops_error *ret_error)
{
    struct letter_trial *trial = NULL;
    struct trial now = {.end = TRIAL_UNDECIDED};
    char text[TRIAL_TEXT_MAX];
    enum ops_kind kind = letter_trial_new(p->ops, clock_wall_ms(), &trial, ret_error);
    if (kind == OPS_DONE)
        kind = letter_trial_summary(trial, p->found.letter.flow, &p->found.record, &p->summary,
                                    &now, ret_error);
    letter_trial_free(trial);
    if (kind != OPS_DONE)
        return kind;
    trial_text(&now, text);
    if (now.end != TRIAL_POSTS)
        return ops_fail(ret_error, OPS_DATA, "correct the mappings, then run it again",
                        "what was sent of %s is not known any more, and by today's mappings it "
                        "cannot be told: %s %s",
                        p->found.letter.natural, text, now.detail);
    p->key.summary = (struct redis_bytes){p->summary.data, p->summary.size};
    p->told->is_by_todays_rules = true;
    return OPS_DONE;
}

static enum ops_kind check_adopt(struct parking *p, struct ops_error *ret_error)
{
    const struct parked_view *key = &p->told->key;
    enum ops_kind kind = check_document(p, ret_error);
    if (kind == OPS_DONE)
        kind = check_sum(p, ret_error);
    if (kind == OPS_DONE && key->state == 'k' &&
        (key->content == PARKED_UNKNOWN || !key->has_summary))
        kind = make_summary(p, ret_error);
    return kind;
}

static enum ops_kind check_release(struct parking *p, struct ops_error *ret_error)
{
    const struct parked_prima *prima = &p->told->prima;
    if (prima->number == PARKED_UNTOLD)
        return is_untold(p, ret_error);
    if (prima->number == PARKED_FOUND)
        return ops_fail(ret_error, OPS_DATA,
                        "primaflow dlq resolve, or primaflow dlq adopt when you know that it is "
                        "ours",
                        "Prima has %s: it is not sent again", p->found.key.document);
    return OPS_DONE;
}

static enum ops_kind check(struct parking *p, struct ops_error *ret_error)
{
    switch (p->options->act) {
    case PARKED_ACT_RESOLVE:
        return check_resolve(p, ret_error);
    case PARKED_ACT_ADOPT:
        return check_adopt(p, ret_error);
    default:
        return check_release(p, ret_error);
    }
}

/* What Redis has of it now, before Prima is asked: an absence counts behind the wait. */
static enum ops_kind look(struct parking *p, struct ops_error *ret_error)
{
    enum verdict verdict;
    const struct parked_view *view = &p->told->key;
    const enum ops_kind kind =
        parked_redis_say(p->ops, PARKED_LOOK, &p->key, &verdict, &p->told->key, ret_error);
    if (kind != OPS_DONE || p->options->act != PARKED_ACT_RELEASE || view->wait_ms == 0)
        return kind;
    return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again then",
                    "what was sent of it may still be applied, or be under way: it may be released "
                    "in %lld s (prima.unproven_wait)",
                    (long long)(view->wait_ms / 1000 + 1));
}

/* ---- writing ---- */

static int see_decision(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

/* With the pen in hand nobody else decides: what was decided since the book was read is seen
 * first. */
static enum ops_kind check_undecided(struct parking *p, struct ops_error *ret_error)
{
    struct letter_book *book = &p->found.book;
    enum ops_kind kind = decisions_read(p->ops, &book->decided_to, see_decision, book, ret_error);
    if (kind == OPS_DONE && letter_book_judge(book) != 0)
        kind = ops_fail_memory(ret_error);
    if (kind == OPS_DONE && p->found.entry->state != LETTER_OPEN)
        kind =
            ops_fail(ret_error, OPS_DATA, "see primaflow dlq show", "%s is %s already",
                     p->found.place, letter_state_name((enum letter_state)p->found.entry->state));
    if (kind == OPS_DONE)
        p->found.waiting_count = parked_waiting(book, p->found.entry, p->found.waiting);
    return kind;
}

/* The key's answer where the word was not taken. */
static enum ops_kind not_taken(const struct parking *p, enum verdict verdict,
                               const struct parked_view *view, struct ops_error *ret_error)
{
    const char *natural = p->found.letter.natural;
    switch (verdict) {
    case VERDICT_POSTED:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why", "%s is posted meanwhile, by %s",
                        natural, view->delivery[0] != '\0' ? view->delivery : "a person's word");
    case VERDICT_CANCELLED:
    case VERDICT_DISCARDED:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why", "%s was %s meanwhile", natural,
                        verdict == VERDICT_CANCELLED ? "cancelled" : "discarded");
    case VERDICT_UNPROVEN:
        return ops_fail(ret_error, OPS_DATA, "run it again",
                        "what was sent of %s is not known any more", natural);
    default:
        return ops_fail(ret_error, OPS_DATA,
                        "primaflow dlq retry has its worker ask Prima before anything is sent",
                        "Redis does not have %s as parked", natural);
    }
}

static enum ops_kind say(struct parking *p, enum parked_word word, enum verdict wanted,
                         struct ops_error *ret_error)
{
    enum verdict verdict;
    struct parked_view view;
    const enum ops_kind kind = parked_redis_say(p->ops, word, &p->key, &verdict, &view, ret_error);
    return kind != OPS_DONE || verdict == wanted ? kind : not_taken(p, verdict, &view, ret_error);
}

/* The transaction has begun: should this process sleep from here on, its time ends before the lease. */
static enum ops_kind is_still_ours(void *user, struct ops_error *ret_error)
{
    return say(user, PARKED_TAKE, VERDICT_CLAIMED, ret_error);
}

static enum ops_kind write_word(struct parking *p, struct kafka_writer *writer,
                                struct ops_error *ret_error)
{
    static const struct {
        enum decision_kind kind;
        enum parked_word word;
        enum verdict taken;
    } acts[] = {[PARKED_ACT_RESOLVE] = {DECISION_RETRIED, PARKED_LOOK, VERDICT_KNOWN},
                [PARKED_ACT_ADOPT] = {DECISION_ADOPTED, PARKED_ADOPT, VERDICT_FINISHED},
                [PARKED_ACT_RELEASE] = {DECISION_RELEASED, PARKED_TAKE, VERDICT_CLAIMED}};
    const bool releases = p->options->act == PARKED_ACT_RELEASE;
    const struct parked_writing writing = {.who = p->options->who,
                                           .reason = p->options->reason,
                                           .kind = acts[p->options->act].kind,
                                           .asks_first = releases,
                                           .check = releases ? is_still_ours : NULL,
                                           .user = p,
                                           .ends_ledger = releases};
    enum ops_kind kind = say(p, acts[p->options->act].word, acts[p->options->act].taken, ret_error);
    if (kind != OPS_DONE)
        return kind;
    (void)fail_point("parked.taken");
    kind = parked_write(&p->found, &writing, writer, ret_error);
    if (kind != OPS_DONE)
        return kind;
    (void)fail_point("parked.written");
    p->told->written = true;
    /* Its lease ends by itself, should this not be said. */
    struct ops_error ignored;
    if (releases)
        (void)say(p, PARKED_FREE, VERDICT_RELEASED, &ignored);
    return OPS_DONE;
}

static enum ops_kind write_with_pen(struct parking *p, struct ops_error *ret_error)
{
    struct kafka_writer *writer = NULL;
    enum ops_kind kind = decisions_pen(p->ops, p->found.record.value_size, &writer, ret_error);
    if (kind != OPS_DONE)
        return kind;
    kind = check_undecided(p, ret_error);
    if (kind == OPS_DONE)
        kind = write_word(p, writer, ret_error);
    kafka_writer_free(writer);
    return kind;
}

/* ---- all of it ---- */

static void tell_found(struct parking *p)
{
    struct parked_told *told = p->told;
    const struct parked_case *found = &p->found;
    told->letter = found->letter;
    memcpy(told->place, found->place, sizeof told->place);
    (void)snprintf(told->number, sizeof told->number, "%s", found->key.document);
    told->waiting = found->waiting_count;
    p->key = parked_redis_key(p->ops, &found->letter, found->key.kafka);
    p->key.identity = found->identity;
    p->key.goods = found->has_parts ? found->goods : NULL;
    p->key.money = found->has_parts ? found->money : NULL;
}

static enum ops_kind check_options(const struct parked_options *o, struct ops_error *ret_error)
{
    if (o->act == PARKED_ACT_ADOPT && text_is_empty(o->document))
        return ops_fail(ret_error, OPS_USAGE, NULL, "which number has its document in Prima?");
    return text_is_empty(o->who) || text_is_empty(o->reason)
               ? ops_fail(ret_error, OPS_USAGE, NULL, "who says so, and why, is needed")
               : OPS_DONE;
}

enum ops_kind ops_parked(struct ops *ops, const struct parked_options *options,
                         struct parked_told *ret_told, struct ops_error *ret_error)
{
    struct parking p = {.ops = ops, .options = options, .told = ret_told};
    *ret_told = (struct parked_told){.written = false};
    enum ops_kind kind = check_options(options, ret_error);
    if (kind != OPS_DONE)
        return kind;
    buf_init(&p.summary, SUMMARY_MAX);
    kind = parked_find(ops, options->id, options->since_ms, &p.found, ret_error);
    if (kind == OPS_DONE) {
        tell_found(&p);
        kind = look(&p, ret_error);
    }
    if (kind == OPS_DONE)
        kind = parked_prima_ask(&p.found, &ret_told->prima, ret_error);
    if (kind == OPS_DONE) {
        ret_told->is_asked = true;
        kind = check(&p, ret_error);
    }
    if (kind == OPS_DONE && options->writes)
        kind = write_with_pen(&p, ret_error);
    parked_case_release(&p.found);
    buf_release(&p.summary);
    return kind;
}
