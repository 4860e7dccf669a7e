/* A growing byte buffer with a cap that is given when it is made: what is hostile cannot make it
 * grow without bound.
 *
 * Invariants: size <= cap; data[size] is always a NUL, so text can be read as a C string; after a
 * failed append the buffer is *failed*: it keeps what it had, every further append fails too, so
 * one check at the end suffices. Embedded: buf_init / buf_release. One thread at a time. */
#ifndef PRIMAFLOW_BUF_H
#define PRIMAFLOW_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data;  /* never NULL; "" while nothing was appended */
    size_t size; /* bytes, without the NUL */
    size_t room; /* bytes allocated, at most cap + 1 */
    size_t cap;  /* bytes it may ever hold */
    bool failed; /* an append did not fit or memory ran out */
};

void buf_init(struct buf *b, size_t cap);
void buf_release(struct buf *b);              /* frees; the buffer is then as after buf_init */
void buf_clear(struct buf *b);                /* empties, keeps the memory, forgets the failure */
bool buf_reserve(struct buf *b, size_t more); /* room for so many bytes and a NUL, or failed */
void buf_truncate(struct buf *b,
                  size_t size); /* to the first so many bytes; what failed stays failed */
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);

/* Here, so that the length of a constant text is one: an order appends some six hundred times. */
static inline void buf_append(struct buf *b, const void *bytes, size_t size)
{
    if (size == 0 || ((b->failed || size >= b->room - b->size) && !buf_reserve(b, size)))
        return;
    memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
}

static inline void buf_byte(struct buf *b, uint8_t byte)
{
    buf_append(b, &byte, 1);
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

#endif
