/* Reading, writing and applying overlays; see overlay.h. */
#include "codec/overlay.h"

#include "base/digest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_DIGITS_MAX = 6 };

static int overlay_refuse(struct codec_fault *ret_fault, const char *path, const char *why)
{
    ret_fault->code = PF_E_event_invalid;
    (void)snprintf(ret_fault->message, sizeof ret_fault->message, "%.120s%s%s", path,
                   path[0] != '\0' ? ": " : "", why);
    return -EBADMSG;
}

/* ---- paths ---- */

/* One step: a field's name, or an item's index. */
struct step {
    char name[OVERLAY_PATH_MAX]; /* "": an index */
    size_t index;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Takes the next step off *path. False: it is no path. */
static bool step_take(const char **path, bool is_first, struct step *ret_step)
{
    const char *at = *path;
    *ret_step = (struct step){.name = ""};
    if (*at == '[' && !is_first) {
        const size_t size = strspn(++at, "0123456789");
        if (size == 0 || size > INDEX_DIGITS_MAX || at[size] != ']' || (*at == '0' && size > 1))
            return false;
        ret_step->index = strtoul(at, NULL, 10);
        *path = at + size + 1;
        return true;
    }
    if (!is_first && *at++ != '.')
        return false;
    size_t size = 0;
    while (is_name(at[size]))
        size++;
    if (size == 0)
        return false;
    memcpy(ret_step->name, at, size);
    *path = at + size;
    return true;
}

static bool is_path(const char *path)
{
    struct step step;
    if (strlen(path) >= OVERLAY_PATH_MAX)
        return false;
    for (bool is_first = true; is_first || *path != '\0'; is_first = false)
        if (!step_take(&path, is_first, &step))
            return false;
    return true;
}

static json_t *step_get(json_t *value, const struct step *step)
{
    return step->name[0] != '\0' ? json_object_get(value, step->name)
                                 : json_array_get(value, step->index);
}

json_t *overlay_find(json_t *event, const char *path)
{
    struct step step;
    if (!is_path(path))
        return NULL;
    for (bool is_first = true; event != NULL && *path != '\0'; is_first = false)
        event = step_take(&path, is_first, &step) ? step_get(event, &step) : NULL;
    return event;
}

/* ---- the text ---- */

static int compare_paths(const void *a_, const void *b_)
{
    const char *const *a = a_, *const *b = b_;
    return strcmp(*a, *b);
}

char *overlay_write(const json_t *fields, struct codec_fault *ret_fault)
{
    const char *paths[OVERLAY_FIELDS_MAX];
    size_t count = 0;
    const char *path;
    json_t *value;
    if (json_object_size(fields) > OVERLAY_FIELDS_MAX) {
        (void)overlay_refuse(ret_fault, "", "more fields than one edit may have");
        return NULL;
    }
    json_object_foreach((json_t *)fields, path, value) paths[count++] = path;
    qsort(paths, count, sizeof *paths, compare_paths);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("[s, O]", paths[i], json_object_get(fields, paths[i])));
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    json_t *checked = text != NULL ? overlay_read(text, strlen(text), ret_fault) : NULL;
    if (checked == NULL) {
        free(text);
        return NULL;
    }
    json_decref(checked);
    return text;
}

static int pair_check(const json_t *pair, const char *before, struct codec_fault *ret_fault)
{
    const char *path = json_string_value(json_array_get(pair, 0));
    if (json_array_size(pair) != 2 || path == NULL || !is_path(path))
        return overlay_refuse(ret_fault, "", "the edit has what is no path of a field");
    if (before != NULL && strcmp(before, path) >= 0)
        return overlay_refuse(ret_fault, path, "twice in the edit, or out of order");
    return 0;
}

json_t *overlay_read(const char *text, size_t size, struct codec_fault *ret_fault)
{
    json_t *list =
        size <= OVERLAY_TEXT_MAX ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *before = NULL;
    int rc = 0;
    if (!json_is_array(list) || json_array_size(list) > OVERLAY_FIELDS_MAX)
        rc = overlay_refuse(ret_fault, "",
                            size > OVERLAY_TEXT_MAX ? "the edit is longer than 16 KiB"
                                                    : "the edit is no list of fields");
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        rc = pair_check(pair, before, ret_fault);
        before = json_string_value(json_array_get(pair, 0));
    }
    if (rc == 0)
        return list;
    json_decref(list);
    return NULL;
}

void overlay_digest(const char *text, size_t size, uint8_t ret_digest[static OVERLAY_DIGEST_SIZE])
{
    uint8_t hash[DIGEST_SIZE];
    digest_sha256(text, size, hash);
    memcpy(ret_digest, hash, OVERLAY_DIGEST_SIZE);
}

/* ---- applying ---- */

/* Where the next step leads from `value`; a record that is absent begins there. */
static json_t *step_into(json_t *value, const struct step *step)
{
    json_t *next = step_get(value, step);
    if (!json_is_null(next) || step->name[0] == '\0')
        return next;
    return json_object_set_new(value, step->name, json_object()) == 0
               ? json_object_get(value, step->name)
               : NULL;
}

static int step_set(json_t *value, const struct step *step, json_t *to)
{
    if (step->name[0] != '\0')
        return json_object_set(value, step->name, to);
    const size_t count = json_array_size(value);
    if (step->index == count && json_is_array(value) && !json_is_null(to))
        return json_array_append(value, to);
    return json_array_set(value, step->index, to);
}

static int field_set(json_t *event, const char *path, json_t *to, struct codec_fault *ret_fault)
{
    const char *at = path;
    struct step step;
    bool is_ok = step_take(&at, true, &step);
    while (is_ok && *at != '\0') {
        event = step_into(event, &step);
        is_ok = event != NULL && step_take(&at, false, &step);
    }
    return is_ok && step_set(event, &step, to) == 0
               ? 0
               : overlay_refuse(ret_fault, path, "the event has no such place");
}

/* Items that were taken out. No list of an event has null for an item of its own. */
static void items_remove(json_t *value)
{
    const char *name;
    json_t *item;
    void *next;
    for (size_t i = json_array_size(value); i-- > 0;) {
        item = json_array_get(value, i);
        if (json_is_null(item))
            (void)json_array_remove(value, i);
        else
            items_remove(item);
    }
    json_object_foreach_safe(value, next, name, item) items_remove(item);
}

int overlay_apply(json_t *event, const json_t *overlay, struct codec_fault *ret_fault)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(overlay); i++) {
        const json_t *pair = json_array_get(overlay, i);
        json_t *to = json_deep_copy(json_array_get(pair, 1));
        rc = field_set(event, json_string_value(json_array_get(pair, 0)), to, ret_fault);
        json_decref(to);
    }
    if (rc == 0)
        items_remove(event);
    return rc;
}
