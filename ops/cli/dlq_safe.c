/* Texts from outside, for a terminal; see dlq_safe.h. */
#include "dlq_safe.h"

#include <stddef.h>

const char *dlq_safe(const char *from, char text[static SAFE_TEXT_MAX])
{
    size_t i = 0;
    for (; from[i] != '\0' && i + 1 < SAFE_TEXT_MAX; i++)
        text[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    text[i] = '\0';
    return text;
}
