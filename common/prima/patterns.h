/* What Prima's words mean: an ordered table of patterns, the file of prima.patterns first, then the
 * built-in rows (patterns.def).
 *
 * The file is a YAML list:
 *     - {for: OrderStatus, match: "^ORD-404\\b", means: absent}
 * `for` (optional) is a request, `match` a POSIX extended regular expression, case aside, found
 * anywhere in the text; `means` one of exists, absent, not_accepted, unclassified (undoes built-in
 * rows), or the name of a refusal (prima_unknown_product, prima_invalid, ...). Constant after
 * loading: one thread at a time (the C library's matcher may keep state). */
#ifndef PRIMAFLOW_PRIMA_PATTERNS_H
#define PRIMAFLOW_PRIMA_PATTERNS_H

#include "base/errors.h"
#include "config/config.h"
#include "prima/answer.h"

enum meaning {
    MEANING_NONE,
    MEANING_EXISTS,
    MEANING_ABSENT,
    MEANING_NOT_ACCEPTED,
    MEANING_REFUSED
};

struct patterns;

/* `path`: "" for the built-in rows alone. 0; -EINVAL with file, line, what is wrong and the remedy;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int patterns_load(const char *path,
                                                      struct patterns **ret_patterns,
                                                      struct config_message *ret_message);
void patterns_free(struct patterns *patterns); /* accepts NULL */

/* What `words` (UTF-8), answered to a request of this type, mean. ret_code: of MEANING_REFUSED,
 * else PF_OK. */
enum meaning patterns_find(const struct patterns *patterns, enum prima_type type, const char *words,
                           enum pf_error *ret_code);

#endif
