/* libmicrohttpd, polled from outside; see http.h. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4096,
    CONNECTION_MEMORY = 20 * 1024,
    BACKLOG = 1024,
    IDLE_SECONDS_MAX = 60,
    RUNS_MAX = 16
};

static unsigned connections(const struct http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* At its limit of connections, or of descriptors, libmicrohttpd stops listening, and begins again
 * only in the run after one has gone, of which it says nothing: so it is run until none comes or
 * goes. */
static void sandbox_http_run(void *user)
{
    struct http *http = user;
    unsigned before;
    int runs = 0;
    do {
        before = connections(http);
        http->resumed = false;
        (void)MHD_run(http->daemon);
    } while (connections(http) != before && ++runs < RUNS_MAX);
    http->resumed |= runs == RUNS_MAX;
}

static int64_t due_us(void *user)
{
    struct http *http = user;
    MHD_UNSIGNED_LONG_LONG ms;
    if (http->resumed)
        return 0;
    if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
        return INT64_MAX;
    return loop_now_us() + (int64_t)ms * 1000;
}

static int resolve(const char *address, struct addrinfo **ret_info)
{
    char host[HTTP_ADDRESS_MAX] = "127.0.0.1", port[8];
    const char *colon = strrchr(address, ':'), *number = colon == NULL ? address : colon + 1;
    size_t size = colon == NULL ? 0 : (size_t)(colon - address);
    if (size >= sizeof host || strlen(number) >= sizeof port || number[0] == '\0' ||
        strspn(number, "0123456789") != strlen(number) || strtol(number, NULL, 10) > 65535)
        return -EINVAL;
    if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
        address++;
        size -= 2;
    }
    if (size > 0)
        (void)snprintf(host, sizeof host, "%.*s", (int)size, address);
    (void)snprintf(port, sizeof port, "%s", number);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    return getaddrinfo(host, port, &hints, ret_info) == 0 ? 0 : -EINVAL;
}

static int bind_socket(const char *address, int *ret_fd)
{
    struct addrinfo *info;
    const int on = 1, result = resolve(address, &info);
    if (result < 0)
        return result;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        error = -errno;
    freeaddrinfo(info);
    if (error == 0)
        *ret_fd = fd;
    else if (fd >= 0)
        (void)close(fd);
    return error;
}

static void name_socket(int fd, char ret_address[static HTTP_ADDRESS_MAX])
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    (void)snprintf(ret_address, HTTP_ADDRESS_MAX,
                   address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int http_listen(struct http *http, struct loop *loop, const char *address,
                MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed,
                void *user)
{
    int fd = -1;
    const int result = bind_socket(address, &fd);
    if (result < 0)
        return result;
    name_socket(fd, http->address);
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, 0,
                                    NULL, NULL, handler, user, MHD_OPTION_LISTEN_SOCKET, fd,
                                    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS_MAX,
                                    MHD_OPTION_NOTIFY_COMPLETED, completed, user, MHD_OPTION_END);
    if (http->daemon == NULL) {
        (void)close(fd);
        return -ENOMEM;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return loop_watch(
        loop, &(struct loop_source){
                  .fd = info->epoll_fd, .run = sandbox_http_run, .due_us = due_us, .user = http});
}

void http_stop(struct http *http)
{
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}

enum MHD_Result http_answer(struct MHD_Connection *connection, int status, const char *type,
                            const char *retry_after, const void *body, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    if (type != NULL)
        (void)MHD_add_response_header(response, "Content-Type", type);
    if (retry_after != NULL && retry_after[0] != '\0')
        (void)MHD_add_response_header(response, "Retry-After", retry_after);
    const enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

void http_resume(struct http *http, struct MHD_Connection *connection)
{
    http->resumed = true;
    MHD_resume_connection(connection);
}

int http_socket(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

void http_reset(int fd)
{
    /* Disconnecting a TCP socket this way sends RST; closing it through MHD would send FIN first,
     * which a client takes for an orderly end. */
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &nowhere, sizeof nowhere);
}

void http_send(int fd, const void *bytes, size_t size)
{
    /* fits into the socket's buffer, or is cut a little earlier: it was to be cut anyway */
    (void)send(fd, bytes, size, MSG_NOSIGNAL);
}

bool http_client_left(int fd)
{
    char byte;
    const ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}
