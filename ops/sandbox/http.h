/* libmicrohttpd inside our loop, and the two things that a well-behaved server never does to a
 * socket. One thread: the loop's. */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include "loop.h"

#include <microhttpd.h>

enum { HTTP_ADDRESS_MAX = 64 };

struct http {
    struct MHD_Daemon *daemon;
    char address[HTTP_ADDRESS_MAX]; /* with the port that it got */
    /* a connection was, or there is more to do: MHD must run once more, and does not say so
     * itself */
    bool resumed;
};

/* Listens on "HOST:PORT", "PORT" (loopback) or "[V6]:PORT" and serves from the loop. -EINVAL: no
 * such address; else why it cannot be bound. */
__attribute__((warn_unused_result)) int http_listen(struct http *http, struct loop *loop,
                                                    const char *address,
                                                    MHD_AccessHandlerCallback handler,
                                                    MHD_RequestCompletedCallback completed,
                                                    void *user);
void http_stop(struct http *http);

/* Answers from text that is copied. `type` and `retry_after` may be NULL. */
enum MHD_Result http_answer(struct MHD_Connection *connection, int status, const char *type,
                            const char *retry_after, const void *body, size_t size);

/* Wakes a connection that MHD_suspend_connection put to sleep; its handler is called in the loop's
 * next round. */
void http_resume(struct http *http, struct MHD_Connection *connection);

int http_socket(struct MHD_Connection *connection);
void http_reset(int fd); /* RST now; the descriptor stays with its owner */
void http_send(int fd, const void *bytes,
               size_t size); /* past libmicrohttpd: the connection must be closed or reset then */
bool http_client_left(int fd);

#endif
