/* Defaults as Avro bytes and in canonical form; see defaults.h. */
#include "codec/defaults.h"

#include "codec/identity.h"
#include "codec/json.h"
#include "codec/plan.h"

#include <errno.h>
#include <stdio.h>

enum { DEFAULT_MAX = 1 << 16, DEFAULT_ELEMENTS_MAX = 1000, DEFAULT_DEPTH_MAX = 100 };

/* Into the arena, as it stands in `text`. */
static int keep_bytes(struct arena *memory, const struct buf *text, struct bound_bytes *ret_bytes)
{
    const char *copy = text->failed ? NULL : arena_text(memory, text->data, text->size);
    *ret_bytes = (struct bound_bytes){.data = (const uint8_t *)copy, .size = text->size};
    return copy != NULL ? 0 : -ENOMEM;
}

static int fill_bytes(struct place *place, const json_t *value, struct arena *memory)
{
    struct buf bytes;
    struct codec_fault fault;
    buf_init(&bytes, DEFAULT_MAX);
    int r = json_encode(place->node, value, &bytes, &fault);
    if (r == 0)
        r = keep_bytes(memory, &bytes, &place->fallback);
    buf_release(&bytes);
    return r == -EBADMSG ? -EINVAL : r;
}

/* By decoding the bytes into a struct: there is one way from a value to its canonical form. */
static int fill_canonical(const struct layout *layout, struct place *place, enum identity_form form,
                          struct arena *memory)
{
    const struct codec_limits limits = {.bytes_max = place->fallback.size,
                                        .elements_max = DEFAULT_ELEMENTS_MAX,
                                        .depth_max = DEFAULT_DEPTH_MAX};
    struct wire wire = {.at = place->fallback.data,
                        .end = place->fallback.data + place->fallback.size};
    struct plan_record *made = NULL;
    struct codec_fault fault;
    struct buf text;
    char *record = arena_alloc(memory, layout->record->size);
    const struct plan *plan = plan_make(memory, &made, place->node, place);
    if (record == NULL || plan == NULL ||
        plan_run(plan, &wire, &limits, memory, record + place->row->offset, &fault) < 0)
        return -ENOMEM;
    buf_init(&text, DEFAULT_MAX);
    identity_write_value(place, form, record, &text);
    const int r = keep_bytes(memory, &text, &place->canonical[form]);
    buf_release(&text);
    return r;
}

/* One layout's, in three passes: a canonical form may need the bytes of other places, and the
 * canonical forms below. */
static int fill_places(struct layout_set *set, struct layout *layout, char ret_message[static 200])
{
    const struct layout *sub;
    int r = 0;
    for (size_t i = 0; r == 0 && i < layout->count; i++) {
        struct place *place = &layout->places[i];
        if (place->has_default)
            r = fill_bytes(place, layout->node->fields[i].default_value, set->memory);
        if (r == -EINVAL)
            (void)snprintf(ret_message, 200, "%s.%s: its default is none of its type",
                           layout->record->name, place->name);
    }
    for (size_t i = 0; r == 0 && i < layout->count; i++)
        if ((sub = layout->places[i].sub) != NULL)
            r = defaults_fill(set, layout_made(set, sub->node, sub->record), ret_message);
    for (size_t i = 0; r == 0 && i < layout->count; i++)
        for (int form = 0; r == 0 && form < IDENTITY_FORM_COUNT; form++)
            if (layout->places[i].selected[form] && layout->places[i].has_default)
                r = fill_canonical(layout, &layout->places[i], (enum identity_form)form,
                                   set->memory);
    return r;
}

int defaults_fill(struct layout_set *set, struct layout *layout, char ret_message[static 200])
{
    if (layout->has_defaults)
        return 0;
    layout->has_defaults = true; /* a record may contain itself */
    return fill_places(set, layout, ret_message);
}
