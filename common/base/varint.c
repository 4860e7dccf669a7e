/* Packed numbers and texts; see varint.h. */
#include "base/varint.h"

void varint_put(struct buf *out, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        buf_byte(out, (uint8_t)(value | 128));
    buf_byte(out, (uint8_t)value);
}

void varint_put_amount(struct buf *out, int64_t value)
{
    varint_put(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

void varint_put_text(struct buf *out, const char *text)
{
    const size_t size = text == NULL ? 0 : strlen(text);
    varint_put(out, text == NULL ? 0 : size + 1);
    buf_append(out, text, size);
}

uint8_t varint_byte(struct varint_reader *r)
{
    if (r->at == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

uint64_t varint_take(struct varint_reader *r, uint64_t max)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = varint_byte(r);
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            r->bad |= value > max || (shift == 63 && byte > 1);
            return r->bad ? 0 : value;
        }
    }
    r->bad = true;
    return 0;
}

int64_t varint_take_amount(struct varint_reader *r)
{
    const uint64_t value = varint_take(r, UINT64_MAX);
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

void varint_bytes(struct varint_reader *r, char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)varint_byte(r);
    text[size] = '\0';
}

const char *varint_take_text(struct varint_reader *r, struct arena *arena, bool *ret_no_memory)
{
    const size_t size = varint_take(r, (uint64_t)(r->end - r->at)); /* with the NUL's place */
    if (r->bad || size == 0)
        return NULL;
    if (memchr(r->at, '\0', size - 1) != NULL) {
        r->bad = true;
        return NULL;
    }
    const char *text = arena_text(arena, (const char *)r->at, size - 1);
    *ret_no_memory |= text == NULL;
    r->at += size - 1;
    return text;
}
