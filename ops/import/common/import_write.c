/* Writing an event; see import_write.h. */
#include "import_write.h"

void import_put(struct import_reader *r, json_t *object, const char *name, json_t *value)
{
    r->no_memory |= json_object_set_new(object, name, value) != 0;
}

void import_put_text(struct import_reader *r, json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        import_put(r, object, name, json_string(text));
}

void import_append(struct import_reader *r, json_t *list, json_t *value)
{
    r->no_memory |= json_array_append_new(list, value) != 0;
}

void import_copy_id(struct import_reader *r, const struct import_at *from, const char *field,
                    json_t *object, const char *name)
{
    char id[64];
    if (import_id(r, from, field, id))
        import_put(r, object, name, json_string(id));
}

void import_copy_text(struct import_reader *r, const struct import_at *from, const char *field,
                      json_t *object, const char *name)
{
    import_put_text(r, object, name, import_text(r, from, field));
}

void import_copy_time(struct import_reader *r, const struct import_at *from, const char *field,
                      json_t *object, const char *name)
{
    int64_t ms;
    if (import_time(r, from, field, &ms))
        import_put(r, object, name, json_integer(ms));
}
