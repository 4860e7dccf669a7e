/* What the files of the simulated Redis' store share: entries and their members, and a command that
 * is being answered. For store*.c alone. */
#ifndef PRIMAFLOW_SIM_STORE_INTERNAL_H
#define PRIMAFLOW_SIM_STORE_INTERNAL_H

#include "store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum entry_kind { KIND_TEXT, KIND_SET, KIND_HASH };

struct member { /* of a sorted set, in order; of a hash */
    char *name, *value;
    size_t name_size, value_size;
    double score;
};

struct entry {
    char *key;
    size_t key_size;
    enum entry_kind kind;
    char *text;
    size_t size;
    struct member *members;
    size_t count;
    int64_t ends_ms; /* 0: never */
};

struct store {
    struct entry *entries;
    size_t count, room;
    int64_t now_ms;
};

/* ---- store.c ---- */

void *store_keep(const void *bytes, size_t size); /* a copy, with a NUL behind it */
/* One whose time is over is not there. */
struct entry *entry_find(struct store *s, struct word key);
struct entry *entry_new(struct store *s, struct word key, enum entry_kind kind);
void entry_delete(struct store *s, struct entry *e); /* others move */
struct member *member_find(const struct entry *e, struct word name);
struct member *member_add(struct entry *e, struct word name);
void member_delete(struct entry *e, size_t i);

/* ---- store_answer.c ---- */

struct call {
    struct store *s;
    const struct word *words;
    size_t count;
    struct answer *a;
};

struct answer_item *answer_add(struct answer *a, enum answer_kind kind);
void answer_text(struct answer *a, const char *bytes, size_t size);
void answer_number(struct answer *a, int64_t number);
void answer_words(struct answer *a, enum answer_kind kind, const char *words);
void answer_score(struct answer *a, double score);
bool word_is(struct word w, const char *text);
int64_t word_number(struct word w);
double word_score(struct word w);
/* Of the wrong kind: answered so. */
bool is_wrong(struct call *c, const struct entry *e, enum entry_kind kind);

/* ---- the commands: store_texts.c, store_sets.c, store_hashes.c ---- */

struct store_command {
    const char *name;
    size_t words_min;
    void (*run)(struct call *c);
};
extern const struct store_command store_texts[], store_sets[], store_hashes[]; /* NULL ends them */

#endif
