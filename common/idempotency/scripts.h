/* The scripts of the keys, by name; scripts.def. Any thread. */
#ifndef PRIMAFLOW_SCRIPTS_H
#define PRIMAFLOW_SCRIPTS_H

#include "redis/script.h"

/* What every script but `slot`, `lock`, `mark` and `show` begins with (scripts/common.lua): marker and
 * epoch; marker, fence, slot, epoch, TTL. */
enum { SCRIPT_SHARED_KEYS = 2, SCRIPT_SHARED_ARGS = 5 };

enum script {
#define SCRIPT(id, file, parts, calls, counted) SCRIPT_##id,
#include "idempotency/scripts.def"
#undef SCRIPT
    SCRIPT_COUNT
};

const struct redis_scripts *scripts_all(void); /* loaded */
const struct redis_script *script_of(enum script script);

#endif
