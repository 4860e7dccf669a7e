/* Prima asked about a parked record; see parked_prima.h. */
#include "core/parked_prima.h"

#include "base/clock.h"
#include "base/money.h"
#include "core/prima_ask.h"
#include "core/prima_search.h"
#include "order_flow.h"

#include <string.h>

enum { REQUEST_MAX = 8 << 10, PAGE_SIZE = 100, DAY_MS = 86400000, DATE_MAX = 11 };

enum ops_kind parked_prima_ask(const struct parked_case *p, struct parked_prima *ret_prima,
                               struct ops_error *ret_error)
{
    const struct flow *flow = p->letter.flow;
    struct buf request;
    struct prima_answer answer = {.fate = PRIMA_NOT_SENT};
    struct config_message wrong = {""};
    *ret_prima = (struct parked_prima){.number = PARKED_UNTOLD};
    buf_init(&request, REQUEST_MAX);
    int rc = flow->status_request(&p->key, p->rules, &request);
    if (rc == 0)
        rc = prima_ask(ops_config(p->ops), flow->asks, p->key.company, &request, &answer, &wrong);
    buf_release(&request);
    if (rc != 0)
        return ops_fail(ret_error, OPS_CONFIG, NULL, "Prima cannot be asked for %s: %s",
                        p->key.document, wrong.text);
    memcpy(ret_prima->status, answer.status, sizeof ret_prima->status);
    ret_prima->number = answer.fate == PRIMA_OK || answer.fate == PRIMA_EXISTS ? PARKED_FOUND
                        : answer.fate == PRIMA_ABSENT                          ? PARKED_ABSENT
                                                                               : PARKED_UNTOLD;
    if (ret_prima->number == PARKED_UNTOLD)
        (void)snprintf(ret_prima->why_not, sizeof ret_prima->why_not, "%s, HTTP %d",
                       prima_fate_name(answer.fate), answer.http_status);
    return OPS_DONE;
}

/* ---- the sum ---- */

struct comparing {
    const struct parked_case *found;
    struct parked_prima *prima;
    size_t met;
};

static void meet(void *user, const char *company, const struct prima_document *d)
{
    struct comparing *c = user;
    const struct parked_case *p = c->found;
    struct parked_prima *prima = c->prima;
    struct money theirs;
    (void)company;
    if ((d->type[0] != '\0' && strcmp(d->type, "Order") != 0) ||
        strcmp(d->number, p->key.document) != 0)
        return;
    c->met++;
    const struct currency *currency = currency_find(d->currency);
    prima->is_compared = currency != NULL && money_parse(d->gross, currency, &theirs) == 0;
    if (!prima->is_compared)
        return;
    (void)money_format(theirs, prima->sum);
    prima->agrees = strcmp(d->currency, p->currency) == 0 && theirs.minor == p->minor;
}

/* A company's own day lies within one of UTC's. */
static void day_write(int64_t ms, char text[static DATE_MAX])
{
    char at[CLOCK_TEXT_MAX];
    (void)snprintf(text, DATE_MAX, "%.10s", clock_format(ms, at));
}

void parked_prima_compare(const struct parked_case *p, struct parked_prima *prima)
{
    struct comparing c = {.found = p, .prima = prima};
    struct config_message wrong = {""};
    char from[DATE_MAX], to[DATE_MAX];
    const struct currency *currency = currency_find(p->currency);
    if (currency != NULL)
        (void)money_format((struct money){p->minor, currency}, prima->own_sum);
    if (p->letter.flow != &order_flow) {
        (void)snprintf(prima->why_not_compared, sizeof prima->why_not_compared,
                       "Prima's OrderSearch does not list credit notes");
        return;
    }
    day_write(p->created_ms - DAY_MS, from);
    day_write(p->created_ms + DAY_MS, to);
    const int rc =
        prima_search(ops_config(p->ops), p->key.company, from, to, PAGE_SIZE, meet, &c, &wrong);
    if (rc == 0 && c.met == 1 && prima->is_compared)
        return;
    prima->is_compared = prima->agrees = false;
    if (rc != 0)
        (void)snprintf(prima->why_not_compared, sizeof prima->why_not_compared, "%.290s",
                       wrong.text);
    else if (c.met == 0)
        (void)snprintf(prima->why_not_compared, sizeof prima->why_not_compared,
                       "Prima's OrderSearch has no document of this number between %s and %s", from,
                       to);
    else
        (void)snprintf(prima->why_not_compared, sizeof prima->why_not_compared,
                       c.met > 1 ? "Prima has %zu documents of this number"
                                 : "Prima's OrderSearch names no sum for it (%zu document)",
                       c.met);
}
