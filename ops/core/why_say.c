/* Saying a step; see why_next.h. Pure. */
#include "core/why_next.h"

#include <stdarg.h>
#include <stdio.h>

void next_say(struct next *next, const char *format, ...)
{
    va_list args;
    if (next->count == WHY_NEXT_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(next->texts[next->count++], sizeof next->texts[0], format, args);
    va_end(args);
}

void next_say_code(struct next *next, enum pf_error code)
{
    const struct pf_error_info *info = pf_error_info(code);
    if (code != PF_OK)
        next_say(next, "%s (%s): %s %s", info->name, pf_owner_name(info->owner), info->meaning,
                 info->next_step);
}
