/* A short list; see complete_reads.h. */
#include "complete_reads.h"

#include "domain/stock/stock_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- scopes ---- */

/* The product of a stock key, as Prima writes it. */
static void product_of(const char *key, char product[static STOCK_KEY_BYTES_MAX + 1])
{
    size_t size = 0;
    for (const char *p = key; *p != '\0' && *p != ':' && size < STOCK_KEY_BYTES_MAX; p++) {
        if (*p != '%' || p[1] == '\0' || p[2] == '\0') {
            product[size++] = *p;
            continue;
        }
        const char hex[] = {p[1], p[2], '\0'};
        product[size++] = (char)strtoul(hex, NULL, 16);
        p += 2;
    }
    product[size] = '\0';
}

static bool is_whole(const struct complete_read *read)
{
    return read->from == NULL && read->to == NULL;
}

bool complete_read_has(const struct complete_read *read, const char *company, const char *key)
{
    char product[STOCK_KEY_BYTES_MAX + 1];
    if (strcmp(read->company, company) != 0)
        return false;
    if (is_whole(read))
        return true;
    product_of(key, product);
    return (read->from == NULL || strcmp(product, read->from) >= 0) &&
           (read->to == NULL || strcmp(product, read->to) <= 0);
}

/* Has `wide` everything that `narrow` has? */
static bool covers(const struct complete_read *wide, const struct complete_read *narrow)
{
    const bool begins = wide->from == NULL ||
                        (narrow->from != NULL && strcmp(wide->from, narrow->from) <= 0),
               ends = wide->to == NULL || (narrow->to != NULL && strcmp(wide->to, narrow->to) >= 0);
    return strcmp(wide->company, narrow->company) == 0 && begins && ends;
}

/* ---- the list ---- */

static char *copy_text(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    if (text != NULL && copy == NULL)
        abort();
    return copy;
}

static void free_texts(struct complete_read *read)
{
    free(read->company);
    free(read->from);
    free(read->to);
}

static void add_copy(struct complete_reads *reads, const struct complete_read *read)
{
    if (reads->count == reads->room) {
        reads->room = reads->room == 0 ? 4 : 2 * reads->room;
        reads->list = reallocarray(reads->list, reads->room, sizeof *reads->list);
        if (reads->list == NULL)
            abort();
    }
    struct complete_read *copy = &reads->list[reads->count++];
    *copy = *read;
    copy->company = copy_text(read->company);
    copy->from = copy_text(read->from);
    copy->to = copy_text(read->to);
}

bool complete_reads_knows(const struct complete_reads *reads, const struct complete_read *read)
{
    for (size_t i = 0; i < reads->count; i++)
        if (covers(&reads->list[i], read) && reads->list[i].began_at >= read->began_at)
            return true;
    return false;
}

bool complete_reads_add(struct complete_reads *reads, const struct complete_read *read,
                        void (*dropped)(void *user, const struct complete_read *read), void *user)
{
    if (complete_reads_knows(reads, read))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < reads->count; i++) {
        struct complete_read *old = &reads->list[i];
        if (!covers(read, old) || old->began_at > read->began_at) {
            reads->list[kept++] = *old;
            continue;
        }
        if (dropped != NULL)
            dropped(user, old);
        free_texts(old);
    }
    reads->count = kept;
    add_copy(reads, read);
    return true;
}

int64_t complete_reads_began(const struct complete_reads *reads, const char *company,
                             const char *key)
{
    int64_t began = 0;
    for (size_t i = 0; i < reads->count; i++)
        if (reads->list[i].began_at > began && complete_read_has(&reads->list[i], company, key))
            began = reads->list[i].began_at;
    return began;
}

void complete_reads_release(struct complete_reads *reads)
{
    for (size_t i = 0; i < reads->count; i++)
        free_texts(&reads->list[i]);
    free(reads->list);
    *reads = (struct complete_reads){.list = NULL};
}
