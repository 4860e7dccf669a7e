/* Faults with the path to where they are; see fault.h. */
#include "codec/fault.h"

#include "base/buf.h"

enum { SHOWN_MAX = 16 }; /* steps of a path that are worth reading */

void fault_fill(struct codec_fault *ret_fault, enum pf_error code, const struct path *path,
                const char *why)
{
    const struct path *steps[SHOWN_MAX];
    size_t count = 0;
    for (const struct path *p = path; p != NULL && count < SHOWN_MAX; p = p->up)
        steps[count++] = p;

    struct buf text;
    buf_init(&text, 4096);
    while (count > 0) {
        const struct path *step = steps[--count];
        if (step->name != NULL)
            buf_printf(&text, "%s%s", text.size > 0 ? "." : "", step->name);
        else
            buf_printf(&text, "[%zu]", step->index);
    }
    ret_fault->code = code;
    (void)snprintf(ret_fault->message, sizeof ret_fault->message, "%.120s%s%s", text.data,
                   text.size > 0 ? ": " : "", why);
    buf_release(&text);
}
