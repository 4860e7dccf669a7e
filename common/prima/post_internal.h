/* What post.c, post_queue.c, post_easy.c and post_loop.c share; nobody else includes this. */
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
    uint64_t deadline_ns, leaving_ns; /* of uv_hrtime */
    bool is_leaving;                  /* libcurl was about to send it, once or more */
    bool is_sent;                     /* fail point prima.after_send was passed */
    bool is_lost;                     /* a fail point lost the answer */
    bool has_retry_after;
    char retry_after[POST_RETRY_AFTER_MAX];
    char charset[32];
    post_done done;
    void *user;
};

struct transfer_list {
    struct transfer *first, *last;
};

/* One file descriptor's poll handle. It stays with the number, and serves the next socket of that number.
 *
 * libcurl asks for reading, lets go of the socket and asks again, for every request on a kept connection; each change would be two system
 * calls. So an idle connection stays polled for reading, and only a change of what is polled reaches libuv. */
struct watch {
    uv_poll_t poll;
    struct poster *poster;
    int fd, events; /* events: of UV_READABLE and UV_WRITABLE, as polled */
    bool is_idle;   /* libcurl does not listen: what happens there it finds out itself when it takes the connection again */
};

struct poster {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;       /* libcurl's */
    uv_timer_t deferred;    /* answers */
    struct watch **watches; /* by file descriptor */
    size_t watch_count;
    struct transfer_list waiting, under_way, ended; /* ended: to be answered by the loop's next turn */
    struct transfer *spare;
    CURL **easies; /* those that are not in use, connections_max at most */
    size_t easy_count;
    size_t in_flight, on_wire, spare_count, handles; /* on_wire: of `under_way`; handles: of libuv, not yet closed */
    uint64_t deferred_until_ns;                      /* when `deferred` fires, if it is active */
    struct header_list *headers;
    CURLU *url;
    char *tls_ca, *tls_cert, *tls_key;
    char **fixed_headers;
    long connect_timeout_ms, idle_max_s;
    int64_t connections_max;
    size_t reply_bytes_max;
    bool is_answering; /* inside `done`s: poster_free waits */
    bool is_freed;
};

/* post_easy.c: a handle with all that stays the same from post to post. NULL: no memory. */
CURL *post_easy_new(struct poster *p);
void post_easy_serve(CURL *easy, struct transfer *t); /* it is this one's from now on */

/* Bytes of the request that the system took, over all connections that were tried. */
long post_bytes_left(const struct transfer *t);

/* post_loop.c: libcurl's sockets and timer on the loop. */
int post_loop_close_socket(void *poster, curl_socket_t fd); /* for CURLOPT_CLOSESOCKETFUNCTION */
void post_loop_attach(struct poster *p);
void post_loop_defer(struct poster *p, int64_t ms); /* post_answer_ended in `ms` at the latest, from the loop */
void post_loop_close(struct poster *p);             /* the last handle closed releases the poster */

/* post_queue.c: takes what libcurl has ended off the wire, and begins what waits. Answering what ended, or what failed before it began, is
 * the loop's next turn: it may take long, and Prima works meanwhile. The poster may be gone after the latter. */
void post_collect_ended(struct poster *p);
void post_answer_ended(struct poster *p);

/* post.c */
struct transfer *post_take_transfer(struct poster *p);
void post_put_back(struct poster *p, struct transfer *t);
void post_free_transfer(struct transfer *t);
void post_close(struct poster *p);
void post_release(struct poster *p);

#endif
