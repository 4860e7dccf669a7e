/* From what came over HTTP to a reply: the envelope read, the document in it, the judgement.
 * Between the wire (post.h) and judge.h.
 *
 * An interpreter is used by one thread at a time. */
#ifndef PRIMAFLOW_PRIMA_INTERPRET_H
#define PRIMAFLOW_PRIMA_INTERPRET_H

#include "base/arena.h"
#include "prima/asked.h"
#include "prima/envelope.h"
#include "prima/judge.h"
#include "prima/unnamed_ok.h"

struct interpreter {
    const struct prima_names
        *names; /* the caller's, as are the patterns; both outlive the interpreter */
    const struct patterns *patterns;
    struct xml_reader *reader;
    struct envelope_reply
        answer; /* scratch: the text that came; the caller sets its cap and releases it */
    struct unnamed_ok unnamed_ok;
    enum not_accepted_503 policy;
    int64_t retry_after_max_ms;
};

/* The answer's meaning, its values in the arena. `arena` NULL (memory ran out): nothing that was
 * said in words is understood. `wall_ms`: now, for a Retry-After that is a date. */
struct prima_reply interpret(struct interpreter *interpreter, enum prima_type type,
                             const struct asked *asked, const struct post_result *came,
                             int64_t wall_ms, struct arena *arena);

/* ... of a stock read whose reply was read as it arrived: `stream` has heard all of it. */
struct reply_stream;
struct prima_reply interpret_stream(struct interpreter *interpreter, enum prima_type type,
                                    const struct asked *asked, const struct post_result *came,
                                    int64_t wall_ms, struct reply_stream *stream,
                                    struct arena *arena);

#endif
