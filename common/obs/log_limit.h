/* Lines of a kind that may come in floods: so many of each kind in a while, and how many were left
 * out. For what a library says by itself, again and again, while a service is away. Embedded,
 * zeroed at first; no lock and no clock of its own. */
#ifndef PRIMAFLOW_LOG_LIMIT_H
#define PRIMAFLOW_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_KINDS = 24, LOG_LIMIT_LINES = 5, LOG_LIMIT_MS = 30000 };

struct log_limit {
    struct log_limit_kind {
        char name[24];
        int64_t since_ms; /* monotonic: of its first line in this while */
        int64_t lines, left_out;
    } kinds[LOG_LIMIT_KINDS]; /* when they do not suffice, the last one is that of all others */
};

/* May a line of this kind be written now? Then *ret_left_out is how many of it were not, since the
 * last one that was. */
bool log_limit_allows(struct log_limit *limit, const char *kind, int64_t now_ms,
                      int64_t *ret_left_out);

#endif
