/* What others' answers say about a record's failures; see blame.h. */
#include "posting/blame.h"

#include <string.h>

#include "base/clock.h"
#include "posting/posting.h"
#include "prima/requests.h"

static const int64_t TIME_MS_MAX = 253402300799999; /* the year 9999 */

/* ---- evidence ---- */

static bool is_write(enum prima_type type)
{
    return request_row(type)->is_write;
}

static struct recent_others others_since(const struct record *r, enum prima_type type,
                                         int64_t since_ms)
{
    return recent_others_of(&r->worker->posting->recent, type, r->key.natural, since_ms);
}

/* Most of the others that were answered since then passed, and nobody is turned away. */
static bool others_pass(const struct record *r, enum prima_type type, int64_t since_ms)
{
    const struct recent_others others = others_since(r, type, since_ms);
    return others.passed > others.failed && !r->worker->posting->breaker.gates[type].is_open;
}

/* A proxy that gave up waiting for us, or failed with what it had passed on: Prima may have the
 * request, and be at work. */
static bool is_given_up(int http_status)
{
    return http_status == 408 || http_status >= 500;
}

/* Is a write that ended so no longer under way? Where a second document would be refused, whoever
 * answered with a refusal may be believed; where not, a gateway that gave up may not. */
static bool is_answer(const struct record *r, const struct prima_reply *reply)
{
    if (reply->fate != PRIMA_UNKNOWN || reply->is_soap_fault)
        return true;
    return reply->http_status >= 300 &&
           (r->worker->posting->unique || reply->is_primas_own || !is_given_up(reply->http_status));
}

/* ---- what happened ---- */

static void note_denial(struct record *r, enum prima_type type, const struct prima_reply *reply)
{
    if (type != r->worker->flow->asks)
        r->heard.blame.denial = reply->fate == PRIMA_DENIED ? DENIAL_NEW : DENIAL_NONE;
}

static void fails_since(struct blame *b, enum prima_type type, int64_t now_ms)
{
    if (b->failing_since_ms != 0 && b->failing_type == type)
        return;
    b->failing_since_ms = now_ms;
    b->failing_type = type;
}

void blame_failed(struct record *r, enum prima_type type, const struct prima_reply *reply)
{
    struct blame *b = &r->heard.blame;
    const struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    if (type != w->flow->writes && is_write(type) &&
        (reply->fate == PRIMA_UNKNOWN || reply->fate == PRIMA_UNCLASSIFIED))
        return; /* a write that a decision needed, never sent again: decided without it */
    note_denial(r, type, reply);
    fails_since(b, type, now);
    if (b->is_pending && b->type == w->flow->writes && type != b->type)
        return; /* an unknown outcome, and Prima does not even say whether it has it: the first is
                   what counts */
    const bool is_amid = others_pass(r, type, now - w->times.window_ms);
    b->is_pending = is_amid || (!w->posting->breaker.gates[type].is_open &&
                                !others_since(r, type, now).last_failed);
    b->type = type;
    b->at_ms = now;
    b->is_answered = !is_write(type) || is_answer(r, reply);
    b->is_refusal = reply->fate == PRIMA_UNCLASSIFIED;
}

void blame_passed(struct record *r, enum prima_type type)
{
    struct blame *b = &r->heard.blame;
    if (b->is_pending && b->type == type)
        b->is_pending = false;
    if (b->failing_type == type)
        b->failing_since_ms = 0;
    if (type != r->worker->flow->asks)
        b->denial = DENIAL_NONE;
}

void blame_turned_away(struct record *r, enum prima_type type)
{
    fails_since(&r->heard.blame, type, clock_monotonic_ms());
}

/* ---- a denial ---- */

bool blame_is_refuted(const struct record *r, enum prima_type type)
{
    const struct blame *b = &r->heard.blame;
    return b->faults > 0 || (b->is_pending && others_pass(r, b->type, b->at_ms)) ||
           recent_refutes(&r->worker->posting->recent, type, r->key.natural);
}

bool blame_leaves(const struct record *r)
{
    const struct blame *b = &r->heard.blame;
    if (b->denial == DENIAL_NONE || r->worker->posting->breaker.is_open)
        return false;
    return b->denial == DENIAL_OWN || blame_is_refuted(r, b->failing_type);
}

/* ---- judgement ---- */

/* The pending failure, counted or dropped. True: it was the record's own. */
static bool count(struct record *r)
{
    struct blame *b = &r->heard.blame;
    const bool is_own = b->is_pending && others_pass(r, b->type, b->at_ms);
    b->is_pending = false;
    b->faults += is_own;
    b->unanswered += is_own && !b->is_answered;
    return is_own;
}

/* The last failure, its own, ends it: alone, or with those before. */
static bool is_enough(struct record *r, bool is_own)
{
    const struct blame *b = &r->heard.blame;
    if (is_own && b->is_refusal) { /* as good as a no that a pattern knows */
        r->end.code = PF_E_prima_refused_unclassified;
        r->end.detail = NULL;
        return true;
    }
    if (b->faults < (int)config_int(r->worker->host.config, CFG_breaker_record_faults_max))
        return false;
    r->end.code = b->unanswered > 0 ? PF_E_outcome_unknown : PF_E_prima_faults_on_record;
    r->end.detail = b->unanswered > 0
                        ? "Prima repeatedly gave no reply to it and lacked it each time, "
                          "while it accepted others."
                        : NULL;
    return true;
}

bool blame_decides(struct record *r)
{
    if (record_outlived_redis(r) && !r->claim.asked_first)
        return false; /* it may have been sent, and Redis forgot: first it is asked for */
    return is_enough(r, count(r));
}

bool blame_absent(struct record *r)
{
    return count(r) && is_enough(r, true);
}

/* Nobody else's status was asked for since this one fails, and others' documents are taken: there
 * is nothing to wait for. */
static bool only_it_asks(const struct record *r)
{
    const int64_t since = r->heard.blame.failing_since_ms;
    const struct recent_others others = others_since(r, r->worker->flow->asks, since);
    return others.passed + others.failed == 0 &&
           others_pass(r, r->worker->posting->breaker.write, since);
}

bool blame_allows_old_age(const struct record *r)
{
    const struct worker *w = r->worker;
    const struct blame *b = &r->heard.blame;
    if (b->failing_since_ms > 0)
        return others_pass(r, b->failing_type, b->failing_since_ms) ||
               (b->failing_type == r->worker->flow->asks && only_it_asks(r));
    /* Who is deferred waits for another record, which may wait for the world: it has had its turn
     * when the world was well for so long. */
    return !r->claim.is_deferred || recent_is_well(&w->posting->recent, w->posting->breaker.write,
                                                   r->key.natural, clock_monotonic_ms());
}

bool blame_others_are_told(const struct record *r, const struct prima_reply *reply,
                           int64_t since_ms)
{
    const struct recent_others others = others_since(r, r->worker->flow->asks, since_ms);
    switch (reply->fate) {
    case PRIMA_UNKNOWN:
    case PRIMA_UNCLASSIFIED:
    case PRIMA_REFUSED:
        return others.failed <= others.passed; /* it may be the only one that asks */
    case PRIMA_DENIED:
        return others.failed < others.passed;
    case PRIMA_NOT_ACCEPTED:
        return reply->http_status != 0 && others.failed < others.passed; /* 0: our own limit */
    default:
        return false;
    }
}

/* ---- in headers ---- */

enum {
    READ_AS_ENOUGH = 2
}; /* one is enough: to releases that take any number but 0 for that,
                                too. Some wrote 1 there and meant something else */

const char *blame_write(const struct record *r, int64_t now_ms, char text[static BLAME_TEXT_MAX])
{
    const struct blame *b = &r->heard.blame;
    if (!b->is_pending)
        return NULL;
    (void)snprintf(text, BLAME_TEXT_MAX, "%lld %d %s %d %d",
                   (long long)(now_ms - (clock_monotonic_ms() - b->at_ms)),
                   b->is_refusal ? READ_AS_ENOUGH : 0, prima_type_name(b->type),
                   b->is_answered ? 1 : 0, r->heard.http_status);
    return text;
}

void blame_read(struct record *r, const char *text, int64_t now_ms)
{
    struct blame *b = &r->heard.blame;
    char type[32] = "";
    long long at;
    int enough, answered = 1, http_status = 0;
    const int read =
        sscanf(text, "%lld %d %31s %d %d", &at, &enough, type, &answered, &http_status);
    if ((read != 2 && read != 4 && read != 5) || at < 0 ||
        at > TIME_MS_MAX) /* 2: an older version's, which counted nothing but writes that were
                             answered by a fault; 4: one without the HTTP status */
        return;
    enum prima_type named = read == 2 ? r->worker->flow->writes : 0;
    while (read >= 4 && named < PRIMA_TYPE_COUNT && strcmp(type, prima_type_name(named)) != 0)
        named++;
    if (named == PRIMA_TYPE_COUNT)
        return;
    if (http_status >= 100 && http_status <= 999) /* for the dead letter, should this end it */
        r->heard.http_status = http_status;
    *b = (struct blame){.faults = b->faults,
                        .unanswered = b->unanswered,
                        .is_pending = true,
                        .is_answered = answered == 1,
                        .is_refusal = enough == READ_AS_ENOUGH,
                        .type = named,
                        .at_ms = clock_monotonic_ms() - (now_ms - at)};
}
