/* See text.h. */
#include "text.h"

#include <stdbool.h>

size_t text_utf8_size(const char *text, const char *text_end)
{
    const unsigned char *p = (const unsigned char *)text, *end = (const unsigned char *)text_end;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return end - p >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (p[0] < 0xE0 || p[0] > 0xEF || end - p < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
        return 0;
    const bool overlong = p[0] == 0xE0 && p[1] < 0xA0, surrogate = p[0] == 0xED && p[1] > 0x9F,
               last = p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xB0;
    return overlong || surrogate || last ? 0 : 3;
}

/* "&#233;": the size of the decimal reference at p, and its character in UTF-8; 0 for what is left
 * to libxml2. */
static size_t reference_read(const char *p, const char *end, char **text)
{
    unsigned c = 0;
    const char *q = p + 2;
    if (end - p < 4 || p[1] != '#')
        return 0;
    for (; q < end && *q >= '0' && *q <= '9' && c < 0xD800; q++)
        c = c * 10 + (unsigned)(*q - '0');
    if (q == p + 2 || q == end || *q != ';' || c >= 0xD800 ||
        (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
        return 0;
    if (c < 0x80) {
        *(*text)++ = (char)c;
    } else {
        if (c < 0x800) {
            *(*text)++ = (char)(0xC0 | c >> 6);
        } else {
            *(*text)++ = (char)(0xE0 | c >> 12);
            *(*text)++ = (char)(0x80 | (c >> 6 & 0x3F));
        }
        *(*text)++ = (char)(0x80 | (c & 0x3F));
    }
    return (size_t)(q + 1 - p);
}

size_t text_entity_read(const char *p, const char *end, char **text)
{
    static const struct {
        const char *name;
        size_t size;
        char character;
    } entities[] = {{"&lt;", 4, '<'},
                    {"&gt;", 4, '>'},
                    {"&quot;", 6, '"'},
                    {"&amp;", 5, '&'},
                    {"&apos;", 6, '\''}};
    for (size_t i = 0; i < 5; i++)
        if ((size_t)(end - p) >= entities[i].size &&
            memcmp(p, entities[i].name, entities[i].size) == 0) {
            *(*text)++ = entities[i].character;
            return entities[i].size;
        }
    return reference_read(p, end, text);
}

void text_escape(struct buf *out, const char *text, size_t size)
{
    const char *end = text + size;
    for (const char *p = text; p < end; p++) {
        const char *run = p;
        while (p < end && *p != '&' && *p != '<' && *p != '>' && *p != '"' &&
               (unsigned char)*p >= 0x20)
            p++;
        buf_append(out, run, (size_t)(p - run));
        if (p == end)
            break;
        switch (*p) {
        case '&':
            buf_text(out, "&amp;");
            break;
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r':
            buf_printf(out, "&#%d;", *p);
            break;
        default:
            buf_byte(out, '?');
        }
    }
}
