/* Writing an event: JSON values under the event's names, and whether memory was enough for them. */
#include "shopify_parts.h"

void shopify_put(struct shopify_import *o, json_t *object, const char *name, json_t *value)
{
    o->no_memory |= json_object_set_new(object, name, value) != 0;
}

void shopify_put_text(struct shopify_import *o, json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        shopify_put(o, object, name, json_string(text));
}

void shopify_append(struct shopify_import *o, json_t *list, json_t *value)
{
    o->no_memory |= json_array_append_new(list, value) != 0;
}

void shopify_copy_id(struct shopify_import *o, const struct shopify_at *from, const char *field,
                     json_t *object, const char *name)
{
    char id[64];
    if (shopify_id(o->r, from, field, id))
        shopify_put(o, object, name, json_string(id));
}

void shopify_copy_text(struct shopify_import *o, const struct shopify_at *from, const char *field,
                       json_t *object, const char *name)
{
    shopify_put_text(o, object, name, shopify_text(o->r, from, field));
}

void shopify_copy_time(struct shopify_import *o, const struct shopify_at *from, const char *field,
                       json_t *object, const char *name)
{
    int64_t ms;
    if (shopify_time(o->r, from, field, &ms))
        shopify_put(o, object, name, json_integer(ms));
}
