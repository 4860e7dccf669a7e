/* Applying a person's edit; see edited.h. */
#include "flow/edited.h"

#include "codec/overlay.h"

#include <errno.h>

int flow_edit_event(struct codec *codec, const struct flow *flow, const void *event,
                    struct overlay_text overlay, struct arena *arena, void *ret_event,
                    struct codec_fault *ret_fault)
{
    json_t *wanted = overlay_read(overlay.text, overlay.size, ret_fault);
    if (wanted == NULL)
        return -EBADMSG;
    json_t *json = codec_struct_to_json(codec, flow->event, event);
    int rc = json != NULL ? overlay_apply(json, wanted, ret_fault)
                          : fault_set(ret_fault, PF_E_avro_too_large, NULL,
                                      "more memory than a record may take");
    if (rc == 0)
        rc = codec_json_to_struct(codec, flow->event, json, arena, ret_event, ret_fault);
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

static enum pf_error edit_refuse(struct arena *arena, enum pf_error code, const char *why,
                                 const char **ret_detail)
{
    const char *text = arena_printf(arena, "Its edit cannot be applied: %s", why);
    *ret_detail = text != NULL ? text : "Its edit cannot be applied.";
    return code;
}

enum pf_error flow_edit(struct codec *codec, const struct flow *flow, const void *rules,
                        const void *event, const struct flow_key *original,
                        struct overlay_text overlay, struct arena *arena, void *ret_event,
                        struct flow_key *ret_key, const char **ret_detail)
{
    struct codec_fault fault = {PF_OK, ""};
    struct flow_key key = {0};
    if (flow_edit_event(codec, flow, event, overlay, arena, ret_event, &fault) < 0)
        return edit_refuse(arena, fault.code, fault.message, ret_detail);
    const enum pf_error code = flow->key(ret_event, rules, arena, &key, ret_detail);
    if (code != PF_OK)
        return code;
    if (original->natural != NULL && !is_same_key(original, &key))
        return edit_refuse(arena, PF_E_event_invalid,
                           "it changes whose event it is, its version or its kind", ret_detail);
    *ret_key = key;
    return PF_OK;
}
