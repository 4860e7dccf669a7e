/* An arena of chunks; see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* An order of ten lines fits into one chunk or two. Freed ones are kept for the thread's next
 * record: malloc merges and splits blocks of this size each time, a twentieth of a worker's time.
 * Not where a sanitizer is to see what is freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(PF_NO_SPARE_CHUNKS)
enum { CHUNK = 4096, SPARE_MAX = 0 };
#else
enum { CHUNK = 4096, SPARE_MAX = 96 };
#endif

struct chunk {
    struct chunk *next;
    size_t used, room;
    _Alignas(max_align_t) char data[];
};

/* Stands in its first chunk. */
struct arena {
    struct chunk *head;
    size_t used, cap;
};

static _Thread_local struct chunk *spare;
static _Thread_local int spare_count;

static struct chunk *take_chunk(size_t room)
{
    struct chunk *c = spare;
    if (room != CHUNK || c == NULL)
        return malloc(sizeof *c + room);
    spare = c->next;
    spare_count--;
    return c;
}

static void put_back(struct chunk *c)
{
    if (c->room != CHUNK || spare_count >= SPARE_MAX) {
        free(c);
        return;
    }
    c->next = spare;
    spare = c;
    spare_count++;
}

struct arena *arena_new(size_t cap)
{
    struct chunk *c = take_chunk(CHUNK);
    if (c == NULL)
        return NULL;
    struct arena *a = (struct arena *)(void *)c->data;
    *c = (struct chunk){.used = sizeof *a, .room = CHUNK};
    *a = (struct arena){.head = c, .cap = cap};
    return a;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct chunk *c = a->head, *next; c != NULL; c = next) {
        next = c->next;
        put_back(c);
    }
}

/* Bytes behind those that are used, `padding` of them left out; a new chunk needs none. */
static char *take_room(struct arena *a, size_t size, size_t padding)
{
    if (size > a->cap - a->used || padding > a->cap - a->used - size)
        return NULL;
    if (size + padding > a->head->room - a->head->used) {
        const size_t room = size > CHUNK ? size : CHUNK;
        struct chunk *c = take_chunk(room);
        if (c == NULL)
            return NULL;
        *c = (struct chunk){.next = a->head, .room = room};
        a->head = c;
        padding = 0;
    }
    char *p = a->head->data + a->head->used + padding;
    a->head->used += size + padding;
    a->used += size + padding;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t unit = sizeof(max_align_t), over = a->head->used % unit;
    void *p = take_room(a, size > 0 ? size : 1, over > 0 ? unit - over : 0);
    return p != NULL ? memset(p, 0, size) : NULL;
}

char *arena_text(struct arena *a, const char *text, size_t size)
{
    char *copy = size < SIZE_MAX ? take_room(a, size + 1, 0)
                                 : NULL; /* texts lie side by side: an order has eighty */
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    va_start(args, format);
    char *text = size >= 0 ? arena_alloc(a, (size_t)size + 1) : NULL;
    if (text != NULL)
        (void)vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
