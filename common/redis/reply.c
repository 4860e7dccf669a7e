/* hiredis' functions for the objects of a reply; see redis_reply.h. */
#include "redis/reply.h"

#include "base/arena.h"

enum { REPLY_MAX = 512 << 20 }; /* as Redis limits a value */

/* The whole reply. What is within it is a redisReply alone. */
struct root {
    redisReply reply; /* first: hiredis and callbacks know this */
    struct arena *arena;
};

static struct arena *arena_of(const redisReadTask *task)
{
    while (task->parent != NULL)
        task = task->parent;
    return ((struct root *)task->obj)->arena;
}

static redisReply *make_root(void)
{
    struct arena *arena = arena_new(REPLY_MAX);
    struct root *root = arena != NULL ? arena_alloc(arena, sizeof *root) : NULL;
    if (root == NULL) {
        arena_free(arena);
        return NULL;
    }
    root->arena = arena;
    return &root->reply;
}

static redisReply *make(const redisReadTask *task)
{
    redisReply *r =
        task->parent == NULL ? make_root() : arena_alloc(arena_of(task->parent), sizeof *r);
    if (r == NULL)
        return NULL; /* hiredis says "Out of memory", and ends the connection */
    r->type = task->type;
    if (task->parent != NULL)
        ((redisReply *)task->parent->obj)->element[task->idx] = r;
    return r;
}

static struct arena *arena_for(const redisReadTask *task, redisReply *made)
{
    return task->parent != NULL ? arena_of(task->parent) : ((struct root *)(void *)made)->arena;
}

static void *on_string(const redisReadTask *task, char *text, size_t size)
{
    redisReply *r = make(task);
    if (r == NULL)
        return NULL;
    r->str = arena_text(arena_for(task, r), text, size);
    r->len = size;
    if (r->str != NULL)
        return r;
    if (task->parent == NULL)
        arena_free(((struct root *)(void *)r)->arena); /* hiredis never sees it */
    return NULL;
}

static void *on_array(const redisReadTask *task, int count)
{
    redisReply *r = make(task);
    if (r == NULL || count <= 0)
        return r;
    r->elements = (size_t)count;
    r->element = arena_alloc(arena_for(task, r), (size_t)count * sizeof(redisReply *));
    if (r->element != NULL)
        return r;
    if (task->parent == NULL)
        arena_free(((struct root *)(void *)r)->arena);
    return NULL;
}

static void *on_integer(const redisReadTask *task, long long number)
{
    redisReply *r = make(task);
    if (r != NULL)
        r->integer = number;
    return r;
}

static void *on_nil(const redisReadTask *task)
{
    return make(task);
}

static void on_free(void *reply)
{
    if (reply != NULL)
        arena_free(((struct root *)reply)->arena);
}

void redis_reply_attach(redisReader *reader)
{
    static redisReplyObjectFunctions functions = {.createString = on_string,
                                                  .createArray = on_array,
                                                  .createInteger = on_integer,
                                                  .createNil = on_nil,
                                                  .freeObject = on_free};
    reader->fn = &functions;
}
