/* libmicrohttpd without threads of its own: its epoll descriptor is one more handle of our loop,
 * its timeouts one more timer; see http.h.
 *
 * At its own limit of connections libmicrohttpd stops listening, and begins again only in the run
 * after one has gone, of which it says nothing to the loop: so it is run until no connection comes
 * or goes, and once a second whatever it says. It never comes to that limit slowly: beyond
 * GUESTS_MAX whoever asked for something longest ago has to go. */
#include "obs/http.h"

#include "obs/guests.h"
#include "obs/listen.h"
#include "obs/metrics.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GUESTS_MAX = 32, /* a scraper, two probes, people */
    /* those that have to go are still there for a turn or two; more wait in the backlog */
    CONNECTIONS_MAX = 2 * GUESTS_MAX,
    RUNS_MAX = 16, /* in a turn of the loop */
    LOOK_MS = 1000,
    IDLE_SECONDS_MAX = 10,       /* of a connection, between bytes or requests */
    REQUEST_BYTES_MAX = 8 << 10, /* line and headers */
    ANSWER_BYTES_MAX = 8 << 20,  /* /metrics of all labels full is about 0.5 MiB */
};

struct obs_http {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    int handles; /* open ones of the two above */
    int port, socket;
    struct guests guests;
    struct obs_answers answers;
};

struct answer {
    struct buf body;
    unsigned status;
    const char *type;
};

static void answer_health(struct answer *a, bool (*ask)(void *, struct buf *), void *user)
{
    const bool good = ask == NULL || ask(user, &a->body);
    a->status = good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    if (a->body.size == 0)
        buf_text(&a->body, good ? "ok" : "not ready");
    buf_byte(&a->body, '\n');
}

static void answer_metrics(struct answer *a, const struct obs_answers *answers)
{
    if (answers->before_metrics != NULL)
        answers->before_metrics(answers->user);
    metrics_refresh_process();
    metrics_write(&a->body);
    a->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void answer_path(struct answer *a, const struct obs_answers *answers, const char *path)
{
    if (strcmp(path, "/metrics") == 0) {
        answer_metrics(a, answers);
    } else if (strcmp(path, "/livez") == 0) {
        answer_health(a, answers->live, answers->user);
    } else if (strcmp(path, "/readyz") == 0) {
        answer_health(a, answers->ready, answers->user);
    } else if (strcmp(path, "/status") == 0 && answers->status != NULL) {
        answers->status(answers->user, &a->body);
        a->type = "application/json";
    } else {
        a->status = MHD_HTTP_NOT_FOUND;
        buf_text(&a->body, "here are /metrics /livez /readyz /status\n");
    }
    if (a->body.failed) {
        buf_clear(&a->body);
        buf_text(&a->body, "the answer does not fit into memory\n");
        a->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        a->type = "text/plain; charset=utf-8";
    }
}

/* libmicrohttpd's handler: called with the headers first, then (for a body) with its parts, then to
 * answer. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version;
    (void)upload;
    static int headers_seen;
    if (*state == NULL) {
        *state = &headers_seen;
        return MHD_YES;
    }
    if (*upload_size > 0) { /* a body is read away, nobody wants it */
        *upload_size = 0;
        return MHD_YES;
    }
    struct obs_http *http = user;
    guests_ask(
        &http->guests,
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
    struct answer a = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    buf_init(&a.body, ANSWER_BYTES_MAX);
    const bool reads =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (reads) {
        answer_path(&a, &http->answers, path);
    } else {
        a.status = MHD_HTTP_METHOD_NOT_ALLOWED;
        buf_text(&a.body, "only GET and HEAD\n");
    }
    enum MHD_Result result = MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(a.body.size, a.body.data, MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a.type);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        if (!reads)
            (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        result = MHD_queue_response(connection, a.status, response);
        MHD_destroy_response(response);
    }
    buf_release(&a.body);
    return result;
}

/* A connection comes or goes. One that has to go is shut, which libmicrohttpd takes for the
 * client's leaving. */
static void on_connection(void *user, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct obs_http *http = user;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        guests_leave(&http->guests, *socket_context);
        return;
    }
    int fd;
    *socket_context = guests_come(
        &http->guests,
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, &fd);
    if (fd >= 0)
        (void)shutdown(fd, SHUT_RDWR);
}

static unsigned connections(const struct obs_http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static void on_timer(uv_timer_t *timer);

/* Lets libmicrohttpd do what is due, and asks when it wants to be called again without an event. */
static void http_run(struct obs_http *http)
{
    unsigned before;
    int runs = 0;
    do {
        before = connections(http);
        (void)MHD_run(http->daemon);
    } while (connections(http) != before && ++runs < RUNS_MAX);
    MHD_UNSIGNED_LONG_LONG wait_ms = LOOK_MS;
    if (MHD_get_timeout(http->daemon, &wait_ms) != MHD_YES || wait_ms > LOOK_MS)
        wait_ms = LOOK_MS;
    (void)uv_timer_start(&http->timer, on_timer, runs == RUNS_MAX ? 0 : wait_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
    http_run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    http_run(poll->data);
}

static int daemon_start(struct obs_http *http, int fd, char ret_message[static 300])
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, handle, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS_MAX, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES_MAX, MHD_OPTION_END);
    if (http->daemon != NULL)
        return 0;
    (void)close(fd);
    (void)snprintf(ret_message, 300,
                   "the HTTP server cannot be started (memory or descriptors ran out)");
    return -ENOMEM;
}

static void on_closed(uv_handle_t *handle)
{
    struct obs_http *http = handle->data;
    if (--http->handles == 0)
        free(http);
}

static int handles_start(struct obs_http *http, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->poll.data = http->timer.data = http;
    if (info == NULL || uv_timer_init(loop, &http->timer) != 0)
        return -EIO;
    http->handles = 1;
    if (uv_poll_init(loop, &http->poll, info->epoll_fd) != 0)
        return -EIO;
    http->handles = 2;
    return uv_poll_start(&http->poll, UV_READABLE, on_poll) == 0 &&
                   uv_timer_start(&http->timer, on_timer, LOOK_MS, 0) == 0
               ? 0
               : -EIO;
}

int obs_http_start(uv_loop_t *loop, const char *listen, const struct obs_answers *answers,
                   struct obs_http **ret_http, char ret_message[static 300])
{
    struct obs_http *http = calloc(1, sizeof *http);
    int fd = -1;
    if (http == NULL) {
        (void)snprintf(ret_message, 300, "out of memory");
        return -ENOMEM;
    }
    http->answers = *answers;
    guests_init(&http->guests, GUESTS_MAX);
    int result = listen_open(listen, &fd, &http->port, ret_message);
    http->socket = fd;
    if (result == 0)
        result = daemon_start(http, fd, ret_message);
    if (result < 0) {
        free(http);
        return result;
    }
    result = handles_start(http, loop);
    if (result < 0) {
        (void)snprintf(ret_message, 300, "the HTTP server cannot be joined to the loop");
        obs_http_stop(http);
        return result;
    }
    *ret_http = http;
    return 0;
}

int obs_http_port(const struct obs_http *http)
{
    return http->port;
}

int obs_http_socket(const struct obs_http *http)
{
    return http->socket;
}

void obs_http_stop(struct obs_http *http)
{
    if (http == NULL)
        return;
    const int handles = http->handles;
    if (handles == 2)
        uv_close((uv_handle_t *)&http->poll, on_closed); /* before its descriptor goes */
    if (handles >= 1)
        uv_close((uv_handle_t *)&http->timer, on_closed);
    MHD_stop_daemon(http->daemon); /* closes the listening socket too */
    if (handles == 0)
        free(http);
}
