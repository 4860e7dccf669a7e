/* So many lines of a kind in a while; see log_limit.h. */
#include "obs/log_limit.h"

#include <stdio.h>
#include <string.h>

static struct log_limit_kind *log_limit_find(struct log_limit *limit, const char *name)
{
    size_t i = 0;
    for (; i < LOG_LIMIT_KINDS - 1 && limit->kinds[i].lines > 0; i++)
        if (strncmp(limit->kinds[i].name, name, sizeof limit->kinds[i].name - 1) == 0)
            break;
    if (limit->kinds[i].lines == 0)
        (void)snprintf(limit->kinds[i].name, sizeof limit->kinds[i].name, "%s", name);
    return &limit->kinds[i];
}

bool log_limit_allows(struct log_limit *limit, const char *kind, int64_t now_ms,
                      int64_t *ret_left_out)
{
    struct log_limit_kind *k = log_limit_find(limit, kind);
    if (k->lines == 0 || now_ms - k->since_ms >= LOG_LIMIT_MS) {
        k->since_ms = now_ms;
        k->lines = 0;
    }
    if (k->lines++ >= LOG_LIMIT_LINES) {
        k->left_out++;
        return false;
    }
    *ret_left_out = k->left_out;
    k->left_out = 0;
    return true;
}
