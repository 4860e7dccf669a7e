/* What an answer proves: from HTTP's status and Prima's words to a fate. The one place where that
 * is decided. Pure, any thread (patterns: one at a time). */
#ifndef PRIMAFLOW_PRIMA_JUDGE_H
#define PRIMAFLOW_PRIMA_JUDGE_H

#include "prima/answer.h"
#include "prima/patterns.h"
#include "prima/post.h"
#include "prima/reply.h"

enum not_accepted_503 { NOT_ACCEPTED_WITH_RETRY_AFTER, NOT_ACCEPTED_ALWAYS, NOT_ACCEPTED_NEVER };

/* All that was heard of one request. */
struct judge_evidence {
    enum prima_type type;
    enum post_end end;
    int http_status;
    int64_t retry_after_ms;    /* -1: none */
    const struct reply *reply; /* NULL: none, unreadable, or a SOAP fault */
    /* the reply names another request than this one (asked.h): it proves nothing of this one */
    bool is_of_another;
    bool is_of_other_order; /* its words, if they say that an order exists, name another one */
    /* an OK to an order without the order's number is a yes (unnamed_ok.h) */
    bool trusts_unnamed_ok;
};

/* ret_code: of PRIMA_REFUSED and PRIMA_UNCLASSIFIED, else PF_OK. */
enum prima_fate judge(const struct judge_evidence *evidence, const struct patterns *patterns,
                      enum not_accepted_503 policy, enum pf_error *ret_code);

#endif
