/* Countries by name; see country.h. */
#include "base/country.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    char code[3];
    const char *name;
} countries[] = {
#define COUNTRY(code, name) {code, name},
#include "base/country.def"
#undef COUNTRY
};

/* Neither ASCII punctuation nor a space; bytes of other scripts count as they are. */
static bool country_counts(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0;
}

static const char *start_of(const char *name)
{
    while (*name != '\0' && !country_counts(*name))
        name++;
    return strncasecmp(name, "the ", 4) == 0 ? name + 4 : name;
}

static bool is_same(const char *a, const char *b)
{
    for (a = start_of(a), b = start_of(b);; a++, b++) {
        while (*a != '\0' && !country_counts(*a))
            a++;
        while (*b != '\0' && !country_counts(*b))
            b++;
        if (*a == '\0' || *b == '\0')
            return *a == *b;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
    }
}

const char *country_find(const char *name)
{
    if (*start_of(name) == '\0')
        return NULL;
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (is_same(name, countries[i].name) || strcasecmp(name, countries[i].code) == 0)
            return countries[i].code;
    return NULL;
}
