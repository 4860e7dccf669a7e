/* Avro's binary primitives; see wire.h. */
#include "codec/wire.h"

#include <endian.h>

enum pf_error wire_long_slow(struct wire *wire, int64_t *ret_value)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (wire->at == wire->end)
            return PF_E_avro_truncated;
        const uint8_t byte = *wire->at++;
        if (shift == 63 && byte > 1)
            return PF_E_avro_malformed; /* more than 64 bits */
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return PF_OK;
        }
    }
    return PF_E_avro_malformed;
}

enum pf_error wire_int(struct wire *wire, int32_t *ret_value)
{
    int64_t value = 0;
    const enum pf_error error = wire_long(wire, &value);
    if (error != PF_OK)
        return error;
    if (value < INT32_MIN || value > INT32_MAX)
        return PF_E_avro_malformed;
    *ret_value = (int32_t)value;
    return PF_OK;
}

enum pf_error wire_boolean(struct wire *wire, bool *ret_value)
{
    if (wire->at == wire->end)
        return PF_E_avro_truncated;
    if (*wire->at > 1)
        return PF_E_avro_malformed;
    *ret_value = *wire->at++ == 1;
    return PF_OK;
}

enum pf_error wire_fixed(struct wire *wire, uint64_t size, const uint8_t **ret_data)
{
    if (size > wire_left(wire))
        return PF_E_avro_truncated;
    *ret_data = wire->at;
    wire->at += size;
    return PF_OK;
}

enum pf_error wire_float(struct wire *wire, double *ret_value)
{
    const uint8_t *data = NULL;
    const enum pf_error error = wire_fixed(wire, 4, &data);
    if (error != PF_OK)
        return error;
    uint32_t bits;
    memcpy(&bits, data, sizeof bits);
    bits = le32toh(bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    *ret_value = (double)value;
    return PF_OK;
}

enum pf_error wire_double(struct wire *wire, double *ret_value)
{
    const uint8_t *data = NULL;
    const enum pf_error error = wire_fixed(wire, 8, &data);
    if (error != PF_OK)
        return error;
    uint64_t bits;
    memcpy(&bits, data, sizeof bits);
    bits = le64toh(bits);
    memcpy(ret_value, &bits, sizeof bits);
    return PF_OK;
}

enum pf_error wire_bytes(struct wire *wire, const uint8_t **ret_data, size_t *ret_size)
{
    int64_t size = 0;
    const enum pf_error error = wire_long(wire, &size);
    if (error != PF_OK)
        return error;
    if (size < 0)
        return PF_E_avro_malformed;
    *ret_size = (size_t)size;
    return wire_fixed(wire, (uint64_t)size, ret_data);
}

enum pf_error wire_text(struct wire *wire, const uint8_t **ret_data, size_t *ret_size)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    const enum pf_error error = wire_bytes(wire, &data, &size);
    if (error != PF_OK)
        return error;
    if (!wire_text_valid(data, size))
        return PF_E_avro_malformed;
    *ret_data = data;
    *ret_size = size;
    return PF_OK;
}

enum pf_error wire_block(struct wire *wire, uint64_t *ret_count, const uint8_t **ret_end)
{
    int64_t count = 0, size = 0;
    enum pf_error error = wire_long(wire, &count);
    if (error != PF_OK)
        return error;
    if (count >= 0) {
        *ret_count = (uint64_t)count;
        *ret_end = NULL;
        return PF_OK;
    }
    error = wire_long(wire, &size);
    if (error != PF_OK)
        return error;
    if (size < 0)
        return PF_E_avro_malformed;
    if ((uint64_t)size > wire_left(wire))
        return PF_E_avro_truncated;
    *ret_count = 0 - (uint64_t)count; /* INT64_MIN too */
    *ret_end = wire->at + size;
    return PF_OK;
}

static bool continues(const uint8_t *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* The bytes of the character that starts at p, or 0 when it is none: Unicode 15, table 3-7. */
static size_t character(const uint8_t *p, size_t left)
{
    const uint8_t a = p[0], b = left > 1 ? p[1] : 0;
    if (a >= 0xc2 && a <= 0xdf)
        return left >= 2 && continues(p + 1, 1) ? 2 : 0;
    if (a >= 0xe0 && a <= 0xef) {
        const bool overlong = a == 0xe0 && b < 0xa0, surrogate = a == 0xed && b > 0x9f;
        return left >= 3 && continues(p + 1, 2) && !overlong && !surrogate ? 3 : 0;
    }
    if (a >= 0xf0 && a <= 0xf4) {
        const bool overlong = a == 0xf0 && b < 0x90, beyond = a == 0xf4 && b > 0x8f;
        return left >= 4 && continues(p + 1, 3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

/* Eight bytes of ASCII, none of them NUL? */
static bool are_ascii(const uint8_t *text)
{
    const uint64_t high = 0x8080808080808080, low = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return ((word | (word - low)) & high) == 0;
}

bool wire_text_valid(const uint8_t *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        if (size - i >= 8 && are_ascii(text + i)) {
            i += 8;
            continue;
        }
        if (i >= 8 && size - i < 8 &&
            are_ascii(text + size - 8)) /* the rest, and some bytes before it again */
            return true;
        if (text[i] == 0)
            return false;
        const size_t bytes = text[i] < 0x80 ? 1 : character(text + i, size - i);
        if (bytes == 0)
            return false;
        i += bytes;
    }
    return true;
}

void wire_put_long(struct buf *out, int64_t value)
{
    uint64_t bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    uint8_t bytes[10];
    size_t size = 0;
    for (; bits >= 0x80; bits >>= 7)
        bytes[size++] = (uint8_t)(bits | 0x80);
    bytes[size++] = (uint8_t)bits;
    buf_append(out, bytes, size);
}

void wire_put_double(struct buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    buf_append(out, &bits, sizeof bits);
}

void wire_put_float(struct buf *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole32(bits);
    buf_append(out, &bits, sizeof bits);
}

void wire_put_bytes(struct buf *out, const void *data, size_t size)
{
    wire_put_long(out, (int64_t)size);
    buf_append(out, data, size);
}
