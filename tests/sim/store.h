/* Redis' keys in memory: strings, sorted sets and hashes with times to live, by a clock of its own;
 * copies of it, to be set back to. The commands that our scripts and programs use, as Redis answers
 * them; any other ends the simulation. */
#ifndef PRIMAFLOW_SIM_STORE_H
#define PRIMAFLOW_SIM_STORE_H

#include "base/buf.h"

#include <stdint.h>

struct word {
    const char *data;
    size_t size;
};

/* An answer in parts: what Lua and hiredis each make their own of. */
enum answer_kind {
    ANSWER_NIL,
    ANSWER_STATUS,
    ANSWER_NUMBER,
    ANSWER_TEXT,
    ANSWER_LIST,
    ANSWER_ERROR
};
enum { ANSWER_ITEMS_MAX = 64 };
struct answer_item {
    enum answer_kind kind; /* NIL, NUMBER or TEXT */
    int64_t number;
    size_t at, size; /* in `bytes` */
};
struct answer {
    enum answer_kind kind;
    struct answer_item items[ANSWER_ITEMS_MAX]; /* [0]: of what is no list */
    size_t count;
    struct buf bytes;
};

struct store;
struct store *store_new(void);
void store_free(struct store *s);
struct store *store_copy(const struct store *s);
/* `answer` is emptied first; its bytes are the caller's to release. */
void store_command(struct store *s, int64_t now_ms, const struct word words[], size_t count,
                   struct answer *answer);

/* For the checks at the end. */
void store_each(const struct store *s,
                void (*each)(void *user, const char *key, const char *value, size_t size,
                             size_t members),
                void *user);

/* The value of the first key that ends so; none: empty. */
struct word store_find(const struct store *s, const char *end);
/* Each field of each hash, with the value of the field m of the same hash. */
void store_each_field(const struct store *s,
                      void (*each)(void *user, struct word key, struct word name, struct word value,
                                   struct word first),
                      void *user);

#endif
