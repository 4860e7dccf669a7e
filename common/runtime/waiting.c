/* The newest version that waits, key by key; see waiting.h. */
#include "runtime/waiting.h"

#include "base/digest.h"

#include <string.h>

static uint64_t digest_of(const char *natural)
{
    uint8_t hash[DIGEST_SIZE];
    uint64_t key = 0;
    digest_sha256(natural, strlen(natural), hash);
    for (size_t i = 0; i < sizeof key; i++)
        key = key << 8 | hash[i];
    return key == 0 ? 1 : key;
}

void waiting_note(struct waiting *waiting, const char *natural, int64_t version)
{
    const uint64_t key = digest_of(natural);
    struct waiting_place *place = &waiting->places[key % WAITING_PLACES];
    if (version == 0 || (place->key == key && place->version >= version))
        return;
    *place = (struct waiting_place){key, version};
    waiting->any = true;
}

bool waiting_has_newer(const struct waiting *waiting, const char *natural, int64_t version)
{
    if (!waiting->any)
        return false;
    const uint64_t key = digest_of(natural);
    const struct waiting_place *place = &waiting->places[key % WAITING_PLACES];
    return version != 0 && place->key == key && place->version > version;
}
