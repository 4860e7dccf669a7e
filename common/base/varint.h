/* Numbers and texts in few bytes, for what is stored in Redis for each order or refund.
 *
 * A number is seven bits a byte, low first, the top bit says that more follow; an amount is zigzag,
 * so that small ones below 0 are short as well; a text has its length plus one before it, and 0 is
 * NULL. Reading takes hostile bytes: past the end, too long a number, or one above its bound makes
 * the reader `bad`, and it gives 0 from then on. Pure functions: any thread. */
#ifndef PRIMAFLOW_VARINT_H
#define PRIMAFLOW_VARINT_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>

void varint_put(struct buf *out, uint64_t value);
void varint_put_amount(struct buf *out, int64_t value);
void varint_put_text(struct buf *out, const char *text); /* may be NULL */

struct varint_reader {
    const uint8_t *at, *end;
    bool bad;
};

uint8_t varint_byte(struct varint_reader *r);
uint64_t varint_take(struct varint_reader *r, uint64_t max);
int64_t varint_take_amount(struct varint_reader *r);
/* `size` bytes and a NUL, into `text`. */
void varint_bytes(struct varint_reader *r, char *text, size_t size);
/* Without a NUL inside; in the arena. NULL: it is NULL, the reader is bad, or no memory
 * (*ret_no_memory becomes true). */
const char *varint_take_text(struct varint_reader *r, struct arena *arena, bool *ret_no_memory);

#endif
