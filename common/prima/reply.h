/* Prima's inner reply document as values: what it says, not yet what that proves (judge.h).
 *
 * All text is UTF-8 in the arena that reply_read was given. */
#ifndef PRIMAFLOW_PRIMA_REPLY_H
#define PRIMAFLOW_PRIMA_REPLY_H

#include "base/arena.h"
#include "prima/answer.h"
#include "prima/names.h"
#include "prima/reply_values.h"
#include "prima/xml.h"

/* `text` is the envelope's text. 0; -EBADMSG: not well-formed, or more than 100,000 rows; -ENOMEM:
 * the arena is full. */
__attribute__((warn_unused_result)) int reply_read(struct xml_reader *reader,
                                                   const struct prima_names *names,
                                                   enum prima_type type, const char *text,
                                                   size_t size, struct arena *arena,
                                                   struct reply *ret_reply);

#endif
