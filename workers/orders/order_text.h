/* Texts put together in the arena without a format to interpret: keys, references and numbers are
 * made several times for every order. */
#ifndef PRIMAFLOW_ORDER_TEXT_H
#define PRIMAFLOW_ORDER_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* ORDER_JOIN(arena, "a", "/", "b"): the parts one after the other; NULL: no memory. */
#define ORDER_JOIN(arena, ...) order_join((arena), (const char *const[]){__VA_ARGS__, NULL})
const char *order_join(struct arena *arena, const char *const parts[]);

/* Decimal digits; NULL: no memory. */
const char *order_number(struct arena *arena, int64_t value);

/* 20261123 → "2026-11-23"; NULL: no memory. */
const char *order_date(struct arena *arena, int32_t date);

static inline bool order_is_empty(const char *text)
{
    return text == NULL || *text == '\0';
}

#endif
