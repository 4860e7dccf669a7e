/* What a record means; see decode.h. */
#include "posting/decode.h"

#include <errno.h>

#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "stream/ended.h"
#include "kafka/headers.h"
#include "posting/credit.h"
#include "posting/edit.h"
#include "posting/schema.h"
#include "posting/posting.h"

/* A record that comes back from a retry topic was in order when it went there: its mapping was
 * taken away since, its schema. By the key that its headers name it is still known. */
static bool comes_back(struct record *r)
{
    char natural[500];
    if (r->partition->topic->role != TOPIC_RETRY)
        return false;
    if (r->key.natural != NULL)
        return true;
    if (kafka_header_text(&r->raw, HEADER_IDEMPOTENCY_KEY, natural, sizeof natural) == NULL ||
        natural[0] == '\0')
        return false;
    r->work.natural = record_keep(r, natural, strlen(natural)).data;
    r->work.delivery = r->lineage.delivery;
    r->work.parent = r->lineage.parent;
    return r->work.natural[0] != '\0';
}

static bool has_ended(const struct record *r)
{
    const struct ended_question about = {r->lineage.delivery, r->key.natural, r->identity};
    return ended_has(r->partition, &r->raw, &about);
}

static void malformed(struct record *r, enum pf_error code, const char *detail)
{
    r->end.code = code;
    r->end.detail = detail;
    if (has_ended(r)) {
        record_transition(r, REPEATED);
        return;
    }
    if (!comes_back(r)) {
        record_transition(r, MALFORMED);
        return;
    }
    if (r->lineage.was_sent) {
        log_warning(.message =
                        "record no longer decodable, but Prima may have its document: it waits",
                    .code = pf_error_info(code)->name, .key = r->work.natural,
                    .topic = r->lineage.entry_topic, .partition = r->lineage.entry_partition + 1,
                    .offset = r->lineage.entry_offset + 1,
                    .remedy = "restore the mapping or schema that was removed");
        r->key.natural = r->work.natural;
    }
    record_transition(r, r->lineage.was_sent ? MALFORMED_SENT : MALFORMED_NOW);
}

static void find_parts(struct record *r)
{
    const struct flow *flow = r->worker->flow;
    struct flow_money money = {0};
    codec_goods(r->worker->codec, flow->event, r->event, r->goods);
    if (flow->money != NULL)
        flow->money(r->event, &money);
    flow_money_digest(&money, r->money);
    r->work.goods = r->goods;
    r->work.money = r->money;
}

/* The event's key. Of one that a person edited the original need not have one. */
static enum pf_error key_read(struct record *r, const char **ret_detail)
{
    const struct worker *w = r->worker;
    const enum pf_error code =
        w->flow->key(r->event, w->posting->rules, r->arena, &r->key, ret_detail);
    if (code != PF_OK)
        r->key = (struct flow_key){0};
    return r->edit.size > 0 ? PF_OK : code;
}

static void work_fill(struct record *r)
{
    r->work.cancels = r->key.cancels;
    r->work.natural = r->key.natural;
    r->work.identity = r->identity;
    r->work.delivery = r->lineage.delivery;
    r->work.parent = r->lineage.parent;
    r->work.version = r->key.version;
}

/* What came with it as it is now has been refused for good, unless an earlier try was sent. */
static void edit_refused(struct record *r, enum pf_error code)
{
    const bool is_first_try = r->lineage.entry_offset == r->raw.offset &&
                              strcmp(r->lineage.entry_topic, r->raw.topic) == 0;
    if (!is_first_try) {
        if (r->key.natural != NULL)
            work_fill(r);
        malformed(r, code, r->end.detail);
        return;
    }
    r->end.code = code;
    record_transition(r, has_ended(r) ? REPEATED : MALFORMED);
}

static void find_key(struct record *r)
{
    struct worker *w = r->worker;
    const char *detail = NULL;
    enum pf_error code = key_read(r, &detail);
    if (code != PF_OK) {
        malformed(r, code, detail);
        return;
    }
    codec_identity(w->codec, w->flow->event, r->event, r->identity);
    find_parts(r);
    if (r->edit.size > 0 && (code = edit_apply(r)) != PF_OK) {
        edit_refused(r, code);
        return;
    }
    if (r->key.cancels) { /* its document's content, taken back: never the same as that itself,
                             whatever the channel resends with it */
        digest_sha256(r->identity, IDENTITY_SIZE, r->identity + 1);
    }
    work_fill(r);
    credit_begin(r);
    if (has_ended(r))
        record_transition(r, REPEATED);
    else if (r->lineage.replays > w->posting->replay_max && !r->lineage.was_sent)
        malformed(r, PF_E_replay_limit, NULL);
    else
        record_transition(r, DECODED_OK);
}

/* ---- bytes ---- */

void decode_begin(struct record *r)
{
    struct worker *w = r->worker;
    if (r->raw.value == NULL) {
        malformed(r, PF_E_tombstone, NULL);
        return;
    }
    struct codec_fault fault = {PF_OK, ""};
    if (r->event == NULL)
        r->event = arena_alloc(r->arena, w->flow->event->size);
    const int result = r->event == NULL
                           ? -ENOMEM
                           : codec_decode(w->codec, w->flow->event, r->raw.value, r->raw.value_size,
                                          r->arena, r->event, &fault);
    if (result == 0) {
        pauses_end(&w->host.pauses, PAUSE_REGISTRY);
        find_key(r);
    } else if (result == -EAGAIN)
        schema_ask(r, (struct redis_bytes){r->raw.value, r->raw.value_size}, decode_begin);
    else
        malformed(r, result == -EBADMSG ? fault.code : PF_E_avro_too_large,
                  record_keep(r, fault.message, strlen(fault.message)).data);
}
