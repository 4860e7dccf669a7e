/* The guard of a client that only reads; see guard.h. An allow-list: what is not known to be a read
 * is a write. */
#include "prima/guard.h"

#include "prima/request.h"
#include "prima/requests.h"

static bool is_name_of_write(const struct prima_names *names, const char *name)
{
    for (enum prima_type type = 0; type < PRIMA_TYPE_COUNT; type++) {
        const struct request_row *row = request_row(type);
        if (!row->is_write)
            continue;
        if (strcmp(name, row->name) == 0 || strcmp(name, request_wire_name(type, names)) == 0)
            return true;
        for (size_t i = 0; i < REQUEST_KNOWN_AS_MAX && row->known_as[i] != NULL; i++)
            if (strcmp(name, row->known_as[i]) == 0)
                return true;
    }
    return false;
}

bool guard_only_reads(const struct prima_names *names, enum prima_type type, const char *request,
                      size_t size)
{
    char opening[256];
    if ((unsigned)type >= PRIMA_TYPE_COUNT || request_row(type)->is_write)
        return false;
    const char *name = request_wire_name(type, names);
    if (is_name_of_write(names, name))
        return false;
    const int length = snprintf(opening, sizeof opening, PRIMA_REQUEST_OPENING "%s\">", name);
    return length > 0 && (size_t)length < sizeof opening && (size_t)length <= size &&
           memcmp(request, opening, (size_t)length) == 0;
}
