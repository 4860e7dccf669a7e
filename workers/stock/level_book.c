/* Chains of entries; see level_book.h. */
#include "level_book.h"

#include <stdlib.h>
#include <string.h>

enum { SEPARATORS = 256, FIRST_ROOM = 64 };

/* ---- the channel's SKU ---- */

/* Is it the key with this separator? */
static bool is_key_with(const char *own, const char *key, char separator)
{
    size_t i = 0;
    for (; key[i] != '\0'; i++)
        if (own[i] != (key[i] == ':' ? separator : key[i]))
            return false;
    return own[i] == '\0';
}

/* Which separator makes the channel's SKU of the key; '\0': none. */
static char separator_of(const char *own, const char *key)
{
    const char *first = strchr(key, ':');
    const size_t at = first == NULL ? 0 : (size_t)(first - key);
    const char separator = first == NULL ? ':' : strlen(own) > at ? own[at] : '\0';
    return separator > 0 && is_key_with(own, key, separator) ? separator : '\0';
}

static uint32_t text_put(struct level_book *book, const char *own, const char *key)
{
    const char separator = separator_of(own, key);
    if (separator != '\0')
        return (uint32_t)separator;
    const size_t size = strlen(own) + 1;
    if (book->text_size == 0)
        book->text_size = SEPARATORS;
    if (book->text_size + size > UINT32_MAX)
        abort();
    if (book->text_size + size > book->text_room) {
        book->text_room = (book->text_size + size) * 3 / 2;
        book->texts = realloc(book->texts, book->text_room);
        if (book->texts == NULL)
            abort();
    }
    const uint32_t at = (uint32_t)book->text_size;
    memcpy(book->texts + at, own, size);
    book->text_size += size;
    return at;
}

const char *level_book_own(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                           uint32_t entry, char text[static LEVEL_OWN_MAX])
{
    const uint32_t at = book->entries[entry].text;
    if (at >= SEPARATORS)
        return book->texts + at;
    const char *key = sku_table_key(t, sku);
    size_t i = 0;
    for (; key[i] != '\0' && i < LEVEL_OWN_MAX - 1; i++)
        text[i] = key[i] == ':' ? (char)at : key[i];
    text[i] = '\0';
    return text;
}

static bool is_own(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                   uint32_t entry, const char *own)
{
    const uint32_t at = book->entries[entry].text;
    return at >= SEPARATORS ? strcmp(book->texts + at, own) == 0
                            : is_key_with(own, sku_table_key(t, sku), (char)at);
}

/* ---- entries ---- */

static uint32_t find_entry(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                           uint32_t place, const char *own)
{
    uint32_t entry = t->skus[sku].level;
    while (entry != 0 && (book->entries[entry].place != place || !is_own(book, t, sku, entry, own)))
        entry = book->entries[entry].next;
    return entry;
}

uint32_t level_book_find(const struct level_book *book, const struct sku_table *t, uint32_t sku,
                         const char *place, const char *own)
{
    const uint32_t name = sku_names_find(&book->places, place);
    return name == SKU_NO_NAME ? 0 : find_entry(book, t, sku, name, own);
}

static uint32_t new_entry(struct level_book *book)
{
    const uint32_t free_one = book->free;
    if (free_one != 0) {
        book->free = book->entries[free_one].next;
        return free_one;
    }
    if (book->count + 1 >= book->room) {
        book->room = book->room < FIRST_ROOM ? FIRST_ROOM : book->room + book->room / 2;
        book->entries = reallocarray(book->entries, book->room, sizeof *book->entries);
        if (book->entries == NULL)
            abort();
    }
    return ++book->count;
}

uint32_t level_book_put(struct level_book *book, struct sku_table *t, uint32_t sku,
                        const char *place, const char *own)
{
    const uint32_t name = sku_names_put(&book->places, place);
    if (name == SKU_NO_NAME)
        return 0;
    uint32_t entry = find_entry(book, t, sku, name, own);
    if (entry != 0)
        return entry;
    entry = new_entry(book);
    book->entries[entry] = (struct level_entry){.next = t->skus[sku].level,
                                                .text = text_put(book, own, sku_table_key(t, sku)),
                                                .place = (uint16_t)name};
    t->skus[sku].level = entry;
    book->used++;
    return entry;
}

void level_book_remove(struct level_book *book, struct sku_table *t, uint32_t sku, uint32_t entry)
{
    uint32_t *at = &t->skus[sku].level;
    while (*at != entry)
        at = &book->entries[*at].next;
    *at = book->entries[entry].next;
    book->entries[entry].next = book->free;
    book->free = entry;
    book->used--;
}

size_t level_book_bytes(const struct level_book *book)
{
    return (book->count + (size_t)1) * sizeof *book->entries + book->text_size;
}

void level_book_release(struct level_book *book)
{
    free(book->entries);
    free(book->texts);
    sku_names_release(&book->places);
    *book = (struct level_book){.entries = NULL};
}
