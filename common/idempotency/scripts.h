/* The Lua scripts by name: text (for EVAL) and SHA-1 (for EVALSHA). In builds with mutants, a line that ends in "--mutant NAME" is left out
 * when that mutant is chosen. Ready after scripts_load; constant then: any thread. */
#ifndef PRIMAFLOW_SCRIPTS_H
#define PRIMAFLOW_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

/* What every script but `slot` begins with (scripts/common.lua): marker and epoch; marker, fence, slot, epoch, TTL. */
enum { SCRIPT_SHARED_KEYS = 2, SCRIPT_SHARED_ARGS = 5 };

enum script {
    SCRIPT_CLAIM,
    SCRIPT_SENT,
    SCRIPT_ANSWERED,
    SCRIPT_FINISH,
    SCRIPT_REFUSE,
    SCRIPT_ABSENT,
    SCRIPT_PARK,
    SCRIPT_RENEW,
    SCRIPT_RELEASE,
    SCRIPT_CANCEL,
    SCRIPT_DEFER,
    SCRIPT_PERMIT,
    SCRIPT_PAUSE,
    SCRIPT_RESTORE,
    SCRIPT_SLOT,
    SCRIPT_CUSTOMER,
    SCRIPT_KNOWN,
    SCRIPT_HEARD,
    SCRIPT_COUNT
};

void scripts_load(void); /* once, before the others */
const char *script_name(enum script script);
const char *script_text(enum script script);
const char *script_sha1(enum script script); /* 40 hex digits */
bool script_takes_many(enum script script);  /* several calls in one: scripts/many.lua */

#endif
