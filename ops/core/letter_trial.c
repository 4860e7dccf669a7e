/* The worker's decision on a dead letter, tried; see letter_trial.h. */
#include "core/letter_trial.h"

#include "core/events.h"
#include "core/letter_edits.h"
#include "core/ledger_pages.h"
#include "core/prima_ask.h"
#include "core/trial_products.h"

#include "base/digest.h"
#include "flow/edited.h"
#include "idempotency/key_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20, FLOWS_MAX = 8, ROUNDS_MAX = 8 };

struct letter_trial {
    struct ops *ops;
    struct codec *codec;
    const void *rules[FLOWS_MAX]; /* as `flows` are numbered */
    struct trial_products products;
    int64_t now_ms;
};

/* One letter. */
struct trying {
    struct letter_trial *trial;
    const struct flow *flow;
    const void *rules;
    const struct kafka_record *record;
    struct overlay_text overlay;
    struct arena *arena;
    struct flow_key key;
    const char *lacks; /* a fact that could not be found out; NULL: none */
    struct buf
        *summary; /* of what would be sent; NULL: not asked for, and a known key is not decided */
    char key_state;
};

enum ops_kind letter_trial_new(struct ops *ops, int64_t now_ms, struct letter_trial **ret_trial,
                               struct ops_error *ret_error)
{
    struct letter_trial *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ops_fail_memory(ret_error);
    *t = (struct letter_trial){.ops = ops, .now_ms = now_ms};
    enum ops_kind kind = ops_codec(ops, &t->codec, ret_error);
    for (size_t i = 0; kind == OPS_DONE && flows[i] != NULL && i < FLOWS_MAX; i++)
        kind = ops_rules(ops, flows[i], &t->rules[i], ret_error);
    if (kind != OPS_DONE) {
        letter_trial_free(t);
        return kind;
    }
    *ret_trial = t;
    return OPS_DONE;
}

void letter_trial_free(struct letter_trial *t)
{
    if (t == NULL)
        return;
    trial_products_release(&t->products);
    free(t);
}

/* ---- facts ---- */

static void find_products(struct trying *t, struct fact *facts, size_t count)
{
    if (trial_products_find(&t->trial->products, ops_config(t->trial->ops), t->key.company, facts,
                            count) != 0)
        t->lacks = "which products Prima has: it does not answer";
}

static void find_status(struct trying *t, struct fact *fact)
{
    struct prima_answer answer = {.fate = PRIMA_NOT_SENT};
    struct config_message wrong;
    if (fact->asks != PRIMA_ORDER_STATUS ||
        prima_ask_status(ops_config(t->trial->ops), t->key.company, fact->document, &answer,
                         &wrong) != 0 ||
        (answer.fate != PRIMA_OK && answer.fate != PRIMA_ABSENT)) {
        t->lacks = "what Prima says of the order now: it does not answer";
        return;
    }
    fact->state = answer.fate == PRIMA_OK ? FACT_KNOWN : FACT_ABSENT;
    fact->status = arena_text(t->arena, answer.status, strlen(answer.status));
}

struct ledger_search {
    struct ledger_pages pages;
    const char *order;
};

static int ledger_take(void *user, const struct kafka_record *record)
{
    struct ledger_search *s = user;
    return ledger_pages_take(&s->pages, s->order, record);
}

static enum ops_kind ledger_read(struct trying *t, struct ledger_search *search,
                                 struct ops_error *ret_error)
{
    const char *const topics[] = {t->flow->ledger->topic};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1,
                                      .partition_of_key = search->order};
    struct kafka_words message = {""};
    const int rc =
        kafka_read(ops_config(t->trial->ops), topics, 1, &range, ledger_take, search, message.text);
    return rc == 0                   ? OPS_DONE
           : message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                     : ops_fail_kafka(ret_error, rc, &message);
}

/* What is open is kept for others; what is reserved at this moment is not known here. */
static enum ops_kind find_credit(struct trying *t, struct fact *fact, struct ops_error *ret_error)
{
    struct ledger_search search = {.order = t->key.kafka};
    struct ledger_standing standing;
    struct ledger_fold *fold = arena_alloc(t->arena, sizeof *fold);
    struct ledger_kept *kept = arena_alloc(t->arena, sizeof *kept);
    if (fold == NULL || kept == NULL)
        return ops_fail_memory(ret_error);
    enum ops_kind kind = ledger_read(t, &search, ret_error);
    if (kind == OPS_DONE)
        kind = ledger_pages_read(&search.pages, t->trial->codec, t->arena, &standing, ret_error);
    ledger_pages_release(&search.pages);
    if (kind != OPS_DONE)
        return kind;
    const struct ledger_group *g = &standing.group;
    int rc = ledger_fold(g->entry, g->records, g->record_count, t->key.natural, t->arena, fold);
    if (rc == 0 && fold->entry != NULL)
        rc = ledger_keep(fold, NULL, 0, t->arena, kept);
    if (rc == -EBADMSG)
        t->lacks = "what remains creditable: the order's ledger entry does not add up";
    else if (rc != 0)
        return ops_fail_memory(ret_error);
    fact->credit = fold;
    fact->kept = fold->entry != NULL ? kept : NULL;
    fact->state = FACT_KNOWN;
    return OPS_DONE;
}

static enum ops_kind find_facts(struct trying *t, struct fact *facts, size_t count,
                                struct ops_error *ret_error)
{
    enum ops_kind kind = OPS_DONE;
    find_products(t, facts, count);
    for (size_t i = 0; i < count && kind == OPS_DONE && t->lacks == NULL; i++) {
        if (facts[i].state != FACT_UNASKED)
            continue;
        switch (facts[i].kind) {
        case FACT_CUSTOMER:
            facts[i].state = FACT_KNOWN;
            facts[i].account = "";
            break;
        case FACT_CREDIT:
            kind = find_credit(t, &facts[i], ret_error);
            break;
        case FACT_STATUS:
            find_status(t, &facts[i]);
            break;
        default:
            t->lacks = "a fact that only it asks for";
        }
    }
    return kind;
}

/* ---- the decision ---- */

static struct trial undecided(const char *what)
{
    struct trial trial = {.end = TRIAL_UNDECIDED};
    (void)snprintf(trial.detail, sizeof trial.detail, "the worker finds out %s", what);
    return trial;
}

static struct trial stops(enum pf_error code, const char *detail)
{
    struct trial trial = {.end = TRIAL_STOPS, .code = code};
    (void)snprintf(trial.detail, sizeof trial.detail, "%s", detail != NULL ? detail : "");
    return trial;
}

static struct trial of_plan(const struct flow_plan *plan)
{
    static const enum trial_end ends[] = {
        [FLOW_SENDS] = TRIAL_POSTS,
        [FLOW_SETTLES] = TRIAL_SETTLES,
        [FLOW_DEAD_LETTERS] = TRIAL_STOPS,
        [FLOW_WAITS] = TRIAL_WAITS,
    };
    struct trial trial = {.end = ends[plan->verdict],
                          .outcome = plan->outcome,
                          .code = plan->code_count > 0 ? plan->codes[0] : PF_OK};
    (void)snprintf(trial.detail, sizeof trial.detail, "%s",
                   plan->detail != NULL ? plan->detail : "");
    return trial;
}

/* As its worker stores it. */
static void seal_add(struct trying *t)
{
    uint8_t digest[OVERLAY_DIGEST_SIZE];
    char seal[OVERLAY_SEAL_SIZE];
    overlay_digest(t->overlay.text, t->overlay.size, digest);
    overlay_seal(digest, seal);
    buf_append(t->summary, seal, sizeof seal);
}

static enum ops_kind decide(struct trying *t, const void *event, struct trial *ret_trial,
                            struct ops_error *ret_error)
{
    const struct flow_key *key = &t->key;
    struct flow_plan plan = {0};
    int rounds = 0;
    int rc = t->flow->decide(event, key, t->rules, NULL, 0, NULL, t->arena, &plan);
    while (rc == 0 && plan.verdict == FLOW_NEEDS_FACTS && rounds++ < ROUNDS_MAX) {
        const enum ops_kind kind = find_facts(t, plan.facts, plan.fact_count, ret_error);
        if (kind != OPS_DONE)
            return kind;
        if (t->lacks != NULL) {
            *ret_trial = undecided(t->lacks);
            return OPS_DONE;
        }
        struct fact *facts = plan.facts;
        const size_t count = plan.fact_count;
        rc = t->flow->decide(event, key, t->rules, facts, count, NULL, t->arena, &plan);
    }
    *ret_trial = rc == -ENOMEM                      ? stops(PF_E_avro_too_large, NULL)
                 : rc != 0                          ? stops(PF_E_defect, NULL)
                 : plan.verdict == FLOW_NEEDS_FACTS ? undecided("more than it can ask for here")
                                                    : of_plan(&plan);
    if (rc != 0 || plan.verdict != FLOW_SENDS || t->summary == NULL)
        return OPS_DONE;
    buf_append(t->summary, plan.summary, plan.summary_size);
    if (t->overlay.size > 0)
        seal_add(t);
    return t->summary->failed ? ops_fail_memory(ret_error) : OPS_DONE;
}

/* A key that is posted, or parked, is not decided anew. True: *ret_trial is what becomes of it. */
static bool is_known(struct trying *t, const void *event, struct trial *ret_trial)
{
    struct redis_once *redis;
    struct key_view view;
    struct ops_error error;
    char message[300], content[9];
    uint8_t identity[CODEC_IDENTITY_SIZE];
    if (ops_redis(t->trial->ops, &redis, NULL, &error) != OPS_DONE)
        return false;
    if (key_view_read(redis, config_text(ops_config(t->trial->ops), CFG_redis_prefix),
                      t->key.natural, &view, message) != 0) {
        ops_redis_close(t->trial->ops);
        return false;
    }
    t->key_state = view.state;
    if (view.state == 'k')
        *ret_trial = undecided("from Prima whether it has the document: it is parked");
    if (view.state != 'p')
        return view.state == 'k';
    codec_identity(t->trial->codec, t->flow->event, event, identity);
    (void)digest_hex(identity + 1, 4, content); /* behind the version byte */
    if (strcmp(content, view.content) == 0)
        *ret_trial = (struct trial){.end = TRIAL_SETTLES, .outcome = OUTCOME_DUPLICATE};
    else
        *ret_trial = undecided("how it differs from the version that Prima has");
    return true;
}

static enum pf_error apply_edit(struct trying *t, const void *event, bool has_key, void *ret_edited,
                                const char **ret_detail)
{
    const struct flow_key original = has_key ? t->key : (struct flow_key){0};
    *ret_detail = NULL;
    return flow_edit(t->trial->codec, t->flow, t->rules, event, &original, t->overlay, t->arena,
                     ret_edited, &t->key, ret_detail);
}

static enum ops_kind try_event(struct trying *t, struct trial *ret_trial,
                               struct ops_error *ret_error)
{
    const struct bound_record *bound = t->flow->event;
    struct codec_fault fault = {0};
    const char *detail = NULL;
    void *event = arena_alloc(t->arena, bound->size);
    if (event == NULL)
        return ops_fail_memory(ret_error);
    if (t->record->value == NULL ||
        events_decode(t->trial->codec, bound, t->record->value, t->record->value_size, t->arena,
                      event, &fault) != 0) {
        *ret_trial = stops(t->record->value == NULL ? PF_E_tombstone : fault.code, NULL);
        return OPS_DONE;
    }
    void *edited = event;
    enum pf_error code = t->flow->key(event, t->rules, t->arena, &t->key, &detail);
    if (t->overlay.size > 0 && (edited = arena_alloc(t->arena, bound->size)) == NULL)
        return ops_fail_memory(ret_error);
    if (t->overlay.size > 0)
        code = apply_edit(t, event, code == PF_OK, edited, &detail);
    if (code != PF_OK) {
        *ret_trial = stops(code, detail);
        return OPS_DONE;
    }
    if (t->summary == NULL && is_known(t, event, ret_trial))
        return OPS_DONE;
    return decide(t, edited, ret_trial, ret_error);
}

static enum ops_kind trial_run(struct letter_trial *trial, const struct flow *flow,
                               const struct kafka_record *record, struct overlay_text overlay,
                               struct buf *summary, struct trial *ret_trial,
                               struct ops_error *ret_error)
{
    size_t i = 0;
    while (flows[i] != flow)
        i++;
    struct trying t = {.trial = trial,
                       .flow = flow,
                       .rules = trial->rules[i],
                       .record = record,
                       .overlay = overlay,
                       .summary = summary};
    if ((t.arena = arena_new(ARENA_MAX)) == NULL)
        return ops_fail_memory(ret_error);
    const enum ops_kind kind = try_event(&t, ret_trial, ret_error);
    if (kind == OPS_DONE)
        ret_trial->key_state = t.key_state;
    arena_free(t.arena);
    return kind;
}

enum ops_kind letter_trial_make(struct letter_trial *trial, const struct flow *flow,
                                const struct kafka_record *record, const char *overlay,
                                struct trial *ret_trial, struct ops_error *ret_error)
{
    const struct overlay_text text = {overlay, overlay != NULL ? strlen(overlay) : 0};
    return trial_run(trial, flow, record, text, NULL, ret_trial, ret_error);
}

enum ops_kind letter_trial_summary(struct letter_trial *trial, const struct flow *flow,
                                   const struct kafka_record *record, struct buf *summary,
                                   struct trial *ret_trial, struct ops_error *ret_error)
{
    const struct kafka_header *brought = letter_edits_header(record);
    const struct overlay_text text = {brought != NULL ? brought->value : NULL,
                                      brought != NULL ? brought->size : 0};
    return trial_run(trial, flow, record, text, summary, ret_trial, ret_error);
}

void trial_text(const struct trial *trial, char text[static TRIAL_TEXT_MAX])
{
    const bool has_outcome = trial->end == TRIAL_POSTS || trial->end == TRIAL_SETTLES;
    const char *word = has_outcome                 ? outcome_name(trial->outcome)
                       : trial->end == TRIAL_WAITS ? "waits"
                       : trial->end == TRIAL_STOPS ? "dead letter"
                                                   : "not decided here";
    (void)snprintf(text, TRIAL_TEXT_MAX, "%s%s%s", word, trial->code != PF_OK ? " " : "",
                   trial->code != PF_OK ? pf_error_info(trial->code)->name : "");
}
