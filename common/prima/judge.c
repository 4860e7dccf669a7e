/* The table of proofs; see judge.h. Whatever is not a proof is PRIMA_UNKNOWN: the request may have been applied. */
#include "prima/judge.h"

static bool is_write(enum prima_type type)
{
    return type == PRIMA_NEW_ORDER || type == PRIMA_NEW_CUSTOMER;
}

static enum prima_fate judge_ok(enum prima_type type, const struct reply *r)
{
    if (r->error[0] != '\0' || r->has_inner_error)
        return PRIMA_UNKNOWN; /* OK with an error text is never trusted */
    switch (type) {
    case PRIMA_NEW_ORDER:
        return PRIMA_OK;
    case PRIMA_ORDER_STATUS:
        return r->has_data ? PRIMA_OK : PRIMA_UNKNOWN;
    case PRIMA_NEW_CUSTOMER: /* created, but as whom? */
        return r->account_count == 1 ? PRIMA_OK : PRIMA_UNKNOWN;
    case PRIMA_CUSTOMER_SEARCH:
        return !r->has_data ? PRIMA_UNKNOWN : r->account_count > 0 ? PRIMA_OK : PRIMA_ABSENT;
    case PRIMA_PRODUCT_READ:
        return !r->has_data ? PRIMA_UNKNOWN : r->product_count > 0 ? PRIMA_OK : PRIMA_ABSENT;
    case PRIMA_ORDER_SEARCH:
        return !r->has_data ? PRIMA_UNKNOWN : r->document_count > 0 ? PRIMA_OK : PRIMA_ABSENT;
    case PRIMA_TYPE_COUNT:
        break;
    }
    return PRIMA_UNKNOWN;
}

static enum prima_fate judge_error(enum prima_type type, const struct reply *r, const struct patterns *patterns, enum pf_error *ret_code)
{
    enum pf_error code;
    const enum meaning meaning = patterns_find(patterns, type, r->error, &code);
    if (meaning == MEANING_NOT_ACCEPTED)
        return PRIMA_NOT_ACCEPTED;
    if (!is_write(type))
        return meaning == MEANING_ABSENT ? PRIMA_ABSENT : PRIMA_UNKNOWN; /* a read's ERROR may be a fault as well */
    if (meaning == MEANING_EXISTS)
        return PRIMA_EXISTS;
    *ret_code = meaning == MEANING_REFUSED ? code : PF_E_prima_refused_unclassified;
    return meaning == MEANING_REFUSED ? PRIMA_REFUSED : PRIMA_UNCLASSIFIED;
}

static enum prima_fate judge_status(const struct judge_evidence *e, enum not_accepted_503 policy)
{
    if (e->http_status == 401 || e->http_status == 403)
        return PRIMA_DENIED;
    if (e->http_status == 429)
        return PRIMA_NOT_ACCEPTED;
    if (e->http_status == 503 && (policy == NOT_ACCEPTED_ALWAYS || (policy == NOT_ACCEPTED_WITH_RETRY_AFTER && e->retry_after_ms >= 0)))
        return PRIMA_NOT_ACCEPTED;
    return PRIMA_UNKNOWN;
}

enum prima_fate judge(const struct judge_evidence *e, const struct patterns *patterns, enum not_accepted_503 policy,
                      enum pf_error *ret_code)
{
    *ret_code = PF_OK;
    if (e->end == POST_NOT_SENT)
        return PRIMA_NOT_SENT;
    if (e->end == POST_LOST)
        return PRIMA_UNKNOWN;
    if (e->http_status != 200)
        return judge_status(e, policy);
    if (e->reply == NULL)
        return PRIMA_UNKNOWN;
    switch (e->reply->status) {
    case REPLY_STATUS_OK:
        return judge_ok(e->type, e->reply);
    case REPLY_STATUS_ERROR:
        return judge_error(e->type, e->reply, patterns, ret_code);
    case REPLY_STATUS_MISSING: /* known of product reads: rows without a status */
        return e->type == PRIMA_PRODUCT_READ && e->reply->product_count > 0 ? judge_ok(e->type, e->reply) : PRIMA_UNKNOWN;
    case REPLY_STATUS_OTHER:
        break;
    }
    return PRIMA_UNKNOWN;
}
