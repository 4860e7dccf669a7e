/* The seal of an edited event's summary; see overlay_seal.h. */
#include "flow/overlay_seal.h"

#include "base/digest.h"

#include <string.h>

static const char mark[4] = {'E', 'D', 'T', '1'};

void overlay_seal(const uint8_t digest[static OVERLAY_DIGEST_SIZE],
                  char ret_seal[static OVERLAY_SEAL_SIZE])
{
    memcpy(ret_seal, mark, sizeof mark);
    memcpy(ret_seal + sizeof mark, digest, OVERLAY_DIGEST_SIZE);
}

size_t overlay_seal_open(const char *summary, size_t size, char *ret_digest)
{
    if (ret_digest != NULL)
        ret_digest[0] = '\0';
    if (size < OVERLAY_SEAL_SIZE ||
        memcmp(summary + size - OVERLAY_SEAL_SIZE, mark, sizeof mark) != 0)
        return size;
    if (ret_digest != NULL)
        (void)digest_hex(summary + size - OVERLAY_DIGEST_SIZE, OVERLAY_DIGEST_SIZE, ret_digest);
    return size - OVERLAY_SEAL_SIZE;
}
