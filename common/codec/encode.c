/* Writing a struct by today's schema; see encode.h. */
#include "codec/encode.h"

#include "codec/wire.h"

#include <errno.h>

static int put_text(const char *text, struct buf *out)
{
    if (text == NULL)
        return -EINVAL;
    const size_t size = strlen(text);
    if (!wire_text_valid((const uint8_t *)text, size))
        return -EINVAL;
    wire_put_bytes(out, text, size);
    return 0;
}

static int put_array(const struct place *place, const char *value, struct buf *out,
                     const char **ret_field)
{
    struct bound_array array;
    memcpy(&array, value, sizeof array);
    if (array.count > 0)
        wire_put_long(out, (int64_t)array.count);
    for (size_t i = 0; i < array.count; i++) {
        const int r = place->sub != NULL
                          ? encode_record(place->sub,
                                          (const char *)array.items + i * place->sub->record->size,
                                          out, ret_field)
                          : put_text(((const char *const *)array.items)[i], out);
        if (r < 0)
            return r;
    }
    wire_put_long(out, 0);
    return 0;
}

static int put_bytes(const struct place *place, const char *value, struct buf *out)
{
    struct bound_bytes bytes;
    memcpy(&bytes, value, sizeof bytes);
    if (place->inner->type == SCHEMA_BYTES) {
        wire_put_bytes(out, bytes.data, bytes.size);
        return 0;
    }
    if (bytes.size != place->inner->size)
        return -EINVAL;
    buf_append(out, bytes.data, bytes.size);
    return 0;
}

static int put_enum(const struct place *place, const char *value, struct buf *out)
{
    int symbol;
    memcpy(&symbol, value, sizeof symbol);
    if (symbol < 0 || (size_t)symbol >= place->symbol_count || place->symbols[symbol] < 0)
        return -EINVAL;
    wire_put_long(out, place->symbols[symbol]);
    return 0;
}

static void put_number(const struct place *place, const char *value, struct buf *out)
{
    int64_t number;
    int32_t narrow;
    if (place->row->kind == BIND_INT) {
        memcpy(&narrow, value, sizeof narrow);
        number = narrow;
    } else {
        memcpy(&number, value, sizeof number);
    }
    wire_put_long(out, number);
}

/* A value that is there: what is behind a union's branch. */
static int put_value(const struct place *place, const char *value, struct buf *out,
                     const char **ret_field)
{
    const void *pointer;
    double real;
    bool truth;
    switch (place->row->kind) {
    case BIND_TEXT:
        memcpy(&pointer, value, sizeof pointer);
        return put_text(pointer, out);
    case BIND_BYTES:
        return put_bytes(place, value, out);
    case BIND_BOOL:
        memcpy(&truth, value, sizeof truth);
        buf_append(out, truth ? "\1" : "\0", 1);
        return 0;
    case BIND_INT:
    case BIND_LONG:
        put_number(place, value, out);
        return 0;
    case BIND_DOUBLE:
        memcpy(&real, value, sizeof real);
        wire_put_double(out, real);
        return 0;
    case BIND_ENUM:
        return put_enum(place, value, out);
    case BIND_RECORD:
        memcpy(&pointer, value, sizeof pointer);
        return pointer != NULL ? encode_record(place->sub, pointer, out, ret_field) : -EINVAL;
    case BIND_INLINE:
        return encode_record(place->sub, value, out, ret_field);
    case BIND_ARRAY:
        return put_array(place, value, out, ret_field);
    }
    return -EINVAL;
}

static int put_place(const struct place *place, const char *record, struct buf *out,
                     const char **ret_field)
{
    if (place->row == NULL) {
        buf_append(out, place->fallback.data, place->fallback.size);
        return 0;
    }
    if (place->null_branch >= 0) {
        const bool absent = place_absent(place, record);
        wire_put_long(out, absent ? place->null_branch : place->value_branch);
        if (absent)
            return 0;
    }
    return put_value(place, record + place->row->offset, out, ret_field);
}

int encode_record(const struct layout *layout, const void *value, struct buf *out,
                  const char **ret_field)
{
    for (size_t i = 0; i < layout->count; i++) {
        const int r = put_place(&layout->places[i], value, out, ret_field);
        if (r < 0) {
            if (r == -EINVAL && *ret_field == NULL)
                *ret_field = layout->places[i].name;
            return r;
        }
    }
    return out->failed ? -ENOMEM : 0;
}
