/* Avro's binary primitives, read from bytes that nobody vouches for, and written.
 *
 * Invariants: reading never goes beyond `end`, allocates nothing, and on failure says what is wrong
 * by the code that it returns; the place is then unspecified. Text is checked to be UTF-8 (no
 * surrogates, no overlong forms) without NUL. One thread at a time per struct wire. */
#ifndef PRIMAFLOW_CODEC_WIRE_H
#define PRIMAFLOW_CODEC_WIRE_H

#include "base/buf.h"
#include "base/errors.h"

struct wire {
    const uint8_t *at, *end;
};

static inline size_t wire_left(const struct wire *wire)
{
    return (size_t)(wire->end - wire->at);
}

/* Each returns PF_OK, PF_E_avro_truncated or PF_E_avro_malformed. */
enum pf_error wire_long_slow(struct wire *wire, int64_t *ret_value);
enum pf_error wire_int(struct wire *wire, int32_t *ret_value);
enum pf_error wire_boolean(struct wire *wire, bool *ret_value);
enum pf_error wire_float(struct wire *wire, double *ret_value);
enum pf_error wire_double(struct wire *wire, double *ret_value);
enum pf_error wire_fixed(struct wire *wire, uint64_t size, const uint8_t **ret_data);
enum pf_error wire_bytes(struct wire *wire, const uint8_t **ret_data, size_t *ret_size);
enum pf_error wire_text(struct wire *wire, const uint8_t **ret_data, size_t *ret_size);

/* The head of the next block of an array or map: the number of its items, 0 at the end; `ret_end`
 * is where the block must end when its writer said so, else NULL. */
enum pf_error wire_block(struct wire *wire, uint64_t *ret_count, const uint8_t **ret_end);

/* A varint of one byte is most of what a record has. */
static inline enum pf_error wire_long(struct wire *wire, int64_t *ret_value)
{
    if (wire->at < wire->end && *wire->at < 0x80) {
        const uint8_t byte = *wire->at++;
        *ret_value = (int64_t)(byte >> 1) ^ -(int64_t)(byte & 1);
        return PF_OK;
    }
    return wire_long_slow(wire, ret_value);
}

/* UTF-8 without NUL. */
bool wire_text_valid(const uint8_t *text, size_t size);

void wire_put_long(struct buf *out, int64_t value);
void wire_put_double(struct buf *out, double value);
void wire_put_float(struct buf *out, float value);
void wire_put_bytes(struct buf *out, const void *data, size_t size);

#endif
