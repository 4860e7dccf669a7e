/* See lives.h. */
#include "lives.h"

#include <stdlib.h>
#include <string.h>

#include "prima.h"

enum { STEPS_MAX = 8, CONTENTS = 3 };

/* ---- drawing ---- */

static struct order step_draw(const struct order *former)
{
    struct order o = *former;
    o.version += !sim_chance(200); /* whole seconds: two of them may have one */
    if (sim_chance(600))
        o.content = sim_chance(500) ? 1 : sim_between(1, CONTENTS);
    if (sim_chance(300))
        o.money++;
    return o;
}

/* The first one waits by policy when the next one passes it, and comes back behind that. */
static void draw_wait(struct order steps[static 2])
{
    steps[0].waits = true;
    steps[0].content = sim_between(1, CONTENTS);
    if (steps[1].version < steps[0].version || sim_chance(600))
        steps[1].version = steps[0].version;
}

size_t life_draw(const char *id, struct order steps[], size_t room)
{
    const size_t count = (size_t)sim_between(3, STEPS_MAX);
    struct order now = {.content = 1, .version = 1, .offset = -1, .lives = true};
    (void)snprintf(now.id, sizeof now.id, "%s", id);
    for (size_t i = 0; i < count && i < room; i++) {
        steps[i] = now;
        now = sim_chance(150) ? now : step_draw(&now); /* the same bytes once more */
    }
    for (size_t i = 1; i < count && i < room; i++)
        if (sim_chance(150)) { /* by another way, which is faster */
            const struct order late = steps[i - 1];
            steps[i - 1] = steps[i];
            steps[i] = late;
        }
    const size_t drawn = count < room ? count : room;
    if (drawn > 1 && sim_chance(300))
        draw_wait(steps);
    return drawn;
}

/* ---- one life ---- */

static bool lost; /* Redis was: that a version said what was known already is not rebuilt */

struct life {
    const struct order *newest;
    int64_t contents[ORDERS_MAX]; /* those that are not the document's */
    size_t content_count;
    int open, more; /* exceptions that are open; results that say "changed once more" */
    bool is_clear;  /* all of it has versions, and nothing else happened to it */
    bool came_late; /* one behind a newer one: which said the same as what is known, perhaps */
};

static bool is_newer(const struct order *a, const struct order *b)
{
    return a->version != b->version ? a->version > b->version : a->offset > b->offset;
}

static void see_content(struct life *life, int64_t content)
{
    for (size_t i = 0; i < life->content_count; i++)
        if (life->contents[i] == content)
            return;
    life->contents[life->content_count++] = content;
}

static bool is_resolved(const struct endings *endings, const char *delivery)
{
    for (size_t i = 0; i < endings->count; i++)
        if (strcmp(endings->list[i].resolves, delivery) == 0)
            return true;
    return false;
}

static void see_step(const struct endings *endings, const struct order *o, int64_t content,
                     struct life *life)
{
    char delivery[SIM_DELIVERY_MAX];
    int count = 0;
    (void)snprintf(delivery, sizeof delivery, "orders.raw/%d/%lld", o->partition,
                   (long long)o->offset);
    const struct sim_ending *e = endings_find(endings, delivery, &count);
    const bool is_amendment = e != NULL && e->is_letter && ending_is(e, "order_amended");
    life->open += is_amendment && !is_resolved(endings, delivery);
    life->more += e != NULL && strncmp(e->detail, "Changed once more", 17) == 0;
    life->is_clear &=
        o->version > 0 && !o->cancels && count == 1 && (!e->is_letter || is_amendment);
    if (o->content != content)
        see_content(life, o->content);
    life->came_late |= life->newest != NULL && o->version < life->newest->version;
    if (life->newest == NULL || is_newer(o, life->newest))
        life->newest = o;
}

static struct life life_of(const struct endings *endings, const char *id, int64_t content)
{
    struct life life = {.is_clear = true};
    for (size_t i = 0; i < orders.count; i++)
        if (strcmp(orders.list[i].id, id) == 0)
            see_step(endings, &orders.list[i], content, &life);
    life.is_clear &= !life.came_late || !lost;
    return life;
}

static int64_t document_of(const char *id)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof number, "S%s", id);
    const struct document *d = prima_find(number);
    return d != NULL ? strtoll(d->content, NULL, 10) : 0;
}

static void check_life(const struct endings *endings, const char *id)
{
    const int64_t content = document_of(id);
    const struct life life = life_of(endings, id, content);
    if (life.open > 1)
        sim_fail("order %s has %d open exceptions", id, life.open);
    if (content == 0 || !life.is_clear)
        return;
    if (life.newest->content == content && life.open > 0)
        sim_fail("order %s: its newest version is its document's, and an exception is open", id);
    if (life.newest->content != content && life.open == 0)
        sim_fail("order %s: its newest version is not its document's, and nobody is told", id);
    if (life.content_count == 1 && life.more > 0)
        sim_fail("order %s: nothing new was told of as a change", id);
}

/* The last copy must have been no news. */
static void check_copy(const struct endings *endings, const struct order *o)
{
    char delivery[SIM_DELIVERY_MAX];
    int count = 0;
    (void)snprintf(delivery, sizeof delivery, "orders.raw/%d/%lld", o->partition,
                   (long long)o->offset);
    const struct sim_ending *e = endings_find(endings, delivery, &count);
    if (o->is_copy && life_of(endings, o->id, document_of(o->id)).is_clear &&
        !ending_is(e, "duplicate"))
        sim_fail("order %s: its newest version is sent again, and ends as %s", o->id,
                 e != NULL ? e->what : "");
}

static bool is_first(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(orders.list[k].id, orders.list[i].id) == 0)
            return false;
    return true;
}

void lives_check(const struct endings *endings, bool redis_was_lost)
{
    lost = redis_was_lost;
    for (size_t i = 0; i < orders.count; i++) {
        if (is_first(i))
            check_life(endings, orders.list[i].id);
        check_copy(endings, &orders.list[i]);
    }
}

void lives_ask_again(void)
{
    const size_t count = orders.count;
    for (size_t i = 0; i < count; i++) {
        const struct order *newest = &orders.list[i];
        if (!is_first(i) || !newest->lives)
            continue;
        for (size_t k = 0; k < count; k++)
            if (strcmp(orders.list[k].id, newest->id) == 0 && is_newer(&orders.list[k], newest))
                newest = &orders.list[k];
        orders_send_copy(newest);
    }
}
