/* A dead letter as a person edited it; see edit.h. */
#include "posting/edit.h"

#include "codec/overlay.h"
#include "flow/edited.h"
#include "flow/overlay_seal.h"
#include "kafka/headers.h"
#include "posting/posting.h"

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
    r->edit = (struct overlay_text){text, size};
}

enum pf_error edit_apply(struct record *r)
{
    const struct worker *w = r->worker;
    struct flow_key key;
    void *event = arena_alloc(r->arena, w->flow->event->size);
    if (event == NULL)
        return PF_E_avro_too_large;
    const enum pf_error code = flow_edit(w->codec, w->flow, w->posting->rules, r->event, &r->key,
                                         r->edit, r->arena, event, &key, &r->end.detail);
    if (code != PF_OK)
        return code;
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
