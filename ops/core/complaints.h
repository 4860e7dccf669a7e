/* What is wrong with a file's lines: all are counted, the first COMPLAINTS_MAX are kept. A
 * complaint names path and reason, never a value. Embedded: zeros are an empty list. One thread. */
#ifndef PRIMAFLOW_OPS_COMPLAINTS_H
#define PRIMAFLOW_OPS_COMPLAINTS_H

#include <stddef.h>

enum { COMPLAINTS_MAX = 20, COMPLAINT_TEXT_MAX = 700 };

struct complaint {
    size_t line; /* of the file, from 1 */
    char text[COMPLAINT_TEXT_MAX];
};

struct complaints {
    size_t count; /* may be more than are kept */
    struct complaint first[COMPLAINTS_MAX];
};

__attribute__((format(printf, 3, 4))) void complaints_add(struct complaints *complaints,
                                                          size_t line, const char *format, ...);

static inline size_t complaints_kept(const struct complaints *complaints)
{
    return complaints->count < COMPLAINTS_MAX ? complaints->count : COMPLAINTS_MAX;
}

#endif
