/* Redis' commands for sorted sets. */
#include "store_internal.h"

static int member_order(const void *one, const void *other)
{
    const struct member *a = one, *b = other;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score ? -1 : 1;
    const size_t size = a->name_size < b->name_size ? a->name_size : b->name_size;
    const int by_name = memcmp(a->name, b->name, size);
    return by_name != 0 ? by_name : (a->name_size > b->name_size) - (a->name_size < b->name_size);
}

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

const struct store_command store_sets[] = {
    {"ZADD", 4, do_zadd},
    {"ZCARD", 2, do_zcard},
    {"ZRANK", 3, do_zrank},
    {"ZSCORE", 3, do_zscore},
    {"ZREM", 3, do_zrem},
    {"ZREVRANGE", 4, do_zrevrange},
    {"ZREMRANGEBYSCORE", 4, do_zremrangebyscore},
    {"ZREMRANGEBYRANK", 4, do_zremrangebyrank},
    {NULL, 0, NULL},
};
