/* A dead letter as a person edited it; see edit.h. */
#include "posting/edit.h"

#include "codec/overlay.h"
#include "flow/overlay_seal.h"
#include "kafka/headers.h"
#include "posting/posting.h"

#include <errno.h>

const struct kafka_header *edit_header(const struct kafka_record *record)
{
    for (size_t i = record->header_count; i > 0; i--) {
        const struct kafka_header *h = &record->headers[i - 1];
        if (strcmp(h->name, HEADER_OVERLAY) == 0 && h->value != NULL && h->size > 0)
            return h;
    }
    return NULL;
}

void edit_read(struct record *r)
{
    const struct kafka_header *h =
        r->partition->topic->role == TOPIC_RETRY ? edit_header(&r->raw) : NULL;
    if (h == NULL)
        return;
    /* one that is too long is kept to be refused, not forgotten */
    const size_t size = h->size <= OVERLAY_TEXT_MAX ? h->size : OVERLAY_TEXT_MAX + 1;
    const char *text = arena_text(r->arena, h->value, size);
    if (text == NULL)
        abort(); /* the arena is new: no memory. Without its edit it would be posted as it was */
    r->edit = (struct record_edit){text, size};
}

int edit_of(const struct worker *w, const void *event, const char *overlay, size_t size,
            struct arena *arena, void *ret_event, struct codec_fault *ret_fault)
{
    const struct bound_record *record = w->flow->event;
    json_t *wanted = overlay_read(overlay, size, ret_fault);
    if (wanted == NULL)
        return -EBADMSG;
    json_t *json = codec_struct_to_json(w->codec, record, event);
    int rc = json != NULL ? overlay_apply(json, wanted, ret_fault)
                          : fault_set(ret_fault, PF_E_avro_too_large, NULL,
                                      "more memory than a record may take");
    if (rc == 0)
        rc = codec_json_to_struct(w->codec, record, json, arena, ret_event, ret_fault);
    json_decref(json);
    json_decref(wanted);
    return rc;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_key(const struct flow_key *a, const struct flow_key *b)
{
    return is_same(a->natural, b->natural) && is_same(a->kafka, b->kafka) &&
           is_same(a->lane, b->lane) && is_same(a->company, b->company) &&
           is_same(a->document, b->document) && a->version == b->version &&
           a->cancels == b->cancels && a->is_empty == b->is_empty;
}

static const char *edit_detail(struct record *r, const char *why)
{
    const char *text = arena_printf(r->arena, "Its edit cannot be applied: %s", why);
    return text != NULL ? text : "Its edit cannot be applied.";
}

enum pf_error edit_apply(struct record *r)
{
    const struct worker *w = r->worker;
    struct codec_fault fault = {PF_OK, ""};
    struct flow_key key = {0};
    const char *detail = NULL;
    void *event = arena_alloc(r->arena, w->flow->event->size);
    if (event == NULL)
        return PF_E_avro_too_large;
    if (edit_of(w, r->event, r->edit.text, r->edit.size, r->arena, event, &fault) < 0) {
        r->end.detail = edit_detail(r, fault.message);
        return fault.code;
    }
    const enum pf_error code = w->flow->key(event, w->posting->rules, r->arena, &key, &detail);
    if (code != PF_OK) {
        r->end.detail = detail;
        return code;
    }
    if (r->key.natural != NULL && !is_same_key(&r->key, &key)) {
        r->end.detail = edit_detail(r, "it changes whose event it is, its version or its kind");
        return PF_E_event_invalid;
    }
    r->event = event;
    r->key = key;
    return PF_OK;
}

struct redis_bytes edit_seal(struct record *r, struct redis_bytes summary)
{
    uint8_t digest[OVERLAY_DIGEST_SIZE];
    if (r->edit.size == 0)
        return summary;
    char *sealed = arena_alloc(r->arena, summary.size + OVERLAY_SEAL_SIZE);
    if (sealed == NULL)
        return summary; /* said by the header all the same */
    if (summary.size > 0)
        memcpy(sealed, summary.data, summary.size);
    overlay_digest(r->edit.text, r->edit.size, digest);
    overlay_seal(digest, sealed + summary.size);
    return (struct redis_bytes){sealed, summary.size + OVERLAY_SEAL_SIZE};
}
