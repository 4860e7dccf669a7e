/* libcurl's sockets and timer on the libuv loop, and what becomes of a request's bytes that the
 * system has taken and not yet sent.
 *
 * A socket that is closed in the usual way goes on sending for a minute or two what its buffer
 * holds, long after a request was given up and others act on that. So every socket is opened with
 * SO_LINGER of no time: its end, also by kill -9, is a reset, and the buffer is dropped. Only a
 * connection whose last request was answered whole is closed in the usual way. For one that ended
 * in any other way libcurl may have told us no socket yet (it ends a transfer within the turn in
 * which it began to send); until each transfer has been placed, every socket counts as that one's.
 */
#include "base/failpoint.h"
#include "prima/post_internal.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void post_loop_stop(struct watch *w)
{
    (void)uv_poll_stop(&w->poll);
    w->events = 0;
}

/* The number's next socket is another one: the system forgets with the socket what was polled, and
 * so must we. */
static void forget(struct watch *w)
{
    if (!uv_is_closing((uv_handle_t *)&w->poll))
        post_loop_stop(w);
}

static bool set_reset_at_end(int fd, bool on)
{
    const struct linger linger = {.l_onoff = on, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0;
}

int post_socket_open(void *poster, curl_socket_t fd, curlsocktype purpose)
{
    const struct poster *p = poster;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKOPT_OK;
    const unsigned stall_ms = p->stall_max_ms < INT32_MAX ? (unsigned)p->stall_max_ms : INT32_MAX;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof stall_ms);
    return set_reset_at_end(fd, true) ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

int post_socket_close(void *poster, curl_socket_t fd)
{
    struct poster *p = poster;
    struct watch *w = (size_t)fd < p->watch_count ? p->watches[fd] : NULL;
    if (w != NULL) {
        if (w->is_clean && p->unplaced == 0)
            (void)set_reset_at_end(fd, false);
        w->transfer = NULL;
        w->is_clean = false;
        w->serial++;
        forget(w);
    }
    return close(fd);
}

/* Puts a socket whose other side is gone in its place, so that libcurl, whose descriptor it is,
 * finds the connection dead when it wants to use it again. With its last descriptor the real one
 * ends, by a reset. (To disconnect it would do half of that: libcurl takes a socket that was never
 * connected for a live one.) */
static void cut(struct watch *w)
{
    int pair[2];
    forget(w);
    w->is_clean = false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        (void)shutdown(w->fd,
                       SHUT_RDWR); /* no descriptor is left: at least nothing comes in any more */
        return;
    }
    (void)close(pair[1]);
    (void)dup3(pair[0], w->fd, O_CLOEXEC);
    (void)close(pair[0]);
}

void poster_distrust(struct poster *p, const struct post_result *result)
{
    const int fd = result->connection.fd;
    struct watch *w = fd >= 0 && (size_t)fd < p->watch_count ? p->watches[fd] : NULL;
    if (w != NULL && w->serial == result->connection.serial)
        cut(w);
}

/* An answer that nobody asked for would be taken for the next request's. TLS has words of its own,
 * which may come at any time. */
static void post_loop_spoke(struct watch *w)
{
    if (w->poster->is_plain)
        cut(w);
}

void post_socket_leave(struct transfer *t)
{
    if (t->socket == NULL)
        t->poster->unplaced++;
}

static void post_loop_place(struct transfer *t, struct watch *w)
{
    if (t->socket == NULL && t->may_have_left)
        t->poster->unplaced--;
    t->socket = w;
    w->transfer = t;
    w->is_clean = false;
}

/* An answer may come in the turn in which the request leaves: then no socket was mentioned, and
 * libcurl is asked, which goes through all of its connections for that. */
struct post_connection post_socket_of(const struct transfer *t)
{
    const struct poster *p = t->poster;
    const struct watch *w = t->socket;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (w == NULL && t->may_have_left)
        (void)curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd >= 0 && (size_t)fd < p->watch_count)
        w = p->watches[fd];
    return w != NULL ? (struct post_connection){w->fd, w->serial}
                     : (struct post_connection){.fd = -1};
}

void post_socket_end(struct transfer *t, bool is_answered)
{
    if (t->socket == NULL && t->may_have_left)
        t->poster->unplaced--;
    if (t->socket != NULL && t->socket->transfer == t) { /* else libcurl has closed it */
        t->socket->is_clean = is_answered;
        t->socket->transfer = NULL;
        if (!is_answered) /* libcurl keeps some: after a failed write on a new connection, for one
                           */
            cut(t->socket);
    }
    t->socket = NULL;
}

/* ---- on the loop ---- */

static void on_ready(uv_poll_t *handle, int status, int events)
{
    struct watch *w = handle->data;
    struct poster *p = w->poster;
    if (w->is_idle) { /* most likely the peer closed it */
        post_loop_stop(w);
        if ((events & UV_READABLE) != 0)
            post_loop_spoke(w);
        return;
    }
    const int action = status < 0 ? CURL_CSELECT_ERR
                                  : ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                                        ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    p->on_turn(p, w->fd, action);
}

/* libuv counts whole milliseconds and may be a fraction early: libcurl then asks for the rest
 * again. */
static void on_timeout(uv_timer_t *timer)
{
    struct poster *p = timer->data;
    p->on_turn(p, CURL_SOCKET_TIMEOUT, 0);
}

static void on_defer_timer(uv_timer_t *timer)
{
    struct poster *p = timer->data;
    p->on_deferred(p);
}

void post_loop_defer(struct poster *p, int64_t ms)
{
    const uint64_t until_ns = uv_hrtime() + (uint64_t)ms * 1000000;
    if (uv_is_active((uv_handle_t *)&p->deferred) != 0 && p->deferred_until_ns <= until_ns)
        return;
    p->deferred_until_ns = until_ns;
    (void)uv_timer_start(&p->deferred, on_defer_timer, (uint64_t)ms, 0);
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
static void pass_after_send(struct transfer *t, int what)
{
#ifdef PF_FAILPOINTS
    if (what != CURL_POLL_IN || t->is_sent || !t->may_have_left)
        return;
    t->is_sent = true;
    t->is_lost |= fail_point("prima.after_send");
#else
    (void)t, (void)what;
#endif
}

static struct transfer *transfer_of(CURL *easy)
{
    struct transfer *t = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    return t;
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    (void)unused;
    struct poster *p = user;
    if (what == CURL_POLL_REMOVE) {
        if ((size_t)fd < p->watch_count && p->watches[fd] != NULL)
            p->watches[fd]->is_idle = true;
        return 0;
    }
    const int events =
        (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    struct watch *w = find_watch(p, fd);
    if (w == NULL)
        return -1; /* libcurl ends the transfers with an error */
    w->is_idle = false;
    struct transfer *t = transfer_of(easy);
    if (t != NULL) { /* else libcurl itself says goodbye on an old connection */
        pass_after_send(t, what);
        post_loop_place(t, w);
    }
    if (w->events == events)
        return 0;
    w->events = events;
    return uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

void post_loop_attach(struct poster *p, void (*on_turn)(struct poster *, int fd, int events),
                      void (*on_deferred)(struct poster *))
{
    p->on_turn = on_turn;
    p->on_deferred = on_deferred;
    (void)uv_timer_init(p->loop, &p->timer);
    (void)uv_timer_init(p->loop, &p->deferred);
    p->timer.data = p->deferred.data = p;
    p->handles = 2;
    (void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
    (void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    (void)curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
    (void)curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct poster *p = handle->data;
    if (--p->handles == 0)
        p->on_closed(p);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct poster *p = w->poster;
    free(w);
    if (--p->handles == 0)
        p->on_closed(p);
}

void post_loop_close(struct poster *p, void (*on_closed)(struct poster *))
{
    p->on_closed = on_closed;
    for (size_t i = 0; i < p->watch_count; i++)
        if (p->watches[i] != NULL)
            uv_close((uv_handle_t *)&p->watches[i]->poll, on_watch_closed);
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
    uv_close((uv_handle_t *)&p->deferred, on_timer_closed);
}
