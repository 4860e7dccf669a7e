/* A few dozen keys, looked through one by one; see store.h. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_SET, KIND_HASH };

struct member { /* of a sorted set, in order; of a hash */
    char *name, *value;
    size_t name_size, value_size;
    double score;
};

struct entry {
    char *key;
    size_t key_size;
    enum kind kind;
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

static void *keep(const void *bytes, size_t size)
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

static void entry_delete(struct store *s, struct entry *e)
{
    entry_release(e);
    *e = s->entries[--s->count];
}

static struct entry *entry_find(struct store *s, struct word key)
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

static struct entry *entry_new(struct store *s, struct word key, enum kind kind)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 64 : 2 * s->room;
        s->entries = realloc(s->entries, s->room * sizeof *s->entries);
        if (s->entries == NULL)
            abort();
    }
    struct entry *e = &s->entries[s->count++];
    *e = (struct entry){.key = keep(key.data, key.size), .key_size = key.size, .kind = kind};
    return e;
}

/* ---- members ---- */

static bool member_is(const struct member *m, struct word name)
{
    return m->name_size == name.size && memcmp(m->name, name.data, name.size) == 0;
}

static struct member *member_find(const struct entry *e, struct word name)
{
    for (size_t i = 0; e != NULL && i < e->count; i++)
        if (member_is(&e->members[i], name))
            return &e->members[i];
    return NULL;
}

static struct member *member_add(struct entry *e, struct word name)
{
    e->members = realloc(e->members, (e->count + 1) * sizeof *e->members);
    if (e->members == NULL)
        abort();
    struct member *m = &e->members[e->count++];
    *m = (struct member){.name = keep(name.data, name.size), .name_size = name.size};
    return m;
}

static void member_delete(struct entry *e, size_t i)
{
    free(e->members[i].name);
    free(e->members[i].value);
    memmove(&e->members[i], &e->members[i + 1], (e->count - i - 1) * sizeof *e->members);
    e->count--;
}

static int member_order(const void *one, const void *other)
{
    const struct member *a = one, *b = other;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score ? -1 : 1;
    const size_t size = a->name_size < b->name_size ? a->name_size : b->name_size;
    const int by_name = memcmp(a->name, b->name, size);
    return by_name != 0 ? by_name : (a->name_size > b->name_size) - (a->name_size < b->name_size);
}

/* ---- answers ---- */

static struct answer_item *answer_add(struct answer *a, enum answer_kind kind)
{
    if (a->count == ANSWER_ITEMS_MAX)
        abort();
    a->items[a->count] = (struct answer_item){.kind = kind};
    return &a->items[a->count++];
}

static void answer_text(struct answer *a, const char *bytes, size_t size)
{
    struct answer_item *item = answer_add(a, ANSWER_TEXT);
    item->at = a->bytes.size;
    item->size = size;
    buf_append(&a->bytes, bytes, size);
}

static void answer_number(struct answer *a, int64_t number)
{
    a->kind = ANSWER_NUMBER;
    answer_add(a, ANSWER_NUMBER)->number = number;
}

static void answer_words(struct answer *a, enum answer_kind kind, const char *words)
{
    a->kind = kind;
    answer_text(a, words, strlen(words));
}

static void answer_score(struct answer *a, double score)
{
    char text[40];
    const int size = snprintf(text, sizeof text, "%.17g", score);
    answer_text(a, text, (size_t)size);
}

/* ---- commands ---- */

struct call {
    struct store *s;
    const struct word *words;
    size_t count;
    struct answer *a;
};

static bool word_is(struct word w, const char *text)
{
    return w.size == strlen(text) && memcmp(w.data, text, w.size) == 0;
}

static int64_t word_number(struct word w)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*s", (int)w.size, w.data);
    return strtoll(text, NULL, 10);
}

static double word_score(struct word w)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*s", (int)w.size, w.data);
    return strtod(text, NULL);
}

/* Of the wrong kind: answered so. */
static bool is_wrong(struct call *c, const struct entry *e, enum kind kind)
{
    if (e == NULL || e->kind == kind)
        return false;
    answer_words(c->a, ANSWER_ERROR,
                 "WRONGTYPE Operation against a key holding the wrong kind of value");
    return true;
}

static void do_get(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_TEXT) || e == NULL)
        return;
    c->a->kind = ANSWER_TEXT;
    answer_text(c->a, e->text, e->size);
}

static void do_mget(struct call *c)
{
    c->a->kind = ANSWER_LIST;
    for (size_t i = 1; i < c->count; i++) {
        const struct entry *e = entry_find(c->s, c->words[i]);
        if (e == NULL || e->kind != KIND_TEXT)
            (void)answer_add(c->a, ANSWER_NIL);
        else
            answer_text(c->a, e->text, e->size);
    }
}

static void do_set(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    int64_t life_ms = 0;
    bool keeps = false, only_new = false;
    for (size_t i = 3; i < c->count; i++) {
        if (word_is(c->words[i], "PX"))
            life_ms = word_number(c->words[++i]);
        keeps |= word_is(c->words[i], "KEEPTTL");
        only_new |= word_is(c->words[i], "NX");
    }
    if (only_new && e != NULL)
        return;
    const int64_t ends_ms = keeps && e != NULL ? e->ends_ms
                            : life_ms > 0      ? c->s->now_ms + life_ms
                                               : 0;
    if (e != NULL)
        entry_delete(c->s, e);
    e = entry_new(c->s, c->words[1], KIND_TEXT);
    e->text = keep(c->words[2].data, c->words[2].size);
    e->size = c->words[2].size;
    e->ends_ms = ends_ms;
    answer_words(c->a, ANSWER_STATUS, "OK");
}

static void do_append(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_TEXT))
        return;
    if (e == NULL) {
        e = entry_new(c->s, c->words[1], KIND_TEXT);
        e->text = keep("", 0);
    }
    char *text = malloc(e->size + c->words[2].size + 1);
    if (text == NULL)
        abort();
    memcpy(text, e->text, e->size);
    memcpy(text + e->size, c->words[2].data, c->words[2].size);
    free(e->text);
    e->text = text;
    e->size += c->words[2].size;
    text[e->size] = '\0';
    answer_number(c->a, (int64_t)e->size);
}

static void do_getrange(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_TEXT))
        return;
    int64_t size = e != NULL ? (int64_t)e->size : 0, from = word_number(c->words[2]),
            to = word_number(c->words[3]);
    to = to < 0 ? size + to : to;
    to = to >= size ? size - 1 : to;
    from = from < 0 ? 0 : from;
    c->a->kind = ANSWER_TEXT;
    answer_text(c->a, from <= to ? e->text + from : "", from <= to ? (size_t)(to - from + 1) : 0);
}

static void do_del(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    if (e != NULL)
        entry_delete(c->s, e);
    answer_number(c->a, e != NULL);
}

static void do_pexpire(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    if (e != NULL)
        e->ends_ms = c->s->now_ms + word_number(c->words[2]);
    answer_number(c->a, e != NULL);
}

static void do_pttl(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    answer_number(c->a, e == NULL ? -2 : e->ends_ms == 0 ? -1 : e->ends_ms - c->s->now_ms);
}

static void do_time(struct call *c)
{
    char text[40];
    c->a->kind = ANSWER_LIST;
    int size = snprintf(text, sizeof text, "%lld", (long long)c->s->now_ms / 1000);
    answer_text(c->a, text, (size_t)size);
    size = snprintf(text, sizeof text, "%lld", (long long)c->s->now_ms % 1000 * 1000);
    answer_text(c->a, text, (size_t)size);
}

/* ---- sorted sets ---- */

static struct entry *set_of(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    return is_wrong(c, e, KIND_SET) ? NULL : e;
}

static void set_mend(struct call *c, struct entry *e)
{
    if (e->count == 0)
        entry_delete(c->s, e);
}

static void do_zadd(struct call *c)
{
    struct entry *e = set_of(c);
    if (c->a->kind == ANSWER_ERROR)
        return;
    const bool only_new = word_is(c->words[2], "NX");
    const struct word score = c->words[only_new ? 3 : 2], name = c->words[only_new ? 4 : 3];
    if (e == NULL)
        e = entry_new(c->s, c->words[1], KIND_SET);
    struct member *m = member_find(e, name);
    const bool is_new = m == NULL;
    if (is_new)
        m = member_add(e, name);
    if (is_new || !only_new)
        m->score = word_score(score);
    qsort(e->members, e->count, sizeof *e->members, member_order);
    answer_number(c->a, is_new);
}

static void do_zcard(struct call *c)
{
    const struct entry *e = set_of(c);
    if (c->a->kind != ANSWER_ERROR)
        answer_number(c->a, e != NULL ? (int64_t)e->count : 0);
}

static void do_zrank(struct call *c)
{
    const struct entry *e = set_of(c);
    const struct member *m = member_find(e, c->words[2]);
    if (m != NULL)
        answer_number(c->a, m - e->members);
}

static void do_zscore(struct call *c)
{
    const struct member *m = member_find(set_of(c), c->words[2]);
    if (m == NULL)
        return;
    c->a->kind = ANSWER_TEXT;
    answer_score(c->a, m->score);
}

static void do_zrem(struct call *c)
{
    struct entry *e = set_of(c);
    if (c->a->kind == ANSWER_ERROR)
        return;
    const struct member *m = member_find(e, c->words[2]);
    answer_number(c->a, m != NULL);
    if (m == NULL)
        return;
    member_delete(e, (size_t)(m - e->members));
    set_mend(c, e);
}

/* The lowest scores, up to a number of them, or up to a score. */
static void set_cut(struct call *c, struct entry *e, size_t count)
{
    answer_number(c->a, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        member_delete(e, 0);
    if (e != NULL)
        set_mend(c, e);
}

static void do_zremrangebyscore(struct call *c)
{
    struct entry *e = set_of(c);
    if (c->a->kind == ANSWER_ERROR)
        return;
    const double least = word_score(c->words[2]), most = word_score(c->words[3]);
    size_t count = 0;
    for (size_t i = 0; e != NULL && i < e->count;)
        if (e->members[i].score >= least && e->members[i].score <= most) {
            member_delete(e, i);
            count++;
        } else {
            i++;
        }
    answer_number(c->a, (int64_t)count);
    if (e != NULL)
        set_mend(c, e);
}

static void do_zremrangebyrank(struct call *c)
{
    struct entry *e = set_of(c);
    if (c->a->kind == ANSWER_ERROR)
        return;
    const int64_t last = (e != NULL ? (int64_t)e->count : 0) + word_number(c->words[3]);
    set_cut(c, e, last >= 0 ? (size_t)last + 1 : 0);
}

static void do_zrevrange(struct call *c)
{
    const struct entry *e = set_of(c);
    if (c->a->kind == ANSWER_ERROR)
        return;
    c->a->kind = ANSWER_LIST; /* the last one alone, with its score */
    if (e == NULL || e->count == 0)
        return;
    answer_text(c->a, e->members[e->count - 1].name, e->members[e->count - 1].name_size);
    answer_score(c->a, e->members[e->count - 1].score);
}

/* ---- hashes ---- */

static void do_hset(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_HASH))
        return;
    if (e == NULL)
        e = entry_new(c->s, c->words[1], KIND_HASH);
    int64_t added = 0;
    for (size_t i = 2; i + 1 < c->count; i += 2) {
        struct member *m = member_find(e, c->words[i]);
        added += m == NULL;
        if (m == NULL)
            m = member_add(e, c->words[i]);
        free(m->value);
        m->value = keep(c->words[i + 1].data, c->words[i + 1].size);
        m->value_size = c->words[i + 1].size;
    }
    answer_number(c->a, added);
}

static void do_hget(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_HASH))
        return;
    const struct member *m = member_find(e, c->words[2]);
    if (m == NULL)
        return;
    c->a->kind = ANSWER_TEXT;
    answer_text(c->a, m->value, m->value_size);
}

static void do_hmget(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_HASH))
        return;
    c->a->kind = ANSWER_LIST;
    for (size_t i = 2; i < c->count; i++) {
        const struct member *m = member_find(e, c->words[i]);
        if (m == NULL)
            (void)answer_add(c->a, ANSWER_NIL);
        else
            answer_text(c->a, m->value, m->value_size);
    }
}

static void do_hdel(struct call *c)
{
    struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_HASH))
        return;
    int64_t removed = 0;
    for (size_t i = 2; i < c->count; i++) {
        const struct member *m = member_find(e, c->words[i]);
        removed += m != NULL;
        if (m != NULL)
            member_delete(e, (size_t)(m - e->members));
    }
    answer_number(c->a, removed);
    if (e != NULL && e->count == 0)
        entry_delete(c->s, e);
}

static void do_hgetall(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (is_wrong(c, e, KIND_HASH))
        return;
    c->a->kind = ANSWER_LIST;
    for (size_t i = 0; e != NULL && i < e->count; i++) {
        answer_text(c->a, e->members[i].name, e->members[i].name_size);
        answer_text(c->a, e->members[i].value, e->members[i].value_size);
    }
}

static void do_hlen(struct call *c)
{
    const struct entry *e = entry_find(c->s, c->words[1]);
    if (!is_wrong(c, e, KIND_HASH))
        answer_number(c->a, e != NULL ? (int64_t)e->count : 0);
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    size_t words_min;
    void (*run)(struct call *c);
} commands[] = {
    {"GET", 2, do_get},
    {"MGET", 2, do_mget},
    {"SET", 3, do_set},
    {"APPEND", 3, do_append},
    {"DEL", 2, do_del},
    {"GETRANGE", 4, do_getrange},
    {"PTTL", 2, do_pttl},
    {"PEXPIRE", 3, do_pexpire},
    {"TIME", 1, do_time},
    {"ZADD", 4, do_zadd},
    {"ZCARD", 2, do_zcard},
    {"ZRANK", 3, do_zrank},
    {"ZSCORE", 3, do_zscore},
    {"ZREM", 3, do_zrem},
    {"HSET", 4, do_hset},
    {"HGETALL", 2, do_hgetall},
    {"HGET", 3, do_hget},
    {"HMGET", 3, do_hmget},
    {"HDEL", 3, do_hdel},
    {"HLEN", 2, do_hlen},
    {"ZREVRANGE", 4, do_zrevrange},
    {"ZREMRANGEBYSCORE", 4, do_zremrangebyscore},
    {"ZREMRANGEBYRANK", 4, do_zremrangebyrank},
};

void store_command(struct store *s, int64_t now_ms, const struct word words[], size_t count,
                   struct answer *answer)
{
    struct call c = {s, words, count, answer};
    buf_clear(&answer->bytes);
    answer->kind = ANSWER_NIL;
    answer->count = 0;
    s->now_ms = now_ms;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (count >= commands[i].words_min && word_is(words[0], commands[i].name)) {
            commands[i].run(&c);
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
            to->text = keep(from->text, from->size);
        to->size = from->size;
        for (size_t m = 0; m < from->count; m++) {
            const struct member *one = &from->members[m];
            struct member *its = member_add(to, (struct word){one->name, one->name_size});
            its->score = one->score;
            if (one->value != NULL)
                its->value = keep(one->value, one->value_size);
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
