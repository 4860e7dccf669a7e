/* Texts put together in the arena without a format to interpret: keys, references and numbers are
 * made several times for every order. */
#ifndef PRIMAFLOW_TEXT_H
#define PRIMAFLOW_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* TEXT_JOIN(arena, "a", "/", "b"): the parts one after the other; NULL: no memory. */
#define TEXT_JOIN(arena, ...) text_join((arena), (const char *const[]){__VA_ARGS__, NULL})
const char *text_join(struct arena *arena, const char *const parts[]);

/* Decimal digits; NULL: no memory. */
const char *text_number(struct arena *arena, int64_t value);

/* 20261123 → "2026-11-23"; NULL: no memory. */
const char *text_date(struct arena *arena, int32_t date);

void text_date_write(int32_t date, char ret_text[static 11]);

/* Without what nobody sees at its ends: white space, U+00A0, U+200B, U+FEFF, as they come along when
 * a text is pasted. Its size is in ret_size; not ended by a NUL there. */
const char *text_trim(const char *text, size_t *ret_size);

static inline bool text_is_empty(const char *text)
{
    return text == NULL || *text == '\0';
}

#endif
