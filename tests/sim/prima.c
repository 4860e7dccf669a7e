/* prima/post.h over the simulated Prima; see prima.h. What a process left in the network is applied
 * or not, whatever becomes of it; never later than prima.max_apply_delay after its transfer's end. */
#include "prima.h"

#include <stdlib.h>
#include <string.h>

#include "prima/post.h"

enum { BODY_MAX = 1200, APPLY_DELAY_MS = 300 };

struct prima_world prima_world;

struct poster {
    struct process *process;
    size_t in_flight;
    struct transfer *transfers;
};

enum mishap {
    FINE,
    UNSENT,       /* no connection */
    LOST_BEFORE,  /* it never arrives */
    LOST_BEHIND,  /* applied, and the answer is lost */
    LATE,         /* applied after the sender has given up */
    ERROR_BEFORE, /* 500 without an effect */
    ERROR_BEHIND, /* 503 by a proxy, applied all the same */
    STRANGE,      /* applied or not, and words that nobody knows */
    BUSY,         /* 429 */
    REFUSED       /* a clean no; of credit notes */
};

struct transfer {
    struct transfer *next, *next_of_all;
    struct poster *poster;
    struct process *process;
    int64_t life;
    char number[NUMBER_MAX], content[NUMBER_MAX], order[NUMBER_MAX], total[NUMBER_MAX];
    bool is_write, is_note;
    enum mishap mishap;
    int64_t began_ms, deadline_ms, ends_by_ms; /* no effect behind ends_by_ms */
    post_done done;
    void *user;
    bool is_over;
    bool has_left;
    int status;
    char body[BODY_MAX];
};

static struct transfer *all;

void prima_begin(void)
{
    all = NULL;
    prima_world =
        (struct prima_world){.hostile_per_mille = sim_chance(300) ? 0 : (int)sim_between(50, 700)};
}

struct document *prima_find(const char *number)
{
    for (size_t i = 0; i < prima_world.count; i++)
        if (strcmp(prima_world.documents[i].number, number) == 0)
            return &prima_world.documents[i];
    return NULL;
}

int64_t prima_credited(const char *order_number)
{
    int64_t sum = 0;
    for (size_t i = 0; i < prima_world.count; i++)
        if (strcmp(prima_world.documents[i].order, order_number) == 0)
            sum += prima_world.documents[i].total;
    return sum;
}

struct tally *prima_tally(const char *number)
{
    for (size_t i = 0; i < prima_world.tally_count; i++)
        if (strcmp(prima_world.tallies[i].number, number) == 0)
            return &prima_world.tallies[i];
    struct tally *t = &prima_world.tallies[prima_world.tally_count++];
    (void)snprintf(t->number, sizeof t->number, "%s", number);
    return t;
}

static struct tally *tally_of_key(const char *key, size_t size)
{
    char number[NUMBER_MAX];
    size_t at = size;
    while (at > 0 && key[at - 1] != '/')
        at--;
    (void)snprintf(number, sizeof number, "%c%.*s", memmem(key, size, "/refunds/", 9) ? 'C' : 'S',
                   (int)(size - at), key + at);
    return prima_tally(number);
}

void prima_stored(const char *key, size_t size, const struct process *p, bool is_stored)
{
    tally_of_key(key, size)->is_stored[p->number] = is_stored;
}

/* At any time. */
static void check_order(const char *number)
{
    const struct document *order = prima_find(number);
    if (order == NULL)
        sim_fail("a credit note of %s, which Prima does not have", number);
    else if (prima_credited(number) > order->total)
        sim_fail("%s comes to %lld, and its notes to %lld", number, (long long)order->total,
                 (long long)prima_credited(number));
}

void prima_amend(const char *order_number, int64_t total)
{
    prima_find(order_number)->total = total;
    sim_note("%s comes to %lld now", order_number, (long long)total);
    check_order(order_number);
}

void prima_doubt(const char *key, size_t size)
{
    tally_of_key(key, size)->doubts++;
}

/* ---- what it says ---- */

static void reply(struct transfer *t, const char *inner)
{
    t->status = 200;
    (void)snprintf(
        t->body, sizeof t->body,
        "<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'><soap:Body>"
        "<n:xResponse xmlns:n='u'><r><![CDATA[%s]]></r></n:xResponse></soap:Body>"
        "</soap:Envelope>",
        inner);
}

static void reply_error(struct transfer *t, const char *words, const char *number)
{
    char inner[400];
    (void)snprintf(inner, sizeof inner, "<Response RequestStatus='ERROR' RequestError='%s%s%s'/>",
                   words, number, number[0] != '\0' ? " already exists" : "");
    reply(t, inner);
}

static void reply_document(struct transfer *t)
{
    char inner[400];
    (void)snprintf(inner, sizeof inner, "<Response RequestStatus='OK'><Data %s='%s'%s/></Response>",
                   t->is_note ? "CreditNumber" : "OrderNumber", t->number,
                   t->is_write || t->is_note ? "" : " OrderStatus='Open'");
    reply(t, inner);
}

/* ---- what it does ---- */

static void post_document(struct transfer *t)
{
    struct document *d = prima_find(t->number);
    if (d != NULL && (t->is_note ? sim.unique_notes : sim.unique)) {
        reply_error(t, t->is_note ? "Credit " : "Order ", t->number);
        return;
    }
    if (d == NULL) {
        d = &prima_world.documents[prima_world.count++];
        *d = (struct document){.at_ms = sim.now_ms,
                               .total = strtoll(t->is_note ? t->content : t->total, NULL, 10)};
        (void)snprintf(d->number, sizeof d->number, "%s", t->number);
        (void)snprintf(d->content, sizeof d->content, "%s", t->content);
        (void)snprintf(d->order, sizeof d->order, "%s", t->order);
    }
    d->count++;
    sim_note("Prima posts %s (content %s), for the %d. time", t->number, t->content, d->count);
    if (d->count > 1)
        sim_fail("%s is posted %d times", t->number, d->count);
    if (t->is_note)
        check_order(t->order);
    reply_document(t);
}

static void apply(void *data)
{
    struct transfer *t = data;
    if (sim.now_ms > t->ends_by_ms)
        return; /* its connection was reset before, and long enough ago */
    if (t->is_write)
        post_document(t);
    else if (prima_find(t->number) != NULL)
        reply_document(t);
    else
        reply_error(t, t->is_note ? "no such credit note" : "no such order", "");
    sim_note("Prima answers about %s: %d", t->number, t->status);
}

/* ---- transfers ---- */

static void finish(struct transfer *t, enum post_end end)
{
    const struct post_result result = {.end = end,
                                       .status = t->status,
                                       .body = t->body,
                                       .size = strlen(t->body),
                                       .charset = "utf-8",
                                       .connection = {.fd = -1}};
    t->is_over = true;
    t->poster->in_flight--;
    if (sim.now_ms + APPLY_DELAY_MS < t->ends_by_ms)
        t->ends_by_ms = sim.now_ms + APPLY_DELAY_MS;
    if (end == POST_LOST && t->is_write)
        prima_tally(t->number)->unknown++;
    sim_note("%s hears of %s: %s %d", t->process->slot, t->number,
             end == POST_ANSWERED   ? "answered"
             : end == POST_NOT_SENT ? "not sent"
                                    : "lost",
             t->status);
    t->done(t->user, &result);
}

static void answered(void *data)
{
    struct transfer *t = data;
    if (t->is_over)
        return;
    if (t->is_write &&
        t->mishap != FINE) /* what is known not to be applied may be sent again, too */
        prima_tally(t->number)->unknown++;
    finish(t, POST_ANSWERED);
}

static void given_up(void *data)
{
    struct transfer *t = data;
    if (!t->is_over)
        finish(t, POST_LOST);
}

static void not_sent(void *data)
{
    struct transfer *t = data;
    if (!t->is_over)
        finish(t, POST_NOT_SENT);
}

static void says(struct transfer *t, int status, const char *body)
{
    t->status = status;
    (void)snprintf(t->body, sizeof t->body, "%s", body);
}

/* In the world: the request has left, and this is what comes of it. */
static void travel(struct transfer *t)
{
    const int64_t way = sim_between(1, 5), left = t->deadline_ms - sim.now_ms;
    int64_t answer = way + sim_between(1, 40);
    switch (t->mishap) {
    case LOST_BEFORE:
        answer = -1;
        break;
    case LOST_BEHIND:
        sim_at(way, apply, t);
        answer = -1;
        break;
    case LATE:
        sim_at(sim_between(left > 2 ? left / 2 : 1, (left > 1 ? left : 1) + APPLY_DELAY_MS), apply,
               t);
        answer = -1;
        break;
    case ERROR_BEFORE:
        says(t, 500, "<html>oops</html>");
        break;
    case ERROR_BEHIND:
        sim_at(sim_between(way, left + APPLY_DELAY_MS), apply, t);
        answer = -1; /* replaced below: the page comes before Prima has done */
        break;
    case STRANGE:
        if (sim_chance(500))
            sim_at(way, apply, t);
        reply_error(t, "Der Beleg konnte nicht verarbeitet werden", "");
        answer = -1;
        break;
    case BUSY:
        says(t, 429, "");
        break;
    case REFUSED:
        reply_error(t, "Period is closed", "");
        break;
    default:
        sim_at(way, apply, t);
    }
    if (t->mishap == ERROR_BEHIND || t->mishap == STRANGE)
        answer = sim_between(1, 40);
    if (answer >= 0 && answer < left)
        sim_in_loop(t->process, answer, answered, t);
    sim_in_loop(t->process, left, given_up, t);
}

static void leaves(void *data)
{
    struct transfer *t = data;
    if (t->is_over)
        return;
    if (sim.now_ms >= t->deadline_ms || t->mishap == UNSENT ||
        sim.now_ms < prima_world.away_until_ms) {
        finish(t, POST_NOT_SENT);
        return;
    }
    if (sim.now_ms < prima_world.denies_until_ms) {
        says(t, 401, "");
        sim_in_loop(t->process, sim_between(1, 10), answered, t);
        return;
    }
    if (t->is_write) {
        struct tally *tally = prima_tally(t->number);
        tally->sends++;
        t->has_left = true;
        sim_note("%s sends %s (content %s)", t->process->slot, t->number, t->content);
    }
    sim_edge("behind a request to Prima");
    travel(t);
}

static void attribute(const char *body, const char *name, char text[static NUMBER_MAX])
{
    const char *at = strstr(body, name);
    text[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    (void)snprintf(text, NUMBER_MAX, "%.*s", (int)strcspn(at, "\"&"), at);
}

static enum mishap draw_mishap(bool is_note)
{
    if (sim.heals || !sim_chance(prima_world.hostile_per_mille))
        return FINE;
    return (enum mishap)sim_between(UNSENT, is_note ? REFUSED : BUSY);
}

void post_begin(struct poster *p, const char *body, size_t size, int64_t deadline_ms,
                post_done done, void *user)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    const bool is_note = strstr(body, "CreditN") != NULL;
    sim_edge("a request to Prima");
    *t = (struct transfer){.next = p->transfers,
                           .poster = p,
                           .process = p->process,
                           .life = p->process->life,
                           .is_write = strstr(body, "NewOrder") != NULL ||
                                       strstr(body, "NewCreditNote") != NULL,
                           .is_note = is_note,
                           .mishap = draw_mishap(is_note),
                           .began_ms = sim.now_ms,
                           .deadline_ms = sim.now_ms + deadline_ms,
                           .ends_by_ms = sim.now_ms + deadline_ms + APPLY_DELAY_MS,
                           .done = done,
                           .user = user};
    attribute(body, is_note ? "CreditNumber=\"" : "OrderNumber=\"", t->number);
    if (is_note)
        attribute(body, "OrderNumber=\"", t->order);
    attribute(body, "Total=\"", t->total);
    attribute(body, "Content=\"", t->content);
    t->next_of_all = all;
    p->transfers = all = t;
    p->in_flight++;
    if (size == 0)
        sim_in_loop(p->process, 0, not_sent, t);
    else
        sim_in_loop(p->process, sim_between(0, 1), leaves, t);
}

void post_begin_arriving(struct poster *p, const char *body, size_t size, int64_t deadline_ms,
                         post_arrived arrived, post_done done, void *user)
{
    if (arrived != NULL)
        abort(); /* no worker here reads stock */
    post_begin(p, body, size, deadline_ms, done, user);
}

void poster_abandon(struct poster *p)
{
    for (struct transfer *t = p->transfers; t != NULL; t = t->next)
        if (!t->is_over)
            sim_in_loop(p->process, 0, given_up, t);
}

/* The system resets what a process leaves behind. */
void prima_process_gone(struct process *p)
{
    for (size_t i = 0; i < prima_world.tally_count; i++) {
        struct tally *t = &prima_world.tallies[i];
        t->doubts += t->is_stored[p->number];
        t->is_stored[p->number] = false;
    }
    for (struct transfer *t = all; t != NULL; t = t->next_of_all) {
        if (t->process != p || t->is_over)
            continue;
        t->is_over = true;
        if (sim.now_ms + APPLY_DELAY_MS < t->ends_by_ms)
            t->ends_by_ms = sim.now_ms + APPLY_DELAY_MS;
        if (t->is_write && t->has_left)
            prima_tally(t->number)->unknown++;
    }
}

int poster_new(uv_loop_t *loop, const struct poster_options *options, struct poster **ret_poster)
{
    (void)loop, (void)options;
    struct poster *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->process = sim_self();
    *ret_poster = p;
    return 0;
}

void poster_free(struct poster *p)
{
    (void)p; /* with its process */
}

int poster_set_header(struct poster *p, const char *header)
{
    (void)p, (void)header;
    return 0;
}

void poster_distrust(struct poster *p, const struct post_result *result)
{
    (void)p, (void)result;
}

size_t poster_in_flight(const struct poster *p)
{
    return p->in_flight;
}
