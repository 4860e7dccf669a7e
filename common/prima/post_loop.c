/* libcurl's sockets and timer on the libuv loop. */
#include "base/failpoint.h"
#include "prima/post_internal.h"

#include <unistd.h>

static void stop(struct watch *w)
{
    (void)uv_poll_stop(&w->poll);
    w->events = 0;
}

static void on_ready(uv_poll_t *handle, int status, int events)
{
    struct watch *w = handle->data;
    struct poster *p = w->poster;
    if (w->is_idle) { /* most likely the peer closed it */
        stop(w);
        return;
    }
    const int action = status < 0
                           ? CURL_CSELECT_ERR
                           : ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) | ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;
    (void)curl_multi_socket_action(p->multi, w->fd, action, &running);
    post_collect_ended(p);
}

/* libuv counts whole milliseconds and may be a fraction early: libcurl then asks for the rest again. */
static void on_timeout(uv_timer_t *timer)
{
    struct poster *p = timer->data;
    int running;
    (void)curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    post_collect_ended(p);
}

static void on_deferred(uv_timer_t *timer)
{
    post_answer_ended(timer->data);
}

void post_loop_defer(struct poster *p, int64_t ms)
{
    const uint64_t until_ns = uv_hrtime() + (uint64_t)ms * 1000000;
    if (uv_is_active((uv_handle_t *)&p->deferred) != 0 && p->deferred_until_ns <= until_ns)
        return;
    p->deferred_until_ns = until_ns;
    (void)uv_timer_start(&p->deferred, on_deferred, (uint64_t)ms, 0);
}

static int on_timer_change(CURLM *multi, long timeout_ms, void *user)
{
    (void)multi;
    struct poster *p = user;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&p->timer);
    else
        (void)uv_timer_start(&p->timer, on_timeout, (uint64_t)timeout_ms, 0);
    return 0;
}

/* The watch of a descriptor; NULL: no memory. */
static struct watch *find_watch(struct poster *p, int fd)
{
    const size_t index = (size_t)fd;
    if (index >= p->watch_count) {
        const size_t count = index + 64;
        struct watch **wider = realloc(p->watches, count * sizeof(struct watch *));
        if (wider == NULL)
            return NULL;
        memset(wider + p->watch_count, 0, (count - p->watch_count) * sizeof *wider);
        p->watches = wider;
        p->watch_count = count;
    }
    if (p->watches[index] == NULL) {
        struct watch *w = calloc(1, sizeof *w);
        if (w == NULL || uv_poll_init(p->loop, &w->poll, fd) != 0) {
            free(w);
            return NULL;
        }
        w->poll.data = w;
        w->poster = p;
        w->fd = fd;
        p->watches[index] = w;
        p->handles++;
    }
    return p->watches[index];
}

/* libcurl began to send, and waits for the reply alone: the request's bytes have left. */
static void pass_after_send(CURL *easy, int what)
{
#ifdef PF_FAILPOINTS
    struct transfer *t = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    if (what != CURL_POLL_IN || t == NULL || t->is_sent || !t->is_leaving)
        return;
    t->is_sent = true;
    t->is_lost |= fail_point("prima.after_send");
#else
    (void)easy, (void)what;
#endif
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    (void)unused;
    struct poster *p = user;
    pass_after_send(easy, what);
    if (what == CURL_POLL_REMOVE) {
        if ((size_t)fd < p->watch_count && p->watches[fd] != NULL)
            p->watches[fd]->is_idle = true;
        return 0;
    }
    const int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    struct watch *w = find_watch(p, fd);
    if (w == NULL)
        return -1; /* libcurl ends the transfers with an error */
    w->is_idle = false;
    if (w->events == events)
        return 0;
    w->events = events;
    return uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

/* The number's next socket is another one: the system forgets with the socket what was polled, and so must we. */
int post_loop_close_socket(void *poster, curl_socket_t fd)
{
    struct poster *p = poster;
    struct watch *w = (size_t)fd < p->watch_count ? p->watches[fd] : NULL;
    if (w != NULL && !uv_is_closing((uv_handle_t *)&w->poll))
        stop(w);
    return close(fd);
}

void post_loop_attach(struct poster *p)
{
    (void)uv_timer_init(p->loop, &p->timer);
    (void)uv_timer_init(p->loop, &p->deferred);
    p->timer.data = p->deferred.data = p;
    p->handles = 2;
    (void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
    (void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    (void)curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
    (void)curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
}

static void on_closed(uv_handle_t *handle)
{
    struct poster *p = handle->data;
    if (--p->handles == 0)
        post_release(p);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct poster *p = w->poster;
    free(w);
    if (--p->handles == 0)
        post_release(p);
}

void post_loop_close(struct poster *p)
{
    for (size_t i = 0; i < p->watch_count; i++)
        if (p->watches[i] != NULL)
            uv_close((uv_handle_t *)&p->watches[i]->poll, on_watch_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
    uv_close((uv_handle_t *)&p->deferred, on_closed);
}
