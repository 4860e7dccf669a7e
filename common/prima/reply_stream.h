/* The reply to a stock read as its bytes arrive: the envelope is parsed, its text is parsed as the
 * inner document, and each row is told; nothing is collected.
 *
 * Invariants
 *   - Memory: two parsers (xml_push.h), one piece of text, what a reply has beside its rows, in the
 *     arena.
 *   - What was told is provisional until reply_stream_end gives 0 and the reply is judged
 *     (interpret.h): the status, the error text and the end of both documents may come behind it.
 * One thread at a time. */
#ifndef PRIMAFLOW_PRIMA_REPLY_STREAM_H
#define PRIMAFLOW_PRIMA_REPLY_STREAM_H

#include "base/arena.h"
#include "prima/answer.h"
#include "prima/names.h"
#include "prima/reply_values.h"

struct reply_stream;

/* `names`, `arena` and what `seen` is given outlive it; `fault_bytes_max` bounds a fault's text.
 * NULL: no memory. */
struct reply_stream *reply_stream_new(const struct prima_names *names, enum prima_type type,
                                      struct arena *arena, size_t fault_bytes_max,
                                      prima_stock_seen seen, void *user);
void reply_stream_free(struct reply_stream *stream); /* accepts NULL */

/* The next bytes of the HTTP body; charset: of its header, read at the first, NULL: none. 0; what
 * follows is told again by every further call. -EBADMSG: no such document; -ECANCELED: `seen` wants no more; -ENOMEM. */
__attribute__((warn_unused_result)) int reply_stream_feed(struct reply_stream *stream,
                                                          const char *charset, const char *bytes,
                                                          size_t size);
/* There are no more. 0: both documents were whole. */
__attribute__((warn_unused_result)) int reply_stream_end(struct reply_stream *stream);

/* After the end: what the reply says beside its rows, whose number is in product_count; NULL: it is
 * a SOAP fault, whose words are then in ret_fault (UTF-8, the stream's). */
const struct reply *reply_stream_reply(const struct reply_stream *stream, const char **ret_fault);

#endif
