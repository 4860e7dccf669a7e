/* What a call is answered, and what a hostility makes of it.
 *
 * Life: answer_prima, answer_client_fault or answer_throttle makes it; answer_disturb changes it as
 * a fault says; answer_close makes it ready to leave. Invariant: `body` is what requests.reply
 * keeps between the last two, whatever then leaves of it. Ownership: body belongs to the answer;
 * answer_clear keeps its memory. One thread. */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include "faults.h"
#include "request.h"

enum { ANSWER_MAX = 64 << 20 }; /* a full stock read of 50,000 products in 16 depots */

enum ending {
    END_ANSWER,
    END_PART,       /* `bytes` of body, then close */
    END_PART_RESET, /* the same, then RST */
    END_HANG,       /* nothing, until the client leaves */
};

struct answer {
    struct buf body;
    const char *type; /* Content-Type, static text */
    char retry_after[64];
    int status; /* of HTTP; 0: nothing is to be answered */
    enum ending ending;
    size_t bytes;
    bool is_noise;         /* body is not HTTP's to frame */
    bool ends_uncommitted; /* before its rows are committed */
};

void answer_clear(struct answer *a);

void answer_prima(struct answer *a, const char *operation, const struct buf *document);
void answer_client_fault(struct answer *a, const char *text);
void answer_text(struct answer *a, int status, const char *type, const char *text);
void answer_throttle(struct answer *a, int status, const char *retry_after);

/* After the request was applied or not; r->reply is the document so far, and may be changed. */
void answer_disturb(struct answer *a, struct request *r, const struct fault *fault,
                    const char *operation);

/* Puts HTTP's head before a body that will not leave through libmicrohttpd. */
void answer_close(struct answer *a);

#endif
