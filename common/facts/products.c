/* Does Prima have these products? The process's catalogue, then the fleet's in Redis (one call for
 * all of an order), then Prima.
 *
 * What is known ages from the question to which Prima answered with a row, whoever asked, and is
 * asked for again when it is older than catalogue.max_age. While one record asks for a product, the
 * others that need it wait for its answer, for QUESTION_MS at most: a thousand orders of a new
 * product ask a few times, and a worker that dies with a question costs the others that long.
 * Within a process they wait for the answer itself (findings.h); of another process's they ask
 * Redis again. Where Redis forgets, all is asked for again.
 *
 * A product that is not in a reply is not a product that Prima lacks: a reply may be cut to fewer
 * rows, or to none. So
 *   - what a reply lacks beside rows that it has is asked for again, without those;
 *   - a reply with rows of none of the products that were asked about is another request's, and no
 *     answer;
 *   - a reply without a row of what was asked counts once against each of them, and the second in a
 *     row, asked a little later, decides: Prima, asked now, lacks them;
 *   - a reply that says in words that a product is unknown names none of several: they are asked
 *     for one by one. When Prima refuses an order for a product that the catalogue has, the
 *     catalogue is old: all of that order's are asked for, whatever it says, and the order is
 *     decided again, once (send.c). Absence is never kept: at most it is shared with those who were
 *     waiting for that very answer. No answer is no absence; the record waits. */
#include "facts/fact_calls.h"
#include "facts/products.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/metrics.h"
#include "posting/actions.h"
#include "facts/catalogue.h"
#include "posting/findings.h"
#include "posting/permit_line.h"
#include "posting/prima_ask.h"
#include "posting/verdict.h"
#include "posting/posting.h"

enum { READ_SKUS_MAX = 200, REQUEST_MAX = 256 << 10 };
enum { QUESTION_MS = 2000, OTHERS_ASK_MS = 50, ONCE_MORE_MS = 100, MISSES_MAX = 2 };

struct sought {
    struct product_tag tag;
    struct fact *fact;
    int misses; /* replies in a row without a row of what was asked */
    bool is_ours, is_asked;
};

struct products {
    int64_t since_ms, asked_ms; /* Redis' clock: the record's first look, its last */
    bool one_by_one;
    size_t count;
    struct sought list[];
};

/* ---- what is sought ---- */

static bool is_open(const struct sought *s)
{
    return s->fact->state == FACT_UNASKED;
}

static struct products *products_new(struct record *r)
{
    struct products *p = arena_alloc(r->arena, sizeof *p + r->claim.fact_count * sizeof *p->list);
    if (p == NULL)
        return NULL;
    *p = (struct products){0};
    for (size_t i = 0; i < r->claim.fact_count; i++)
        if (r->claim.facts[i].kind == FACT_PRODUCT && r->claim.facts[i].state == FACT_UNASKED)
            p->list[p->count++] =
                (struct sought){.tag = catalogue_tag(r->key.company, &r->claim.facts[i].sku),
                                .fact = &r->claim.facts[i]};
    return p;
}

static void conclude(struct sought *s, enum fact_state state, const char *where)
{
    s->fact->state = state;
    metrics_add(METRIC_products, where, 1);
}

static void conclude_absent(const struct record *r, struct sought *s)
{
    conclude(s, FACT_ABSENT, "nowhere");
    catalogue_forget(r->worker->posting->catalogue, &s->tag);
}

/* All that most orders need: counted once for all of them. */
static void conclude_here(const struct record *r, struct products *p)
{
    const int64_t now = clock_monotonic_ms();
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        if (is_open(&p->list[i]) &&
            catalogue_has(r->worker->posting->catalogue, &p->list[i].tag, now)) {
            p->list[i].fact->state = FACT_KNOWN;
            count++;
        }
    if (count > 0)
        metrics_add(METRIC_products, "process", (double)count);
}

/* Those that the process knows are; how many are left. */
static size_t look_here(const struct record *r, struct products *p)
{
    size_t left = 0;
    if (!r->claim.distrusts_catalogue)
        conclude_here(r, p);
    for (size_t i = 0; i < p->count; i++)
        left += is_open(&p->list[i]);
    return left;
}

static bool look(struct record *r, struct fact *fact)
{
    const struct product_tag tag = catalogue_tag(r->key.company, &fact->sku);
    r->claim.names_products = true;
    if (r->claim.distrusts_catalogue ||
        !catalogue_has(r->worker->posting->catalogue, &tag, clock_monotonic_ms()))
        return false;
    metrics_add(METRIC_products, "process", 1);
    return true;
}

/* ---- the fleet's catalogue ---- */

static void on_heard(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply; /* a catalogue that did not learn it asks once more; whether Redis is lost, the
                    next script tells as well */
}

/* Tags of those that were asked for and are in this state, joined. */
static struct redis_bytes tags_in(const struct products *p, enum fact_state state,
                                  char text[static READ_SKUS_MAX * PRODUCT_TAG_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].is_asked && p->list[i].fact->state == state) {
            memcpy(text + size, p->list[i].tag.bytes, PRODUCT_TAG_SIZE);
            size += PRODUCT_TAG_SIZE;
        }
    return (struct redis_bytes){text, size};
}

static void tell_the_fleet(struct record *r, const struct products *p)
{
    struct worker *w = r->worker;
    char has_text[READ_SKUS_MAX * PRODUCT_TAG_SIZE], lacks_text[READ_SKUS_MAX * PRODUCT_TAG_SIZE];
    const struct redis_bytes has = tags_in(p, FACT_KNOWN, has_text),
                             lacks = tags_in(p, FACT_ABSENT, lacks_text);
    (void)fail_point("products.heard");
    if (has.size > 0 || lacks.size > 0)
        fact_calls_heard(&w->keys, r->key.company, p->asked_ms, has, lacks,
                         config_int(w->host.config, CFG_catalogue_products_max),
                         config_int(w->host.config, CFG_catalogue_max_age), on_heard, w);
}

/* ---- Prima ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_sku(const struct prima_sku *sku, const struct prima_product *product)
{
    return same_text(sku->product, product->product) &&
           same_text(sku->matrix[0], product->matrix[0]) &&
           same_text(sku->matrix[1], product->matrix[1]) &&
           same_text(sku->matrix[2], product->matrix[2]) &&
           same_text(sku->matrix[3], product->matrix[3]);
}

/* Those that the reply has a row of; how many. */
static size_t take_rows(struct record *r, struct products *p, const struct prima_reply *reply)
{
    size_t found = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct sought *s = &p->list[i];
        for (size_t row = 0; s->is_asked && is_open(s) && row < reply->product_count; row++)
            if (same_sku(&s->fact->sku, &reply->products[row])) {
                conclude(s, FACT_KNOWN, "prima");
                catalogue_add(r->worker->posting->catalogue, &s->tag,
                              clock_monotonic_ms() - reply->took_us / 1000);
                found++;
            }
    }
    return found;
}

/* How often is not having them enough? */
static int misses_max(void)
{
    return mutant("catalogue_second_question") ? 1 : MISSES_MAX;
}

static void count_misses(const struct record *r, struct products *p, size_t found)
{
    for (size_t i = 0; i < p->count; i++) {
        struct sought *s = &p->list[i];
        if (!s->is_asked || !is_open(s))
            continue;
        s->misses = found == 0 || mutant("catalogue_rows") ? s->misses + 1 : 0;
        if (s->misses >= misses_max())
            conclude_absent(r, s);
    }
}

static bool is_asked_product(const struct products *p, const char *product)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].is_asked && same_text(p->list[i].fact->sku.product, product))
            return true;
    return false;
}

/* Rows of products that nobody asked about alone: another request's answer, which says nothing
 * about ours. Another variant of a product that was asked about is a row that Prima found in place
 * of ours. */
static bool is_another(const struct products *p, const struct prima_reply *reply)
{
    for (size_t row = 0; row < reply->product_count; row++)
        if (is_asked_product(p, reply->products[row].product))
            return false;
    return reply->product_count > 0;
}

static void on_products(struct record *r, const struct prima_reply *reply)
{
    struct products *p = r->claim.products;
    size_t asked = 0, left = 0;
    if ((reply->fate != PRIMA_OK && reply->fate != PRIMA_ABSENT) || is_another(p, reply)) {
        facts_wait(r);
        return;
    }
    for (size_t i = 0; i < p->count; i++)
        asked += p->list[i].is_asked;
    if (reply->fate == PRIMA_ABSENT && reply->words != NULL && reply->words[0] != '\0' &&
        asked > 1) {
        p->one_by_one = true;
        act_find_facts(r);
        return;
    }
    const size_t found = take_rows(r, p, reply);
    count_misses(r, p, found);
    tell_the_fleet(r, p);
    for (size_t i = 0; i < p->count; i++)
        left += p->list[i].is_asked && is_open(&p->list[i]);
    if (found > 0 || left == 0) {
        findings_end(r);
        act_find_facts(r);
        return;
    }
    r->timing.wait_ms = ONCE_MORE_MS;
    facts_wait(r);
}

static void ask_prima(struct record *r, struct products *p)
{
    struct prima_sku skus[READ_SKUS_MAX];
    const size_t most = p->one_by_one ? 1 : READ_SKUS_MAX;
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct sought *s = &p->list[i];
        s->is_asked = is_open(s) && s->is_ours && count < most;
        if (s->is_asked) {
            skus[count++] = s->fact->sku;
            findings_begin(r, s->tag.bytes);
        }
    }
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    const int result = prima_request_product_read(skus, count, &request);
    (void)fail_point("products.ask");
    if (result == 0)
        prima_ask(r, PRIMA_PRODUCT_READ, &request, on_products, NULL);
    buf_release(&request);
    if (result == 0)
        return;
    r->end.code = PF_E_event_invalid;
    r->end.detail = "a SKU has characters that no product code has";
    record_transition(r, NOT_ACCEPTABLE);
}

/* ---- looking ---- */

/* What Redis says of the first open ones, in their order. How many are ours to ask for: *ret_ours;
 * somebody else asks for: *ret_others. */
static void take_ages(struct record *r, struct products *p, struct redis_bytes ages,
                      size_t *ret_ours, size_t *ret_others)
{
    const int64_t now = clock_monotonic_ms();
    const char *at = ages.data, *const end = ages.data + ages.size;
    *ret_ours = *ret_others = 0;
    for (size_t i = 0; i < p->count && at < end; i++) {
        struct sought *s = &p->list[i];
        if (!is_open(s))
            continue;
        char *next;
        const int64_t age = strtoll(at, &next, 10);
        at = next;
        s->is_ours = age == -1;
        *ret_ours += s->is_ours;
        *ret_others += age == -2;
        if (age == -3) {
            conclude_absent(r, s);
        } else if (age >= 0) {
            conclude(s, FACT_KNOWN, "redis");
            catalogue_add(r->worker->posting->catalogue, &s->tag, now - age);
        }
    }
}

static bool is_asked_here(const struct record *r, const struct products *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (is_open(&p->list[i]) && findings_is_under_way(r, p->list[i].tag.bytes))
            return true;
    return false;
}

static void on_known(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    size_t ours, others;
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    struct products *p = r->claim.products;
    const struct known_products known = fact_calls_products(reply);
    p->asked_ms = known.now_ms;
    if (p->since_ms == 0)
        p->since_ms = p->asked_ms;
    take_ages(r, p, known.ages, &ours, &others);
    if (ours > 0) {
        ask_prima(r, p);
    } else if (others > 0 && is_asked_here(r, p)) {
        findings_end(r);
        facts_wait_here(r, QUESTION_MS);
    } else if (others > 0) { /* another process: one of ours looks for all of ours */
        for (size_t i = 0; i < p->count; i++)
            if (is_open(&p->list[i]))
                findings_begin(r, p->list[i].tag.bytes);
        r->timing.wait_ms = OTHERS_ASK_MS;
        facts_wait(r);
    } else {
        findings_end(r);
        act_find_facts(r);
    }
}

static void look_in_redis(struct record *r, struct products *p)
{
    struct worker *w = r->worker;
    char tags[FLOW_FACTS_MAX * PRODUCT_TAG_SIZE];
    size_t size = 0;
    for (size_t i = 0; i < p->count; i++) {
        p->list[i].is_ours = false;
        if (is_open(&p->list[i]) && size < sizeof tags) {
            memcpy(tags + size, p->list[i].tag.bytes, PRODUCT_TAG_SIZE);
            size += PRODUCT_TAG_SIZE;
        }
    }
    const int64_t deadline = prima_deadline_ms(w->posting->prima, PRIMA_PRODUCT_READ);
    record_ref(r);
    fact_calls_known(
        &w->keys, r->key.company, r->work.token, (struct redis_bytes){tags, size}, p->since_ms,
        r->claim.distrusts_catalogue ? 0 : config_int(w->host.config, CFG_catalogue_max_age),
        (deadline < QUESTION_MS ? deadline : QUESTION_MS) + permit_line_wait_ms(r), on_known, r);
}

static bool find(struct record *r)
{
    if (r->claim.products == NULL)
        r->claim.products = products_new(r);
    if (r->claim.products == NULL) {
        r->end.code = PF_E_avro_too_large;
        record_transition(r, NOT_ACCEPTABLE);
        return true;
    }
    if (look_here(r, r->claim.products) == 0) {
        findings_end(r);
        return false;
    }
    look_in_redis(r, r->claim.products);
    return true;
}

static void begin(struct worker *w)
{
    w->posting->catalogue = catalogue_new(config_int(w->host.config, CFG_catalogue_max_age));
}

const struct fact_source products_source = {
    .kind = FACT_PRODUCT, .scripts = fact_scripts, .begin = begin, .look = look, .find = find};
