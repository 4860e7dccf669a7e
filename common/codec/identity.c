/* The canonical form of identity fields; see identity.h. */
#include "codec/identity.h"

#include "codec/plan.h"

#include <endian.h>
#include <errno.h>

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

static void put_record(struct buf *out, const struct layout *layout, const void *value)
{
    if (value == NULL) {
        buf_append(out, "n", 1);
        return;
    }
    buf_append(out, "r", 1);
    identity_write(layout, value, out);
}

static void put_array(struct buf *out, const struct place *place, const char *value)
{
    struct bound_array array;
    memcpy(&array, value, sizeof array);
    put_size(out, 'a', array.count);
    for (size_t i = 0; i < array.count; i++) {
        if (place->sub != NULL)
            put_record(out, place->sub, (const char *)array.items + i * place->sub->record->size);
        else
            put_text(out, ((const char *const *)array.items)[i]);
    }
}

static void put_double(struct buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_long(out, 'd', bits);
}

static void put_value(struct buf *out, const struct place *place, const char *record)
{
    const struct binding *row = place->row;
    const char *value = record + row->offset;
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
    if (place_absent(place, record)) {
        buf_append(out, "n", 1);
        return;
    }
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
        put_record(out, place->sub, v.pointer);
        break;
    case BIND_INLINE:
        put_record(out, place->sub, value);
        break;
    case BIND_ARRAY:
        put_array(out, place, value);
        break;
    }
}

/* Written first, and taken back when it turns out to be the default: there is one definition of equal. Absent by default is what most
 * fields are. */
static void put_field(struct buf *out, const struct place *place, const char *record)
{
    if (place->has_default && place->canonical.size == 1 && place_absent(place, record))
        return;
    const size_t start = out->size;
    buf_append(out, place->name, place->name_size + 1);
    const size_t value = out->size;
    put_value(out, place, record);
    if (!place->has_default || out->failed || out->size - value != place->canonical.size ||
        memcmp(out->data + value, place->canonical.data, place->canonical.size) != 0)
        return;
    out->size = start;
    out->data[start] = '\0';
}

void identity_write(const struct layout *layout, const void *value, struct buf *out)
{
    for (size_t i = 0; i < layout->identity_count; i++)
        put_field(out, layout->identity[i], value);
    buf_append(out, "", 1);
}

int identity_default(const struct layout *layout, struct place *place, struct arena *memory)
{
    const struct codec_limits limits = {.bytes_max = place->fallback.size, .elements_max = 1000, .depth_max = 100};
    struct wire wire = {.at = place->fallback.data, .end = place->fallback.data + place->fallback.size};
    struct plan_record *made = NULL;
    struct codec_fault fault;
    char *record = arena_alloc(memory, layout->record->size);
    const struct plan *plan = plan_make(memory, &made, place->node, place);
    if (record == NULL || plan == NULL || plan_run(plan, &wire, &limits, memory, record + place->row->offset, &fault) < 0)
        return -ENOMEM;
    struct buf text;
    buf_init(&text, 1 << 16);
    put_value(&text, place, record);
    const char *copy = text.failed ? NULL : arena_text(memory, text.data, text.size);
    place->canonical = (struct bound_bytes){.data = (const uint8_t *)copy, .size = text.size};
    buf_release(&text);
    return copy != NULL ? 0 : -ENOMEM;
}
