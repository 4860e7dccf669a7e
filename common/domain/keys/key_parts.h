/* The texts that name a document, made of plain parts: its natural key, company/type/channel/store/id,
 * and its topic's key, company/channel/store/id. What is plain needs no escaping in a topic's key, a
 * path, a Redis key or a number in Prima. Pure functions: any thread. */
#ifndef PRIMAFLOW_KEY_PARTS_H
#define PRIMAFLOW_KEY_PARTS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { DOCUMENT_NUMBER_MAX = 50 }; /* bytes of a number in Prima, as prima/request.h has it */

#define KEY_TYPE_ORDERS "orders"
#define KEY_TYPE_REFUNDS "refunds"

/* Letters, digits and "._-", one at least. */
bool key_is_plain(const char *text);

/* Whether it is longer than any number in Prima. */
bool key_is_too_long(const char *text);

/* In the arena; NULL: no memory. */
const char *key_natural(struct arena *arena, const char *company, const char *type,
                        const char *channel, const char *store, const char *id);
const char *key_of_topic(struct arena *arena, const char *company, const char *channel,
                         const char *store, const char *id);

/* Exactly `count` parts, none of them empty, in the arena. -EINVAL; -ENOMEM. */
__attribute__((warn_unused_result)) int key_split(const char *key, struct arena *arena,
                                                  char *ret_parts[], size_t count);

#endif
