/* "address:port" → a listening socket; see listen.h. */
#include "obs/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 }; /* scrapes and probes: a few a second */

struct address {
    char host[256], port[6];
};

static int listen_split(const char *listen, struct address *ret_address)
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL)
        return -EINVAL;
    const char *host = listen;
    size_t size = (size_t)(colon - listen);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    } else if (memchr(host, ':', size) != NULL) {
        return -EINVAL; /* IPv6 without brackets */
    }
    const size_t digits = strspn(colon + 1, "0123456789");
    if (size >= sizeof ret_address->host || digits == 0 || digits > 5 ||
        colon[1 + digits] != '\0' || strtol(colon + 1, NULL, 10) > 65535)
        return -EINVAL;
    if (size > 0)
        (void)snprintf(ret_address->host, sizeof ret_address->host, "%.*s", (int)size, host);
    else
        (void)snprintf(ret_address->host, sizeof ret_address->host, "127.0.0.1");
    (void)snprintf(ret_address->port, sizeof ret_address->port, "%s", colon + 1);
    return 0;
}

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {0};
    socklen_t size = sizeof at;
    if (getsockname(fd, &at.any, &size) != 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

static int open_socket(const struct addrinfo *info, int *ret_socket)
{
    const int one = 1;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int error = errno;
        (void)close(fd);
        return -error;
    }
    *ret_socket = fd;
    return 0;
}

int listen_open(const char *listen, int *ret_socket, int *ret_port, char ret_message[static 300])
{
    struct address a;
    if (listen_split(listen, &a) < 0) {
        (void)snprintf(ret_message, 300,
                       "%.100s: not an address to listen at; write address:port, such as "
                       "127.0.0.1:9100 or :9100",
                       listen);
        return -EINVAL;
    }
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    const int code = getaddrinfo(a.host, a.port, &hints, &info);
    if (code != 0) {
        (void)snprintf(ret_message, 300, "%.100s: no such address: %s", listen, gai_strerror(code));
        return -EINVAL;
    }
    const int result = open_socket(info, ret_socket);
    freeaddrinfo(info);
    if (result == 0)
        *ret_port = port_of(*ret_socket);
    else
        (void)snprintf(ret_message, 300, "%.100s: cannot listen there: %s%s", listen,
                       strerror(-result),
                       result == -EADDRINUSE ? "; choose another port, or stop what has it" : "");
    return result;
}
