/* The one adapter that knows Prima's wire: sends a request string, says what the answer proves.
 *
 * Invariants
 *   - A request that was begun is answered exactly once, by the callback, on the loop thread, never
 *     from inside prima_client_send.
 *   - A request is sent at most once, and not after its deadline (post.h); a connection that dies
 *     is `PRIMA_UNKNOWN`.
 *   - PRIMA_NOT_SENT is said only when not one byte of the request left (no connection, refused,
 *     TLS failed before the request).
 *   - What was an answer in words becomes a code here, by the pattern table; nothing beyond this
 *     folder reads Prima's words.
 *   - In a client that only reads (worker.shadow, or prima_client_only_reads) no write leaves,
 *     whatever is called: see guard.h.
 *   - Replies are parsed with entities, DTDs and network off, and capped at `reply_bytes_max`.
 * Loop thread only. */
#ifndef PRIMAFLOW_PRIMA_CLIENT_H
#define PRIMAFLOW_PRIMA_CLIENT_H

#include "config/config.h"
#include "prima/answer.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct prima_client;
struct prima_names;

/* The reply and all that it points to live until the callback returns. */
typedef void (*prima_done)(void *user, const struct prima_reply *reply);

/* `config` gives URL, TLS, authentication, names, patterns, deadlines (keys prima.*); it must
 * outlive the client. -EINVAL with the key, or the file and line, and the remedy in ret_message;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int prima_client_new(uv_loop_t *loop,
                                                         const struct config *config,
                                                         struct prima_client **ret_client,
                                                         struct config_message *ret_message);
/* Ends what is under way now; each request is answered as any other whose answer is lost
 * (PRIMA_UNKNOWN, PRIMA_NOT_SENT). */
void prima_client_abandon(struct prima_client *client);

/* Abandons what is under way (no callbacks any more) and frees once the loop has closed its
 * handles. Accepts NULL; may be called in a callback. */
void prima_client_free(struct prima_client *client);

/* From here on no write leaves this client; there is no way back. */
void prima_client_only_reads(struct prima_client *client);

/* Posts `request` (the inner document, ISO-8859-1) for `company` (NULL or "": none); both are
 * copied. Never fails: what cannot be begun is answered PRIMA_NOT_SENT. The deadline of the type
 * counts from here; no byte of the request leaves after it. At most prima.connections_max requests
 * are on the wire, the rest wait for a connection; the caller bounds how many it begins. */
void prima_client_send(struct prima_client *client, enum prima_type type, const char *company,
                       const char *request, size_t size, prima_done done, void *user);

/* The same for a stock read (PRIMA_STOCK_READ, or PRIMA_PRODUCT_READ of prima_request_stock_of): each
 * row is told to `seen` as it arrives, on the loop, before `done`; reply->product_count says how
 * many. Rows are void unless the fate is PRIMA_OK. */
void prima_client_read_stock(struct prima_client *client, enum prima_type type, const char *company,
                             const char *request, size_t size, prima_stock_seen seen,
                             prima_done done, void *user);

/* The names that requests to this Prima are written with (prima/request.h); they live as long as
 * the client. */
const struct prima_names *prima_client_names(const struct prima_client *client);

/* Milliseconds after which a request of this type is given up. */
int64_t prima_deadline_ms(const struct prima_client *client, enum prima_type type);

size_t prima_client_in_flight(const struct prima_client *client);

#endif
