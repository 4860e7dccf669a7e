/* One question for each document; see documents.h. */
#include "facts/documents.h"

#include "base/failpoint.h"
#include "posting/denial.h"
#include "posting/prima_ask.h"
#include "posting/posting.h"

enum { REQUEST_MAX = 8 << 10 };

static struct fact *next_open(const struct record *r)
{
    for (size_t i = 0; i < r->claim.fact_count; i++)
        if (r->claim.facts[i].kind == FACT_STATUS && r->claim.facts[i].state == FACT_UNASKED)
            return &r->claim.facts[i];
    return NULL;
}

static void on_status(struct record *r, const struct prima_reply *reply)
{
    struct fact *fact = next_open(r);
    const char *status = reply->order_status != NULL ? reply->order_status : "";
    (void)fail_point("documents.answered");
    switch (reply->fate) {
    case PRIMA_OK:
    case PRIMA_EXISTS:
        fact->status = record_keep(r, status, strlen(status)).data;
        fact->state = FACT_KNOWN;
        break;
    case PRIMA_ABSENT:
        fact->state = FACT_ABSENT;
        break;
    default:
        facts_wait(r);
        return;
    }
    facts_next(r);
}

static bool find(struct record *r)
{
    struct fact *fact = next_open(r);
    struct buf request;
    if (fact == NULL)
        return false;
    buf_init(&request, REQUEST_MAX);
    if (prima_request_order_status(fact->document, &request) == 0)
        prima_ask(r, fact->asks, &request, on_status, NULL);
    else
        facts_wait(r);
    buf_release(&request);
    return true;
}

const struct fact_source status_source = {.kind = FACT_STATUS, .find = find};
