/* The texts that name a document; see key_parts.h. */
#include "domain/keys/key_parts.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

bool key_is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            return false;
    return *text != '\0';
}

bool key_is_too_long(const char *text)
{
    return strlen(text) > DOCUMENT_NUMBER_MAX;
}

const char *key_natural(struct arena *arena, const char *company, const char *type,
                        const char *channel, const char *store, const char *id)
{
    return TEXT_JOIN(arena, company, "/", type, "/", channel, "/", store, "/", id);
}

const char *key_of_topic(struct arena *arena, const char *company, const char *channel,
                         const char *store, const char *id)
{
    return TEXT_JOIN(arena, company, "/", channel, "/", store, "/", id);
}

int key_split(const char *key, struct arena *arena, char *ret_parts[], size_t count)
{
    char *rest = arena_text(arena, key, strlen(key));
    if (rest == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        ret_parts[i] = strsep(&rest, "/");
        if (ret_parts[i] == NULL || *ret_parts[i] == '\0')
            return -EINVAL;
    }
    return rest == NULL ? 0 : -EINVAL;
}
