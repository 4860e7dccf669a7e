/* One character at a time; see escape.h. */
#include "obs/escape.h"

#include <stdbool.h>
#include <stdint.h>

enum { NOT_UTF8 = -1 };

/* Decodes one character of at most 4 bytes; overlong forms, surrogates and what lies beyond
 * U+10FFFF are not UTF-8. */
static int32_t escape_decode(const unsigned char *p, size_t *ret_size)
{
    *ret_size = 1;
    if (p[0] < 0x80)
        return p[0];
    const size_t size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return NOT_UTF8;
    int32_t c = p[0] & (0xff >> (size + 1));
    for (size_t i = 1; i < size;
         i++) { /* the final NUL is no continuation byte, so this stays within the text */
        if ((p[i] & 0xc0) != 0x80)
            return NOT_UTF8;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return NOT_UTF8;
    *ret_size = size;
    return c;
}

static bool is_unsafe(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t escape_next(const char **text, char out[static ESCAPE_MAX])
{
    const unsigned char *p = (const unsigned char *)*text;
    if (*p == '\0')
        return 0;
    size_t size;
    const int32_t c = escape_decode(p, &size);
    *text += size;
    if (c == NOT_UTF8)
        return (size_t)snprintf(out, ESCAPE_MAX, "\xef\xbf\xbd");
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, ESCAPE_MAX, "\\%c", (char)c);
    if (c == '\n' || c == '\t' || c == '\r')
        return (size_t)snprintf(out, ESCAPE_MAX, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    if (is_unsafe(c))
        return (size_t)snprintf(out, ESCAPE_MAX, "\\u%04x", (unsigned)c);
    memcpy(out, p, size);
    out[size] = '\0';
    return size;
}
