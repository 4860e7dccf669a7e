/* See denial.h. */
#include "posting/denial.h"

#include "posting/prima_ask.h"
#include "posting/posting.h"

enum { REQUEST_MAX = 8 << 10 };

bool denial_compare(struct record *r, denial_done done)
{
    if (r->heard.blame.denial != DENIAL_NEW || r->worker->posting->breaker.is_open)
        return false;
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    const bool is_written =
        r->worker->flow->status_request(&r->key, r->worker->posting->rules, &request) == 0;
    if (is_written)
        prima_ask(r, r->worker->flow->asks, &request, done, NULL);
    buf_release(&request);
    return is_written;
}

void denial_compared(struct record *r, const struct prima_reply *reply)
{
    switch (reply->fate) {
    case PRIMA_DENIED:
        r->heard.blame.denial = DENIAL_OF_ALL;
        break;
    case PRIMA_OK:
    case PRIMA_ABSENT:
        r->heard.blame.denial = DENIAL_OWN;
        break;
    default:
        r->heard.blame.denial =
            DENIAL_NONE; /* it says nothing: tried again, and compared again if it is
                                          denied again */
    }
}
