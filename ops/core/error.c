/* What went wrong, in words; see error.h. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

enum ops_kind ops_fail(struct ops_error *ret_error, enum ops_kind kind, const char *remedy,
                       const char *format, ...)
{
    va_list args;
    ret_error->kind = kind;
    va_start(args, format);
    (void)vsnprintf(ret_error->text, sizeof ret_error->text, format, args);
    va_end(args);
    (void)snprintf(ret_error->remedy, sizeof ret_error->remedy, "%s", remedy != NULL ? remedy : "");
    return kind;
}

enum ops_kind ops_fail_memory(struct ops_error *ret_error)
{
    return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory");
}
