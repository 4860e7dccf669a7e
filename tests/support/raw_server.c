/* The server of bytes; see raw_server.h. */
#include "raw_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, HEAD_MAX = 64 * 1024 };

struct raw_server {
    raw_serve serve;
    void *user;
    SSL_CTX *tls;
    int listener, port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* all below */
    size_t connections, posts, heads;
    bool is_ending;
    int fds[CONNECTIONS_MAX]; /* -1: closed */
    pthread_t threads[CONNECTIONS_MAX];
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static ssize_t receive(struct raw_connection *c, char *out, size_t room)
{
    return c->tls != NULL ? SSL_read(c->tls, out, (int)room) : recv(c->fd, out, room, 0);
}

void raw_send(struct raw_connection *c, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t sent = c->tls != NULL ? SSL_write(c->tls, bytes, (int)size)
                                            : send(c->fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

void raw_text(struct raw_connection *c, const char *text)
{
    raw_send(c, text, strlen(text));
}

void raw_reset(struct raw_connection *c)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void raw_sleep_ms(int ms)
{
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static void count(struct raw_connection *c, size_t *counter)
{
    (void)pthread_mutex_lock(&c->server->lock);
    ++*counter;
    (void)pthread_mutex_unlock(&c->server->lock);
}

bool raw_read_head(struct raw_connection *c)
{
    free(c->head);
    c->head = calloc(1, HEAD_MAX);
    for (size_t size = 0; size + 1 < HEAD_MAX;
         size++) { /* a byte at a time: nothing of the body is taken */
        if (receive(c, c->head + size, 1) != 1)
            return false;
        if (size >= 3 && memcmp(c->head + size - 3, "\r\n\r\n", 4) == 0) {
            count(c, &c->server->heads);
            return true;
        }
    }
    return false;
}

bool raw_read(struct raw_connection *c)
{
    if (!raw_read_head(c))
        return false;
    const char *length = strcasestr(c->head, "content-length:");
    c->body_size = length != NULL ? strtoul(length + strlen("content-length:"), NULL, 10) : 0;
    free(c->body);
    c->body = calloc(1, c->body_size + 1);
    for (size_t size = 0; size < c->body_size;) {
        const ssize_t got = receive(c, c->body + size, c->body_size - size);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
    c->request++;
    count(c, &c->server->posts);
    return true;
}

static void *serve_connection(void *argument)
{
    struct raw_connection *c = argument;
    struct raw_server *s = c->server;
    bool is_open = true;
    if (s->tls != NULL) {
        c->tls = SSL_new(s->tls);
        (void)SSL_set_fd(c->tls, c->fd);
        is_open = SSL_accept(c->tls) == 1;
    }
    if (is_open)
        s->serve(c, s->user);
    SSL_free(c->tls);
    (void)pthread_mutex_lock(&s->lock);
    s->fds[c->number] = -1;
    (void)close(c->fd);
    (void)pthread_mutex_unlock(&s->lock);
    free(c->head);
    free(c->body);
    free(c);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct raw_server *s = argument;
    for (;;) {
        const int fd = accept(s->listener, NULL, NULL);
        (void)pthread_mutex_lock(&s->lock);
        const bool is_ending = s->is_ending || s->connections == CONNECTIONS_MAX;
        if (fd >= 0 && !is_ending) {
            const int on = 1;
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            struct raw_connection *c = calloc(1, sizeof *c);
            *c = (struct raw_connection){.server = s, .fd = fd, .number = s->connections};
            s->fds[c->number] = fd;
            if (pthread_create(&s->threads[s->connections++], NULL, serve_connection, c) != 0)
                die("pthread_create");
        } else if (fd >= 0) {
            (void)close(fd);
        }
        (void)pthread_mutex_unlock(&s->lock);
        if (is_ending)
            return NULL;
    }
}

static SSL_CTX *make_tls(const struct raw_tls *tls)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, tls->cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    if (tls->client_ca != NULL) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (SSL_CTX_load_verify_locations(context, tls->client_ca, NULL) != 1)
            die(tls->client_ca);
    }
    return context;
}

struct raw_server *raw_server_new(raw_serve serve, void *user, const struct raw_tls *tls)
{
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    struct raw_server *s = calloc(1, sizeof *s);
    s->serve = serve;
    s->user = user;
    s->tls = tls != NULL ? make_tls(tls) : NULL;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(s->listener, 128) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    s->port = ntohs(address.sin_port);
    if (pthread_create(&s->acceptor, NULL, accept_all, s) != 0)
        die("pthread_create");
    return s;
}

void raw_server_free(struct raw_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->is_ending = true;
    (void)shutdown(s->listener, SHUT_RDWR); /* wakes accept */
    for (size_t i = 0; i < s->connections; i++)
        if (s->fds[i] >= 0)
            (void)shutdown(s->fds[i], SHUT_RDWR);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->acceptor, NULL);
    for (size_t i = 0; i < s->connections; i++)
        (void)pthread_join(s->threads[i], NULL);
    (void)close(s->listener);
    SSL_CTX_free(s->tls);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

int raw_server_port(const struct raw_server *s)
{
    return s->port;
}

static size_t read_counter(struct raw_server *s, const size_t *counter)
{
    (void)pthread_mutex_lock(&s->lock);
    const size_t value = *counter;
    (void)pthread_mutex_unlock(&s->lock);
    return value;
}

size_t raw_server_posts(struct raw_server *s)
{
    return read_counter(s, &s->posts);
}

size_t raw_server_heads(struct raw_server *s)
{
    return read_counter(s, &s->heads);
}

size_t raw_server_connections(struct raw_server *s)
{
    return read_counter(s, &s->connections);
}
