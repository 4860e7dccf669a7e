/* The digest of an event's money; see flow.h. */
#include "flow/flow.h"

#include <endian.h>
#include <string.h>

#include "base/digest.h"

void flow_money_digest(const struct flow_money *money, uint8_t ret_digest[static FLOW_MONEY_SIZE])
{
    const int64_t amounts[] = {money->captured_minor, money->authorized_minor, money->pending_minor,
                               money->outstanding_minor, money->is_void};
    uint64_t bytes[sizeof amounts / sizeof *amounts];
    uint8_t digest[32];
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        bytes[i] = htobe64((uint64_t)amounts[i]);
    digest_sha256(bytes, sizeof bytes, digest);
    ret_digest[0] = 1;
    memcpy(ret_digest + 1, digest, FLOW_MONEY_SIZE - 1);
}
