/* Redis' commands for texts, keys, and the clock. */
#include "store_internal.h"

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
    e->text = store_keep(c->words[2].data, c->words[2].size);
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
        e->text = store_keep("", 0);
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

const struct store_command store_texts[] = {
    {"GET", 2, do_get},       {"MGET", 2, do_mget},       {"SET", 3, do_set},
    {"APPEND", 3, do_append}, {"DEL", 2, do_del},         {"GETRANGE", 4, do_getrange},
    {"PTTL", 2, do_pttl},     {"PEXPIRE", 3, do_pexpire}, {"TIME", 1, do_time},
    {NULL, 0, NULL},
};
