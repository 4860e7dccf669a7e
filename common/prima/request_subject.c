/* Reading back what we wrote; see request_subject.h. */
#include "prima/request_subject.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    char character;
} entities[] = {{"amp;", '&'},   {"lt;", '<'},  {"gt;", '>'},   {"quot;", '"'},
                {"apos;", '\''}, {"#9;", '\t'}, {"#10;", '\n'}, {"#13;", '\r'}};

/* The character that a reference stands for, behind its '&'; 0: unknown. *at moves behind it. */
static unsigned char read_entity(const char **at, const char *end)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        const size_t size = strlen(entities[i].text);
        if ((size_t)(end - *at) >= size && memcmp(*at, entities[i].text, size) == 0) {
            *at += size;
            return (unsigned char)entities[i].character;
        }
    }
    return 0;
}

/* An attribute's value, from Latin-1. Left empty when it is longer than `room` or has something
 * strange in it. */
static void request_subject_decode(const char *at, const char *end, char *out, size_t room)
{
    size_t size = 0;
    while (at < end) {
        unsigned char c = (unsigned char)*at++;
        if (c == '&' && (c = read_entity(&at, end)) == 0)
            break;
        if (size + 3 > room)
            break;
        if (c >= 0x80)
            out[size++] = (char)(0xC0 | c >> 6);
        out[size++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
        if (at == end) {
            out[size] = '\0';
            return;
        }
    }
    out[0] = '\0';
}

void request_subject(const char *request, size_t size, const char *name, char *out, size_t room)
{
    char opening[128];
    const int length = snprintf(opening, sizeof opening, " %.100s=\"", name);
    const char *found = memmem(request, size, opening, (size_t)length);
    const char *begin = found != NULL ? found + length : NULL;
    const char *end = begin != NULL ? memchr(begin, '"', size - (size_t)(begin - request)) : NULL;
    if (end != NULL)
        request_subject_decode(begin, end, out, room);
}
