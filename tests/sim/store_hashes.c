/* Redis' commands for hashes. */
#include "store_internal.h"

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
        m->value = store_keep(c->words[i + 1].data, c->words[i + 1].size);
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

const struct store_command store_hashes[] = {
    {"HSET", 4, do_hset}, {"HGETALL", 2, do_hgetall}, {"HGET", 3, do_hget}, {"HMGET", 3, do_hmget},
    {"HDEL", 3, do_hdel}, {"HLEN", 2, do_hlen},       {NULL, 0, NULL},
};
