/* The canonical form of identity fields; see identity.h. */
#include "codec/identity.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

static void put_long(struct buf *out, char letter, uint64_t value)
{
    char bytes[9] = {letter};
    value = htobe64(value);
    memcpy(bytes + 1, &value, sizeof value);
    buf_append(out, bytes, sizeof bytes);
}

static void put_size(struct buf *out, char letter, size_t size)
{
    char bytes[5] = {letter};
    const uint32_t narrow = htobe32((uint32_t)size); /* records are below 4 GiB by far */
    memcpy(bytes + 1, &narrow, sizeof narrow);
    buf_append(out, bytes, sizeof bytes);
}

static void put_bytes(struct buf *out, char letter, const void *data, size_t size)
{
    put_size(out, letter, size);
    buf_append(out, data, size);
}

static void put_text(struct buf *out, const char *text)
{
    if (text != NULL)
        put_bytes(out, 't', text, strlen(text));
    else
        buf_append(out, "n", 1);
}

static void put_record(struct buf *out, enum identity_form form, const struct layout *layout,
                       const void *value)
{
    if (value == NULL) {
        buf_append(out, "n", 1);
        return;
    }
    buf_append(out, "r", 1);
    identity_write(layout, form, value, out);
}

static void put_item(struct buf *out, enum identity_form form, const struct place *place,
                     const struct bound_array *array, size_t i)
{
    if (place->sub != NULL)
        put_record(out, form, place->sub,
                   (const char *)array->items + i * place->sub->record->size);
    else
        put_text(out, ((const char *const *)array->items)[i]);
}

struct item_bytes {
    const char *data;
    size_t size;
};

static int by_bytes(const void *a, const void *b)
{
    const struct item_bytes *left = a, *right = b;
    const size_t both = left->size < right->size ? left->size : right->size;
    const int order = memcmp(left->data, right->data, both);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* The items behind `start`, whose ends are given, in the order of their bytes. */
static void sort_items(struct buf *out, size_t start, const size_t ends[], size_t count)
{
    const size_t size = out->size - start;
    char *copy = malloc(size + 1);
    struct item_bytes *items = malloc(count * sizeof *items);
    if (copy == NULL || items == NULL) {
        out->failed = true;
    } else {
        memcpy(copy, out->data + start, size);
        for (size_t i = 0, at = 0; i < count; at = ends[i] - start, i++)
            items[i] = (struct item_bytes){copy + at, ends[i] - start - at};
        qsort(items, count, sizeof *items, by_bytes);
        for (size_t i = 0, at = start; i < count; at += items[i].size, i++)
            memcpy(out->data + at, items[i].data, items[i].size);
    }
    free(items);
    free(copy);
}

static void put_array(struct buf *out, enum identity_form form, const struct place *place,
                      const char *value)
{
    struct bound_array array;
    memcpy(&array, value, sizeof array);
    put_size(out, 'a', array.count);
    if (form == IDENTITY_WHOLE || array.count < 2) {
        for (size_t i = 0; i < array.count; i++)
            put_item(out, form, place, &array, i);
        return;
    }
    const size_t start = out->size;
    size_t *ends = malloc(array.count * sizeof *ends);
    if (ends == NULL) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < array.count; i++) {
        put_item(out, form, place, &array, i);
        ends[i] = out->size;
    }
    if (!out->failed)
        sort_items(out, start, ends, array.count);
    free(ends);
}

static void put_double(struct buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_long(out, 'd', bits);
}

static void put_present(const struct place *place, enum identity_form form, const void *record,
                        struct buf *out)
{
    const struct binding *row = place->row;
    const char *value = (const char *)record + row->offset;
    union {
        const char *text;
        const void *pointer;
        struct bound_bytes bytes;
        bool truth;
        int32_t narrow;
        int64_t number;
        double real;
        int symbol;
    } v;
    switch (row->kind) {
    case BIND_TEXT:
        memcpy(&v.text, value, sizeof v.text);
        put_text(out, v.text);
        break;
    case BIND_BYTES:
        memcpy(&v.bytes, value, sizeof v.bytes);
        put_bytes(out, 'x', v.bytes.data, v.bytes.size);
        break;
    case BIND_BOOL:
        memcpy(&v.truth, value, sizeof v.truth);
        buf_append(out, v.truth ? "b\1" : "b\0", 2);
        break;
    case BIND_INT:
        memcpy(&v.narrow, value, sizeof v.narrow);
        put_long(out, 'i', (uint64_t)v.narrow);
        break;
    case BIND_LONG:
        memcpy(&v.number, value, sizeof v.number);
        put_long(out, 'i', (uint64_t)v.number);
        break;
    case BIND_DOUBLE:
        memcpy(&v.real, value, sizeof v.real);
        put_double(out, v.real);
        break;
    case BIND_ENUM:
        memcpy(&v.symbol, value, sizeof v.symbol);
        put_bytes(out, 'e', row->symbols[v.symbol], strlen(row->symbols[v.symbol]));
        break;
    case BIND_RECORD:
        memcpy(&v.pointer, value, sizeof v.pointer);
        put_record(out, form, place->sub, v.pointer);
        break;
    case BIND_INLINE:
        put_record(out, form, place->sub, value);
        break;
    case BIND_ARRAY:
        put_array(out, form, place, value);
        break;
    }
}

void identity_write_value(const struct place *place, enum identity_form form, const void *record,
                          struct buf *out)
{
    if (place_absent(place, record))
        buf_append(out, "n", 1);
    else
        put_present(place, form, record, out);
}

/* Written first, and taken back when it turns out to be the default: there is one definition of
 * equal. Absent by default is what most fields are. */
static void put_field(struct buf *out, enum identity_form form, const struct place *place,
                      const char *record)
{
    const struct bound_bytes *usual = &place->canonical[form];
    const bool absent = place_absent(place, record);
    if (absent && place->has_default && usual->size == 1)
        return;
    const size_t start = out->size;
    buf_append(out, place->name, place->name_size + 1);
    const size_t value = out->size;
    if (absent)
        buf_append(out, "n", 1);
    else
        put_present(place, form, record, out);
    if (!place->has_default || out->failed || out->size - value != usual->size ||
        memcmp(out->data + value, usual->data, usual->size) != 0)
        return;
    out->size = start;
    out->data[start] = '\0';
}

void identity_write(const struct layout *layout, enum identity_form form, const void *value,
                    struct buf *out)
{
    const struct layout_selection *of = &layout->selected[form];
    for (size_t i = 0; i < of->count; i++)
        put_field(out, form, of->places[i], value);
    buf_append(out, "", 1);
}
