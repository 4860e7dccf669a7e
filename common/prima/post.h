/* The adapter of libcurl: HTTP POSTs on a libuv loop, each sent at most once.
 *
 * libcurl sends a POST again, silently, when a reused connection dies before the first byte of the
 * reply. Here it cannot: before any sending it asks (CURLOPT_PREREQFUNCTION), and after the first
 * yes the answer is no, which ends the transfer as POST_LOST. The usual cure, a body by
 * READFUNCTION whose SEEKFUNCTION fails, lets a head without its body be sent again, and costs a
 * second packet for every request. No redirect is followed, no proxy of the environment is used,
 * HTTP/1.1 and 1.0 only.
 *
 * Invariants
 *   - Every post_begin is answered by exactly one call of `done`, from the loop, never from inside
 *     post_begin; none after poster_free.
 *   - POST_NOT_SENT is said only when libcurl was never allowed to send: no connection, refused,
 *     TLS failed, no memory, deadline while waiting. What it counts and reports afterwards proves
 *     nothing.
 *   - No byte of a request is given to the system after its deadline, however long the process or
 *     the machine stood still: the clock counts sleep, and is looked at before a request begins to
 *     leave and before each turn of libcurl's. What the system holds of a request that was not
 *     answered whole is thrown away with its connection, which is reset; so it is when the process
 *     is killed. While the process stands still, the system gives up what the other side has not
 *     acknowledged for stall_max_ms.
 *   - Reply body <= reply_bytes_max, headers <= 64 KiB; connections <= connections_max, all of them
 *     kept for reuse.
 * Loop thread only. */
#ifndef PRIMAFLOW_PRIMA_POST_H
#define PRIMAFLOW_PRIMA_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum post_end {
    POST_ANSWERED, /* a whole reply arrived */
    POST_NOT_SENT, /* not one byte left */
    POST_LOST,     /* anything else: the server may have acted */
};

struct post_result {
    enum post_end end;
    int status;       /* of HTTP; 0: none arrived. Meaningful with POST_ANSWERED only */
    const char *body; /* ends with a NUL; "" */
    size_t size;
    const char *charset;     /* of Content-Type; NULL: none */
    const char *retry_after; /* the header's value; NULL: none */
    int64_t took_us;         /* from the first byte out to the last byte in */
    struct post_connection { /* the one it came on, for poster_distrust */
        int fd;              /* -1: none */
        uint64_t serial;
    } connection;
};

typedef void (*post_done)(
    void *user,
    const struct post_result *result); /* what result points to lives until it returns */

struct poster_options { /* texts are copied */
    const char *url;
    const char *const *headers; /* "Name: value", ends with NULL */
    int64_t connections_max, connect_timeout_ms, idle_max_ms;
    int64_t stall_max_ms; /* TCP_USER_TIMEOUT: about the deadline of the requests that matter */
    size_t reply_bytes_max;
    const char *tls_ca, *tls_cert, *tls_key; /* "": none */
};

struct poster;

/* 0; -EINVAL: the address cannot be read; -ENOMEM. */
__attribute__((warn_unused_result)) int poster_new(uv_loop_t *loop,
                                                   const struct poster_options *options,
                                                   struct poster **ret_poster);

/* Ends all transfers now: each is answered in the loop's next turn, as lost or not sent, and its
 * connection is reset. */
void poster_abandon(struct poster *poster);

/* Abandons all transfers and frees once the loop has closed the handles. Accepts NULL; may be
 * called in `done`. */
void poster_free(struct poster *poster);

/* One more header for all later posts (a credential; it is wiped from memory when replaced); NULL
 * or "": none. 0 or -ENOMEM: the old one stays. */
__attribute__((warn_unused_result)) int poster_set_header(struct poster *poster,
                                                          const char *header);

/* Posts a copy of `body`. Ends the process when there is no memory for the few hundred bytes of its
 * record: no state depends on a clean end. */
void post_begin(struct poster *poster, const char *body, size_t size, int64_t deadline_ms,
                post_done done, void *user);

/* The body of a reply as it arrives; `charset` as of post_result, lives until the function returns.
 * False: no more of it; the transfer ends as lost. */
typedef bool (*post_arrived)(void *user, const char *charset, const char *bytes, size_t size);

/* The same, of a reply that is too large to be held: what arrives under status 200 goes to `arrived`
 * and is not in the result's body; any other is held as always. Neither is called after `done`. */
void post_begin_arriving(struct poster *poster, const char *body, size_t size, int64_t deadline_ms,
                         post_arrived arrived, post_done done, void *user);

/* No request is answered by this connection any more: what came on it was another request's, and so
 * may be what comes next. One that uses it already ends POST_LOST. Within `done`. */
void poster_distrust(struct poster *poster, const struct post_result *result);

size_t poster_in_flight(const struct poster *poster); /* begun and not yet answered */

#endif
