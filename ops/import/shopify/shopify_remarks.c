/* What people and applications wrote beside the order: note, attributes, messages, tags. */
#include "shopify_parts.h"

#include <ctype.h>
#include <string.h>

/* ---- names that mean something to us, by convention: Shopify has no field for them ---- */

static const char *const gift_names[] = {"gift message",      "gift note",   "gift card message",
                                         "gift wrap message", "giftmessage", NULL};
static const char *const delivery_names[] = {"delivery instructions", "delivery instruction",
                                             "delivery notes", "delivery note", NULL};

/* "_Gift-Message" is "gift message". */
static bool means(const char *name, const char *const names[])
{
    name += strspn(name, "_ ");
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *a = name, *b = names[i];
        while (*a != '\0' && *b != '\0' &&
               (*b == ' ' ? strchr(" _-", *a) != NULL : tolower((unsigned char)*a) == *b)) {
            a++;
            b++;
        }
        if (*a == '\0' && *b == '\0')
            return true;
    }
    return false;
}

/* A value is text by convention; what is not is written as JSON. NULL: null, or empty. */
static json_t *value_read(const struct import_at *value)
{
    if (value->json == NULL ||
        (json_is_string(value->json) && json_string_length(value->json) == 0))
        return NULL;
    if (json_is_string(value->json))
        return json_string(json_string_value(value->json));
    char *text = json_dumps(value->json, JSON_ENCODE_ANY | JSON_COMPACT);
    json_t *written = text != NULL ? json_string(text) : NULL;
    free(text);
    return written;
}

/* Names that begin with "_" are an application's own, which customers never see: they are left out,
 * but for a message. */
static void property_take(struct shopify_import *o, const char *name, const struct import_at *value,
                          json_t *into, json_t *properties, bool is_order)
{
    json_t *written = name != NULL ? value_read(value) : NULL;
    if (written == NULL)
        return;
    if (means(name, gift_names)) {
        import_put(o->r, into, "gift_message", written);
    } else if (is_order && means(name, delivery_names)) {
        import_put(o->r, into, "delivery_instructions", written);
    } else if (*name == '_') {
        json_decref(written);
    } else {
        json_t *property = json_object();
        import_put(o->r, property, "name", json_string(name));
        import_put(o->r, property, "value", written);
        import_append(o->r, properties, property);
    }
}

/* A list of {"name", "value"}; some applications write one object of names and values instead. */
void shopify_properties(struct shopify_import *o, const struct import_at *list, json_t *into,
                        bool is_order)
{
    json_t *properties = json_array();
    if (json_is_object(list->json)) {
        for (void *i = json_object_iter((json_t *)list->json); i != NULL;
             i = json_object_iter_next((json_t *)list->json, i)) {
            const char *name = json_object_iter_key(i);
            const struct import_at value = import_field(list, name);
            property_take(o, name, &value, into, properties, is_order);
        }
    } else {
        const size_t count = import_count(o->r, list);
        for (size_t i = 0; i < count; i++) {
            const struct import_at item = import_item(list, i),
                                   value = import_field(&item, "value");
            property_take(o, import_text(o->r, &item, "name"), &value, into, properties, is_order);
        }
    }
    if (json_array_size(properties) > 0)
        import_put(o->r, into, "properties", properties);
    else
        json_decref(properties);
}

/* A purchase order number belongs to the business; without one it is kept beside the order. */
static void purchase_order(struct shopify_import *o)
{
    const char *number = import_text(o->r, o->order, "po_number");
    if (number == NULL || json_object_get(o->event, "business") != NULL)
        return;
    json_t *properties = json_object_get(o->event, "properties"), *property = json_object();
    if (properties == NULL) {
        properties = json_array();
        import_put(o->r, o->event, "properties", properties);
    }
    import_put(o->r, property, "name", json_string("po_number"));
    import_put(o->r, property, "value", json_string(number));
    import_append(o->r, properties, property);
}

/* "a, b": one text in Shopify. */
static void tags(struct shopify_import *o)
{
    const char *text = import_text(o->r, o->order, "tags");
    json_t *list = json_array();
    while (text != NULL && *text != '\0') {
        text += strspn(text, ", ");
        size_t size = strcspn(text, ","), end = size;
        while (end > 0 && text[end - 1] == ' ')
            end--;
        if (end > 0)
            import_append(o->r, list, json_stringn(text, end));
        text += size;
    }
    import_put(o->r, o->event, "tags", list);
}

void shopify_remarks(struct shopify_import *o)
{
    const struct import_at attributes = import_field(o->order, "note_attributes");
    const char *state = import_text(o->r, o->order, "fulfillment_status");
    import_copy_text(o->r, o->order, "note", o->event, "note");
    shopify_properties(o, &attributes, o->event, true);
    purchase_order(o);
    tags(o);
    import_put(o->r, o->event, "fulfilment_state",
               json_string(state != NULL ? state : "unfulfilled"));
}
