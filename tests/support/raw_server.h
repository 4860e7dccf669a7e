/* A server of bytes for tests of HTTP clients: what it sends, cuts, delays and resets is a function
 * of the test's own, and it counts what arrived.
 *
 * Each connection is served by a thread of its own, which runs the test's function; when that
 * returns, the connection is closed. Counters are of the server's side, the only one that can tell
 * whether a request was sent twice. Loopback, a free port. */
#ifndef PRIMAFLOW_RAW_SERVER_H
#define PRIMAFLOW_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct raw_server;

struct raw_connection {
    struct raw_server *server;
    int fd;
    void *tls;      /* NULL: plain */
    size_t number;  /* of this connection, from 0 */
    size_t request; /* requests read on it so far */
    char *head;     /* of the request read last, ends with a NUL */
    char *body;
    size_t body_size;
};

typedef void (*raw_serve)(struct raw_connection *connection, void *user);

struct raw_tls { /* PEM files */
    const char *cert, *key;
    const char *client_ca; /* NULL: no client certificate asked for */
};

/* Ends the test program when it cannot listen. `tls` may be NULL. */
struct raw_server *raw_server_new(raw_serve serve, void *user, const struct raw_tls *tls);
void raw_server_free(
    struct raw_server *server); /* cuts all connections and waits for their threads */
int raw_server_port(const struct raw_server *server);
size_t raw_server_posts(struct raw_server *server); /* requests that arrived whole */
size_t raw_server_heads(
    struct raw_server *server); /* request heads that arrived, with or without their body */
size_t raw_server_connections(struct raw_server *server); /* accepted, ever */

/* Reads one request, head and body. False: the client closed, or the server is being freed. */
bool raw_read(struct raw_connection *connection);
/* Only the head; the body stays unread. */
bool raw_read_head(struct raw_connection *connection);
void raw_send(struct raw_connection *connection, const char *bytes, size_t size);
void raw_text(struct raw_connection *connection, const char *text);
/* Cuts the connection with a RST instead of a FIN. */
void raw_reset(struct raw_connection *connection);
void raw_sleep_ms(int ms);

#endif
