/* The adapter of libcurl: HTTP POSTs on a libuv loop, each sent at most once.
 *
 * libcurl sends a POST again, silently, when a reused connection dies before the first byte of the reply. Here it cannot: before any
 * sending it asks (CURLOPT_PREREQFUNCTION), and once a byte has left the answer is no, which ends the transfer as POST_LOST. The usual
 * cure, a body by READFUNCTION whose SEEKFUNCTION fails, lets a head without its body be sent again, and costs a second packet for every
 * request. No redirect is followed, no proxy of the environment is used, HTTP/1.1 and 1.0 only.
 *
 * Invariants
 *   - Every post_begin is answered by exactly one call of `done`, from the loop, never from inside post_begin; none after poster_free.
 *   - POST_NOT_SENT is said only when not one byte of the request left: no connection, refused, TLS failed, no memory, deadline while
 * waiting.
 *   - No request begins to leave after its deadline, however long the process stood still.
 *   - Reply body <= reply_bytes_max, headers <= 64 KiB; connections <= connections_max, all of them kept for reuse.
 * Loop thread only. */
#ifndef PRIMAFLOW_PRIMA_POST_H
#define PRIMAFLOW_PRIMA_POST_H

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
};

typedef void (*post_done)(void *user, const struct post_result *result); /* what result points to lives until it returns */

struct poster_options { /* texts are copied */
    const char *url;
    const char *const *headers; /* "Name: value", ends with NULL */
    int64_t connections_max, connect_timeout_ms, idle_max_ms;
    size_t reply_bytes_max;
    const char *tls_ca, *tls_cert, *tls_key; /* "": none */
};

struct poster;

/* 0; -EINVAL: the address cannot be read; -ENOMEM. */
__attribute__((warn_unused_result)) int poster_new(uv_loop_t *loop, const struct poster_options *options, struct poster **ret_poster);

/* Abandons all transfers and frees once the loop has closed the handles. Accepts NULL; may be called in `done`. */
void poster_free(struct poster *poster);

/* One more header for all later posts (a credential; it is wiped from memory when replaced); NULL or "": none. 0 or -ENOMEM: the old one
 * stays. */
__attribute__((warn_unused_result)) int poster_set_header(struct poster *poster, const char *header);

/* Posts a copy of `body`. Ends the process when there is no memory for the few hundred bytes of its record: no state depends on a clean
 * end. */
void post_begin(struct poster *poster, const char *body, size_t size, int64_t deadline_ms, post_done done, void *user);

size_t poster_in_flight(const struct poster *poster); /* begun and not yet answered */

#endif
