/* Complaints about a file; see complaints.h. */
#include "core/complaints.h"

#include <stdarg.h>
#include <stdio.h>

void complaints_add(struct complaints *complaints, size_t line, const char *format, ...)
{
    if (complaints->count++ >= COMPLAINTS_MAX)
        return;
    struct complaint *c = &complaints->first[complaints->count - 1];
    va_list args;
    c->line = line;
    va_start(args, format);
    (void)vsnprintf(c->text, sizeof c->text, format, args);
    va_end(args);
}
