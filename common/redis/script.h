/* Lua scripts that a folder embeds (embed.cmake): text for EVAL, SHA-1 for EVALSHA.
 *
 * The arguments of each end with two numbers that the connection adds: the command's own, and that
 * of the last one that was answered, with zeros before them, 300 years of ten thousand a second.
 * In builds with mutants, a line that ends in "--mutant NAME" is left out when that mutant is
 * chosen. Ready after redis_scripts_load; constant then: any thread. */
#ifndef PRIMAFLOW_REDIS_SCRIPT_H
#define PRIMAFLOW_REDIS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum { REDIS_SCRIPT_NUMBERS = 2, REDIS_SCRIPT_NUMBER_SIZE = 14 };

struct redis_script {
    const char *name, *source;
    bool is_counted; /* it would be missed: it gets a number of its own */
    /* Of a script that takes several calls at once: what of KEYS and ARGV goes once for all of
     * them, and comes first in each call. 0: it takes one call. */
    size_t shared_keys, shared_args;
    char *text, sha1[41]; /* 40 hex digits */
};

struct redis_scripts {
    struct redis_script *list;
    size_t count;
    const struct redis_scripts *next; /* another folder's; NULL: none */
};

void redis_scripts_load(const struct redis_scripts *scripts);    /* may be called again */
bool redis_script_takes_many(const struct redis_script *script); /* accepts NULL */

#endif
