/* What post.c, post_easy.c and post_loop.c share; nobody else includes this. post.c calls the other
 * two, post_easy.c calls post_loop.c, and post_loop.c calls back by what it was given. */
#ifndef PRIMAFLOW_PRIMA_POST_INTERNAL_H
#define PRIMAFLOW_PRIMA_POST_INTERNAL_H

#include "base/buf.h"
#include "prima/post.h"

#include <curl/curl.h>
#include <stdbool.h>

enum { POST_HEADER_BYTES_MAX = 64 * 1024, POST_RETRY_AFTER_MAX = 64 };

/* Headers of a request, shared by the transfers that were begun with them. */
struct header_list {
    struct curl_slist *list;
    size_t references;
};

struct transfer {
    struct poster *poster;
    struct transfer *next, *previous; /* in the one list it is in; `next` alone in `spare` */
    CURL *easy;                       /* while it is under way */
    struct header_list *headers;      /* referenced while under way */
    struct buf body, reply;
    struct post_result result; /* once it has ended */
    size_t header_bytes;
    int64_t deadline_ms; /* of clock_boot_ms */
    uint64_t leaving_ns; /* of uv_hrtime */
    bool may_have_left;  /* libcurl was allowed to send it, which it is once */
    bool is_sent;        /* fail point prima.after_send was passed */
    bool is_lost;        /* a fail point lost the answer */
    struct watch
        *socket; /* the one that libcurl uses for it, as far as we have heard; NULL: not yet */
    bool has_retry_after;
    char retry_after[POST_RETRY_AFTER_MAX];
    char charset[32];
    post_arrived arrived; /* NULL: the reply is held */
    post_done done;
    void *user;
};

struct transfer_list {
    struct transfer *first, *last;
};

/* One file descriptor's poll handle. It stays with the number, and serves the next socket of that
 * number.
 *
 * libcurl asks for reading, lets go of the socket and asks again, for every request on a kept
 * connection; each change would be two system calls. So an idle connection stays polled for
 * reading, and only a change of what is polled reaches libuv. */
struct watch {
    uv_poll_t poll;
    struct poster *poster;
    struct transfer
        *transfer;   /* the last that we heard of on this socket, until it has ended; NULL: none */
    uint64_t serial; /* of the socket: how many had this number before it */
    bool is_clean;   /* that one was answered whole: nothing of ours is still on its way */
    int fd, events;  /* events: of UV_READABLE and UV_WRITABLE, as polled */
    /* libcurl does not listen: what happens there it finds out itself when it takes the connection
     * again */
    bool is_idle;
};

struct poster {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;       /* libcurl's */
    uv_timer_t deferred;    /* answers */
    struct watch **watches; /* by file descriptor */
    size_t watch_count;
    struct transfer_list waiting, under_way,
        ended; /* ended: to be answered by the loop's next turn */
    struct transfer *spare;
    CURL **easies; /* those that are not in use, connections_max at most */
    size_t easy_count;
    size_t in_flight, on_wire, spare_count,
        handles; /* on_wire: of `under_way`; handles: of libuv, not yet closed */
    /* of `under_way`: those that may have left by a socket we have not heard of yet */
    size_t unplaced;
    int64_t nearest_deadline_ms; /* no deadline of `under_way` is before it */
    uint64_t deferred_until_ns;  /* when `deferred` fires, if it is active */
    struct header_list *headers;
    CURLU *url;
    char *tls_ca, *tls_cert, *tls_key;
    char **fixed_headers;
    bool is_plain; /* no TLS */
    long connect_timeout_ms, idle_max_s;
    int64_t stall_max_ms;
    int64_t connections_max;
    size_t reply_bytes_max;
    void (*on_turn)(struct poster *p, int fd, int events); /* post_loop.c's */
    void (*on_deferred)(struct poster *p);
    void (*on_closed)(struct poster *p);
    bool is_answering; /* inside `done`s: poster_free waits */
    bool is_freed;
};

/* post_easy.c: a handle with all that stays the same from post to post. NULL: no memory. */
CURL *post_easy_new(struct poster *p);
void post_easy_serve(CURL *easy, struct transfer *t); /* it is this one's from now on */

/* post_loop.c: libcurl's sockets and timer on the loop. `on_turn`: libcurl is to look at a descriptor
 * (CURL_SOCKET_TIMEOUT: at its timer); `on_deferred`: the time of post_loop_defer has come. */
void post_loop_attach(struct poster *p, void (*on_turn)(struct poster *, int fd, int events),
                      void (*on_deferred)(struct poster *));
void post_loop_defer(struct poster *p, int64_t ms); /* on_deferred in `ms` at the latest */
void post_loop_close(struct poster *p, void (*on_closed)(struct poster *)); /* of the last handle */

/* post_loop.c: what the system does with a request's bytes after libcurl has let go of them. */
int post_socket_open(void *poster, curl_socket_t fd,
                     curlsocktype purpose);            /* for CURLOPT_SOCKOPTFUNCTION */
int post_socket_close(void *poster, curl_socket_t fd); /* for CURLOPT_CLOSESOCKETFUNCTION */
void post_socket_leave(
    struct transfer *t); /* it is about to leave, by a socket that need not be known */
struct post_connection post_socket_of(
    const struct transfer *t); /* while its easy handle is its own */
void post_socket_end(struct transfer *t, bool is_answered);

#endif
