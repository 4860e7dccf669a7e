/* The canonical form of an event's identity fields, of which F is the digest. Golden vectors in the
 * tests never change: nor may this form.
 *
 * Version 1: the byte 1, then the record. A record is its fields that are marked "identity": true
 * and differ from their default, in the order of names: name, NUL, value; behind the last one a
 * NUL. A value is a letter, and behind it
 *   - n, absent: nothing
 *   - b, boolean: one byte
 *   - i, int and long: 8 bytes
 *   - d, float and double: 8 bytes
 *   - t, text: its size, UTF-8
 *   - x, bytes and fixed: their size, they themselves
 *   - e, enum: the symbol's size, the symbol
 *   - a, array: the count, the items
 *   - r, record: as above
 *
 * Numbers are big-endian, sizes and counts 4 bytes. No form is a prefix of another, so no two
 * contents share one.
 *
 * What follows: a field with a default may be added, an int may become a long, an enum's symbols
 * may be reordered, and F stays; a default may never change. Loop thread only. */
#ifndef PRIMAFLOW_CODEC_IDENTITY_H
#define PRIMAFLOW_CODEC_IDENTITY_H

#include "base/buf.h"
#include "codec/layout.h"

/* Appends the record's fields and the NUL behind them. */
void identity_write(const struct layout *layout, enum identity_form form, const void *value,
                    struct buf *out);

/* Appends the value of one place with a row, without its name: the form in which its default is kept
 * to be compared. */
void identity_write_value(const struct place *place, enum identity_form form, const void *record,
                          struct buf *out);

#endif
