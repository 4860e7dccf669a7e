/* The capped buffer; see buf.h. */
#include "base/buf.h"

#include <stdarg.h>

enum { ROOM_MIN = 512 }; /* a result, a ledger entry: few grow twice */

static char empty[1];

void buf_init(struct buf *b, size_t cap)
{
    *b = (struct buf){.data = empty, .cap = cap};
}

void buf_release(struct buf *b)
{
    if (b->data != empty)
        free(b->data);
    buf_init(b, b->cap);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->failed = false;
    if (b->data != empty)
        b->data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed || more > b->cap - b->size) {
        b->failed = true;
        return false;
    }
    const size_t need = b->size + more + 1;
    if (need <= b->room)
        return true;
    size_t room = b->room < ROOM_MIN ? ROOM_MIN : b->room;
    while (room < need)
        room *= 2;
    if (room > b->cap)
        room = b->cap + 1;
    char *data = realloc(b->data == empty ? NULL : b->data, room);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->room = room;
    return true;
}

void buf_truncate(struct buf *b, size_t size)
{
    if (size >= b->size)
        return;
    b->size = size;
    b->data[size] = '\0';
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    va_start(args, format);
    if (size >= 0 && buf_reserve(b, (size_t)size)) {
        (void)vsnprintf(b->data + b->size, (size_t)size + 1, format, args);
        b->size += (size_t)size;
    } else {
        b->failed = true;
    }
    va_end(args);
}
