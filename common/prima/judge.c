/* The table of proofs; see judge.h. Whatever is not a proof is PRIMA_UNKNOWN: the request may have
 * been applied. */
#include "prima/judge.h"

#include "prima/requests.h"

static size_t count_rows(const struct reply *r)
{
    return r->account_count + r->product_count + r->document_count; /* of one kind per request */
}

static enum prima_fate judge_ok(const struct judge_evidence *e, const struct reply *r)
{
    if (r->error[0] != '\0' || r->has_inner_error)
        return PRIMA_UNKNOWN; /* OK with an error text is never trusted */
    switch (request_row(e->type)->proof) {
    case PROOF_NUMBER: /* taken, but which? */
        return r->number_count > 0 || e->trusts_unnamed_ok ? PRIMA_OK : PRIMA_UNKNOWN;
    case PROOF_DATA:
        return r->has_data ? PRIMA_OK : PRIMA_UNKNOWN;
    case PROOF_ACCOUNT: /* created, but as whom? */
        return r->account_count == 1 ? PRIMA_OK : PRIMA_UNKNOWN;
    case PROOF_ROWS:
    case PROOF_ROWS_ALONE:
        return !r->has_data ? PRIMA_UNKNOWN : count_rows(r) > 0 ? PRIMA_OK : PRIMA_ABSENT;
    }
    return PRIMA_UNKNOWN;
}

static enum prima_fate judge_error(const struct judge_evidence *e, const struct reply *r,
                                   const struct patterns *patterns, enum pf_error *ret_code)
{
    enum pf_error code;
    const enum meaning meaning = patterns_find(patterns, e->type, r->error, &code);
    if (meaning == MEANING_NOT_ACCEPTED)
        return PRIMA_NOT_ACCEPTED;
    if (!request_row(e->type)->is_write)
        return meaning == MEANING_ABSENT
                   ? PRIMA_ABSENT
                   : PRIMA_UNKNOWN; /* a read's ERROR may be a fault as well */
    if (meaning == MEANING_EXISTS)
        return e->is_of_other_order ? PRIMA_UNKNOWN : PRIMA_EXISTS;
    *ret_code = meaning == MEANING_REFUSED ? code : PF_E_prima_refused_unclassified;
    return meaning == MEANING_REFUSED ? PRIMA_REFUSED : PRIMA_UNCLASSIFIED;
}

static enum prima_fate judge_status(const struct judge_evidence *e, enum not_accepted_503 policy)
{
    if (e->http_status == 401 || e->http_status == 403)
        return PRIMA_DENIED;
    if (e->http_status == 429)
        return PRIMA_NOT_ACCEPTED;
    if (e->http_status == 503 &&
        (policy == NOT_ACCEPTED_ALWAYS ||
         (policy == NOT_ACCEPTED_WITH_RETRY_AFTER && e->retry_after_ms >= 0)))
        return PRIMA_NOT_ACCEPTED;
    return PRIMA_UNKNOWN;
}

enum prima_fate judge(const struct judge_evidence *e, const struct patterns *patterns,
                      enum not_accepted_503 policy, enum pf_error *ret_code)
{
    *ret_code = PF_OK;
    if (e->end == POST_NOT_SENT)
        return PRIMA_NOT_SENT;
    if (e->end == POST_LOST)
        return PRIMA_UNKNOWN;
    if (e->http_status != 200)
        return judge_status(e, policy);
    if (e->reply == NULL || e->is_of_another)
        return PRIMA_UNKNOWN;
    switch (e->reply->status) {
    case REPLY_STATUS_OK:
        return judge_ok(e, e->reply);
    case REPLY_STATUS_ERROR:
        return judge_error(e, e->reply, patterns, ret_code);
    case REPLY_STATUS_MISSING: /* known of product reads: rows without a status */
        return request_row(e->type)->proof == PROOF_ROWS_ALONE && count_rows(e->reply) > 0
                   ? judge_ok(e, e->reply)
                   : PRIMA_UNKNOWN;
    case REPLY_STATUS_OTHER:
        break;
    }
    return PRIMA_UNKNOWN;
}
