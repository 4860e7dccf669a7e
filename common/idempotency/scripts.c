/* The scripts of the keys; see scripts.h. */
#include "idempotency/scripts.h"

#include "scripts.inc"

enum {
    MANY_KEYS = SCRIPT_SHARED_KEYS,
    MANY_ARGS = SCRIPT_SHARED_ARGS,
    ONE_KEYS = 0,
    ONE_ARGS = 0,
    COUNTED = 1,
    FREE = 0
};

static struct redis_script list[SCRIPT_COUNT] = {
#define SCRIPT(id, file, parts, calls, counted)                                                    \
    [SCRIPT_##id] = {#file, script_##file, counted, calls##_KEYS, calls##_ARGS, NULL, ""},
#include "idempotency/scripts.def"
#undef SCRIPT
};

const struct redis_scripts *scripts_all(void)
{
    static const struct redis_scripts scripts = {list, SCRIPT_COUNT, NULL};
    redis_scripts_load(&scripts);
    return &scripts;
}

const struct redis_script *script_of(enum script script)
{
    return &scripts_all()->list[script];
}
