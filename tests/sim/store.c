/* A few dozen keys, looked through one by one; see store.h. */
#include "store_internal.h"

void *store_keep(const void *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

/* ---- entries ---- */

static void entry_release(struct entry *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->members[i].name);
        free(e->members[i].value);
    }
    free(e->members);
    free(e->text);
    free(e->key);
}

void entry_delete(struct store *s, struct entry *e)
{
    entry_release(e);
    *e = s->entries[--s->count];
}

struct entry *entry_find(struct store *s, struct word key)
{
    for (size_t i = 0; i < s->count; i++) {
        struct entry *e = &s->entries[i];
        if (e->key_size != key.size || memcmp(e->key, key.data, key.size) != 0)
            continue;
        if (e->ends_ms == 0 || e->ends_ms > s->now_ms)
            return e;
        entry_delete(s, e);
        return NULL;
    }
    return NULL;
}

struct entry *entry_new(struct store *s, struct word key, enum entry_kind kind)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 64 : 2 * s->room;
        s->entries = realloc(s->entries, s->room * sizeof *s->entries);
        if (s->entries == NULL)
            abort();
    }
    struct entry *e = &s->entries[s->count++];
    *e = (struct entry){.key = store_keep(key.data, key.size), .key_size = key.size, .kind = kind};
    return e;
}

/* ---- members ---- */

static bool member_is(const struct member *m, struct word name)
{
    return m->name_size == name.size && memcmp(m->name, name.data, name.size) == 0;
}

struct member *member_find(const struct entry *e, struct word name)
{
    for (size_t i = 0; e != NULL && i < e->count; i++)
        if (member_is(&e->members[i], name))
            return &e->members[i];
    return NULL;
}

struct member *member_add(struct entry *e, struct word name)
{
    e->members = realloc(e->members, (e->count + 1) * sizeof *e->members);
    if (e->members == NULL)
        abort();
    struct member *m = &e->members[e->count++];
    *m = (struct member){.name = store_keep(name.data, name.size), .name_size = name.size};
    return m;
}

void member_delete(struct entry *e, size_t i)
{
    free(e->members[i].name);
    free(e->members[i].value);
    memmove(&e->members[i], &e->members[i + 1], (e->count - i - 1) * sizeof *e->members);
    e->count--;
}

/* ---- commands ---- */

void store_command(struct store *s, int64_t now_ms, const struct word words[], size_t count,
                   struct answer *answer)
{
    static const struct store_command *const all[] = {store_texts, store_sets, store_hashes};
    struct call c = {s, words, count, answer};
    buf_clear(&answer->bytes);
    answer->kind = ANSWER_NIL;
    answer->count = 0;
    s->now_ms = now_ms;
    for (size_t t = 0; t < sizeof all / sizeof *all; t++)
        for (const struct store_command *k = all[t]; k->name != NULL; k++)
            if (count >= k->words_min && word_is(words[0], k->name)) {
                k->run(&c);
                return;
            }
    (void)fprintf(stderr, "the simulated Redis does not know the command %.*s\n",
                  (int)words[0].size, words[0].data);
    abort();
}

/* ---- the whole ---- */

struct store *store_new(void)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    return s;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        entry_release(&s->entries[i]);
    free(s->entries);
    free(s);
}

struct store *store_copy(const struct store *s)
{
    struct store *copy = store_new();
    for (size_t i = 0; i < s->count; i++) {
        const struct entry *from = &s->entries[i];
        struct entry *to = entry_new(copy, (struct word){from->key, from->key_size}, from->kind);
        to->ends_ms = from->ends_ms;
        if (from->kind == KIND_TEXT)
            to->text = store_keep(from->text, from->size);
        to->size = from->size;
        for (size_t m = 0; m < from->count; m++) {
            const struct member *one = &from->members[m];
            struct member *its = member_add(to, (struct word){one->name, one->name_size});
            its->score = one->score;
            if (one->value != NULL)
                its->value = store_keep(one->value, one->value_size);
            its->value_size = one->value_size;
        }
    }
    return copy;
}

void store_each(const struct store *s,
                void (*each)(void *user, const char *key, const char *value, size_t size,
                             size_t members),
                void *user)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct entry *e = &s->entries[i];
        if (e->ends_ms == 0 || e->ends_ms > s->now_ms)
            each(user, e->key, e->text, e->size, e->count);
    }
}

struct word store_find(const struct store *s, const char *end)
{
    const size_t size = strlen(end);
    for (size_t i = 0; i < s->count; i++) {
        const struct entry *e = &s->entries[i];
        if (e->key_size >= size && memcmp(e->key + e->key_size - size, end, size) == 0)
            return (struct word){e->text, e->size};
    }
    return (struct word){"", 0};
}

void store_each_field(const struct store *s,
                      void (*each)(void *user, struct word key, struct word name, struct word value,
                                   struct word first),
                      void *user)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct entry *e = &s->entries[i];
        const struct member *first =
            e->kind == KIND_HASH ? member_find(e, (struct word){"m", 1}) : NULL;
        for (size_t k = 0; first != NULL && k < e->count; k++)
            each(user, (struct word){e->key, e->key_size},
                 (struct word){e->members[k].name, e->members[k].name_size},
                 (struct word){e->members[k].value, e->members[k].value_size},
                 (struct word){first->value, first->value_size});
    }
}
