/* Puts together what an answer says; see interpret.h. */
#include "prima/interpret.h"

#include "prima/reply_stream.h"
#include "prima/retry_after.h"

enum { WORDS_MAX = 300 };

/* Cuts the text after at most WORDS_MAX bytes, between two characters. */
static const char *shorten(struct arena *arena, const char *text)
{
    size_t size = strlen(text);
    if (size <= WORDS_MAX)
        return text;
    for (size = WORDS_MAX; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
        size--;
    const char *cut = arena_text(arena, text, size);
    return cut != NULL ? cut : "";
}

/* Statuses under which SOAP 1.1 answers. An envelope under another one was made by what stands
 * before Prima: gateways write SOAP faults of their own when they give up. */
static bool may_be_primas(int status)
{
    return status == 200 || status == 500;
}

/* Reads what came: the inner reply, or a fault's words. True: `reply` holds a reply. */
static bool read_answer(struct interpreter *i, enum prima_type type, const struct post_result *came,
                        struct arena *arena, struct reply *reply, struct prima_reply *out)
{
    if (came->size == 0 ||
        envelope_read(i->reader, came->body, came->size, came->charset, &i->answer) < 0)
        return false;
    out->is_primas_own = true;
    out->is_soap_fault = out->is_no = i->answer.is_fault;
    if (i->answer.is_fault) {
        const char *words = arena_text(arena, i->answer.text.data, i->answer.text.size);
        out->words = words != NULL ? shorten(arena, words) : "";
        return false;
    }
    return reply_read(i->reader, i->names, type, i->answer.text.data, i->answer.text.size, arena,
                      reply) == 0;
}

/* The same of what was read as it arrived. */
static bool read_stream(struct reply_stream *stream, struct arena *arena, struct reply *reply,
                        struct prima_reply *out)
{
    const char *fault = NULL;
    if (reply_stream_end(stream) < 0)
        return false;
    const struct reply *heard = reply_stream_reply(stream, &fault);
    out->is_primas_own = true;
    out->is_soap_fault = out->is_no = heard == NULL;
    if (heard == NULL) {
        const char *words = arena_text(arena, fault, strlen(fault));
        out->words = words != NULL ? shorten(arena, words) : "";
        return false;
    }
    *reply = *heard;
    return true;
}

static void take_values(struct prima_reply *out, const struct reply *reply, struct arena *arena)
{
    out->words = shorten(arena, reply->error);
    out->order_status = reply->order_status;
    out->echo = reply->echo;
    out->despatches = reply->despatches;
    out->despatch_count = reply->despatch_count;
    out->accounts = reply->accounts;
    out->account_count = reply->account_count;
    out->products = reply->products;
    out->product_count = reply->product_count;
    out->documents = reply->documents;
    out->document_count = reply->document_count;
    out->pages = reply->pages;
}

/* Prima's word, and not about this request: nothing of what it says is ours. */
static void disown(struct prima_reply *out)
{
    *out = (struct prima_reply){.fate = out->fate,
                                .http_status = out->http_status,
                                .is_of_another = true,
                                .retry_after_ms = out->retry_after_ms,
                                .words = "(the answer names another request than this one)",
                                .took_us = out->took_us};
}

/* An order's ERROR is unknown only where it says that another order exists. */
static bool is_anothers_exists(const struct judge_evidence *e, enum prima_fate fate)
{
    return e->type == PRIMA_NEW_ORDER && e->reply->status == REPLY_STATUS_ERROR &&
           fate == PRIMA_UNKNOWN;
}

/* A reply in words: whose it is. */
static void look_at(struct interpreter *i, enum prima_type type, const struct asked *asked,
                    const struct reply *reply, struct judge_evidence *evidence,
                    struct prima_reply *out)
{
    evidence->reply = reply;
    evidence->trusts_unnamed_ok = unnamed_ok_is_trusted(&i->unnamed_ok);
    evidence->is_of_another = asked_is_another(i->names, type, asked, reply);
    evidence->is_of_other_order = asked_words_are_anothers(asked, reply->error);
    out->is_no = reply->status == REPLY_STATUS_ERROR;
    if (evidence->is_of_another)
        disown(out);
}

/* What this answer teaches about the next ones. */
static void learn(struct interpreter *i, enum prima_type type, const struct asked *asked,
                  const struct reply *reply, struct prima_reply *out)
{
    if (out->is_of_another)
        return;
    if (type == PRIMA_ORDER_STATUS && (out->fate == PRIMA_OK || out->fate == PRIMA_ABSENT))
        unnamed_ok_asked(&i->unnamed_ok, asked->order_number, out->fate == PRIMA_OK);
    if (type != PRIMA_NEW_ORDER || reply->status != REPLY_STATUS_OK || reply->error[0] != '\0')
        return;
    if (reply->number_count > 0) {
        unnamed_ok_named(&i->unnamed_ok);
    } else if (out->fate == PRIMA_UNKNOWN) {
        unnamed_ok_came(&i->unnamed_ok, asked->order_number);
        out->words = "(OK, without the order's number)";
    }
}

/* `stream` NULL: the reply was held. */
static struct prima_reply interpret_either(struct interpreter *i, enum prima_type type,
                                           const struct asked *asked,
                                           const struct post_result *came, int64_t wall_ms,
                                           struct reply_stream *stream, struct arena *arena)
{
    struct prima_reply out = {.words = "", .took_us = came->took_us, .retry_after_ms = -1};
    struct judge_evidence evidence = {.type = type, .end = came->end, .retry_after_ms = -1};
    struct reply reply;
    if (came->end == POST_ANSWERED) {
        out.http_status = evidence.http_status = came->status;
        out.retry_after_ms = evidence.retry_after_ms =
            retry_after_ms(came->retry_after, wall_ms, i->retry_after_max_ms);
        if (arena != NULL && may_be_primas(came->status) &&
            (stream != NULL && came->status == 200
                 ? read_stream(stream, arena, &reply, &out)
                 : read_answer(i, type, came, arena, &reply, &out))) {
            take_values(&out, &reply, arena);
            look_at(i, type, asked, &reply, &evidence, &out);
        }
    }
    out.fate = judge(&evidence, i->patterns, i->policy, &out.code);
    if (evidence.is_of_other_order && is_anothers_exists(&evidence, out.fate))
        disown(&out);
    if (evidence.reply != NULL)
        learn(i, type, asked, evidence.reply, &out);
    return out;
}

struct prima_reply interpret(struct interpreter *i, enum prima_type type, const struct asked *asked,
                             const struct post_result *came, int64_t wall_ms, struct arena *arena)
{
    return interpret_either(i, type, asked, came, wall_ms, NULL, arena);
}

struct prima_reply interpret_stream(struct interpreter *i, enum prima_type type,
                                    const struct asked *asked, const struct post_result *came,
                                    int64_t wall_ms, struct reply_stream *stream,
                                    struct arena *arena)
{
    return interpret_either(i, type, asked, came, wall_ms, stream, arena);
}
