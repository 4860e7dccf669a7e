/* What an edit comes to; see edit_change.h. */
#include "core/edit_change.h"

#include "base/clock.h"
#include "codec/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *fields_of_header(const struct kafka_header *header)
{
    struct codec_fault fault;
    json_t *fields = json_object(), *pair;
    json_t *list = overlay_read(header->value, header->size, &fault);
    size_t i;
    json_array_foreach(list, i, pair)(void) json_object_set(
        fields, json_string_value(json_array_get(pair, 0)), json_array_get(pair, 1));
    json_decref(list);
    return fields;
}

int edit_change_begin(struct edit_change *c, const struct letter_edits *edits,
                      const struct kafka_header *header)
{
    c->is_carried = edits == NULL && header != NULL;
    c->record = edits != NULL ? json_deep_copy(edits->json) : NULL;
    c->before = edits != NULL   ? letter_edits_fields(edits)
                : c->is_carried ? fields_of_header(header)
                                : json_object();
    c->after = json_copy(c->before);
    return c->before == NULL || c->after == NULL || (edits != NULL && c->record == NULL) ? -ENOMEM
                                                                                         : 0;
}

void edit_change_release(struct edit_change *c)
{
    json_decref(c->event);
    json_decref(c->before);
    json_decref(c->after);
    json_decref(c->record);
    free(c->overlay);
    *c = (struct edit_change){.event = NULL};
}

/* ---- what is set, or undone ---- */

/* A number or a truth in the place of one; else the text. */
static json_t *value_of_text(const json_t *old, const json_t *text)
{
    json_t *value = NULL;
    if (json_is_number(old) || json_is_boolean(old))
        value = json_loads(json_string_value(text), JSON_DECODE_ANY, NULL);
    if (json_is_number(value) || json_is_boolean(value))
        return value;
    json_decref(value);
    return json_copy((json_t *)text);
}

/* Takes over `to`. */
static void set_one(struct edit_change *c, const char *path, json_t *to)
{
    json_t *old = overlay_find(c->event, path);
    if (old != NULL && json_equal(old, to))
        (void)json_object_del(c->after, path);
    else
        (void)json_object_set(c->after, path, to);
    json_decref(to);
}

void edit_change_set(struct edit_change *c, const json_t *texts, const json_t *values)
{
    const char *path;
    json_t *value;
    json_object_foreach((json_t *)texts, path, value)
        set_one(c, path, value_of_text(overlay_find(c->event, path), value));
    json_object_foreach((json_t *)values, path, value) set_one(c, path, json_deep_copy(value));
}

int edit_change_undo(struct edit_change *c)
{
    json_t *list = json_object_get(c->record, "edits");
    const size_t count = json_array_size(list);
    if (count == 0 && !c->is_carried)
        return -ENOENT;
    if (count > 0)
        (void)json_array_remove(list, count - 1);
    json_decref(c->after);
    c->after = count > 0 ? letter_edits_fields(&(const struct letter_edits){.json = c->record})
                         : json_object();
    return c->after != NULL ? 0 : -ENOMEM;
}

int edit_change_write(struct edit_change *c, struct codec_fault *ret_fault)
{
    if (json_object_size(c->after) == 0)
        return 0;
    c->overlay = overlay_write(c->after, ret_fault);
    return c->overlay != NULL ? 0 : -EINVAL;
}

/* ---- for people ---- */

static json_t *field_row(const struct edit_change *c, const char *path, json_t *to)
{
    return json_pack("{s:s, s:O?, s:O}", "field", path, "old", overlay_find(c->event, path), "new",
                     to);
}

static bool stood_before(const struct edit_change *c, const char *path, const json_t *to)
{
    const json_t *former = json_object_get(c->before, path);
    return former != NULL && json_equal(former, to);
}

json_t *edit_change_list(const struct edit_change *c)
{
    json_t *list = json_array(), *to;
    const char *path;
    json_object_foreach(c->after, path, to)
    {
        json_t *row = field_row(c, path, to);
        if (stood_before(c, path, to))
            (void)json_object_set_new(row, "earlier", json_true());
        (void)json_array_append_new(list, row);
    }
    return list;
}

json_t *edit_change_fields(const struct edit_change *c)
{
    json_t *fields = json_array(), *to;
    const char *path;
    json_object_foreach(c->after, path, to) if (!stood_before(c, path, to))(void)
        json_array_append_new(fields, field_row(c, path, to));
    json_object_foreach(c->before, path, to) if (json_object_get(c->after, path) == NULL)(void)
        json_array_append_new(fields, json_pack("{s:s}", "field", path));
    return fields;
}

/* ---- for the topic ---- */

static json_t *edit_new(const struct edit_author *a, int64_t version, const char *reason,
                        json_t *fields)
{
    char at[CLOCK_TEXT_MAX];
    return json_pack("{s:I, s:s, s:s, s:s, s:o}", "version", (json_int_t)version, "who", a->who,
                     "at", clock_format(a->at_ms, at), "reason", reason, "fields", fields);
}

/* What the letter brought stands before the first edit of its own. */
static int add_carried(const struct edit_change *c, const struct edit_author *a, json_t *list)
{
    json_t *fields = json_array(), *to;
    const char *path;
    json_object_foreach(c->before, path, to)(void)
        json_array_append_new(fields, field_row(c, path, to));
    return json_array_append_new(
        list, edit_new(a, 0, "carried from the letter that was retried", fields));
}

int edit_change_record(struct edit_change *c, const struct edit_author *a)
{
    if (c->record == NULL)
        c->record =
            json_pack("{s:s, s:s, s:[]}", "letter", a->letter, "delivery", a->delivery, "edits");
    json_t *list = json_object_get(c->record, "edits");
    int rc = list != NULL ? 0 : -1;
    if (rc == 0 && !a->undoes && c->is_carried)
        rc = add_carried(c, a, list);
    if (rc == 0 && !a->undoes)
        rc = json_array_append_new(list, edit_new(a, a->version, a->reason, edit_change_fields(c)));
    if (rc == 0)
        rc = json_object_set_new(c->record, "version", json_integer(a->version));
    return rc == 0 ? 0 : -ENOMEM;
}
