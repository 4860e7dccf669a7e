/* Memory of one record in flight: many small allocations, freed together.
 *
 * Invariants: total bytes <= the cap given to arena_new; what arena_alloc returns is zeroed,
 * aligned for any type, and lives until arena_free. NULL means the cap is reached or memory ran
 * out: the caller fails the record, not the process. One thread at a time. */
#ifndef PRIMAFLOW_ARENA_H
#define PRIMAFLOW_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t cap); /* NULL: no memory */
void arena_free(struct arena *a);    /* accepts NULL */
void *arena_alloc(struct arena *a, size_t size);
char *arena_text(struct arena *a, const char *text, size_t size); /* a copy with a NUL behind it */
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *format, ...);
size_t arena_used(const struct arena *a);

#endif
