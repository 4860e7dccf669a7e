/* A context's socket on the loop; see redis_loop.h. */
#include "redis/loop.h"

#include <errno.h>
#include <stdbool.h>

#include <hiredis/hiredis.h>

struct watch {
    uv_poll_t poll;
    /* a socket takes a command as good as always: trying costs less than asking first whether it
     * would */
    uv_idle_t write_soon;
    redisAsyncContext *context; /* NULL once hiredis let go */
    void (*fill)(void *user);
    void *user;
    int events; /* as polled */
    bool has_output;
    int handles; /* not yet closed */
};

static void watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    if (--w->handles == 0)
        free(w);
}

static void watch_event(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    if (status < 0)
        events = UV_READABLE; /* let hiredis find the error */
    if (w->context != NULL && (events & UV_READABLE))
        redisAsyncHandleRead(w->context);
    if (w->context != NULL && (events & UV_WRITABLE))
        redisAsyncHandleWrite(w->context);
}

static void watch_set(struct watch *w, int events)
{
    if (w->events == events)
        return;
    w->events = events;
    if (events == 0)
        (void)uv_poll_stop(&w->poll);
    else
        (void)uv_poll_start(&w->poll, events, watch_event);
}

static void add_read(void *data)
{
    struct watch *w = data;
    watch_set(w, w->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct watch *w = data;
    watch_set(w, w->events & ~UV_READABLE);
}

/* What was given in one turn of the loop leaves together in the next. What the socket did not take
 * waits until it does. */
static void write_now(uv_idle_t *idle)
{
    struct watch *w = idle->data;
    if (w->context != NULL)
        w->fill(w->user);
    if (w->context != NULL)
        redisAsyncHandleWrite(w->context);
    if (w->context != NULL && w->has_output)
        watch_set(w, w->events | UV_WRITABLE);
    (void)uv_idle_stop(idle);
}

static void add_write(void *data)
{
    struct watch *w = data;
    const bool is_connected = w->context != NULL && (w->context->c.flags & REDIS_CONNECTED) != 0;
    w->has_output = true;
    if (is_connected && !(w->events & UV_WRITABLE))
        (void)uv_idle_start(&w->write_soon, write_now);
    else
        watch_set(w, w->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct watch *w = data;
    w->has_output = false;
    watch_set(w, w->events & ~UV_WRITABLE);
}

static void cleanup(void *data)
{
    struct watch *w = data;
    w->context = NULL;
    (void)uv_poll_stop(&w->poll);
    uv_close((uv_handle_t *)&w->poll, watch_closed);
    uv_close((uv_handle_t *)&w->write_soon, watch_closed);
}

void redis_loop_write_soon(redisAsyncContext *context)
{
    struct watch *w = context->ev.data;
    (void)uv_idle_start(&w->write_soon, write_now);
}

int redis_loop_attach(uv_loop_t *loop, redisAsyncContext *context, void (*fill)(void *user),
                      void *user)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    if (uv_poll_init(loop, &w->poll, context->c.fd) != 0) {
        free(w);
        return -EIO;
    }
    (void)uv_idle_init(loop, &w->write_soon);
    w->poll.data = w->write_soon.data = w;
    w->handles = 2;
    w->context = context;
    w->fill = fill;
    w->user = user;
    context->ev.data = w;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    return 0;
}
