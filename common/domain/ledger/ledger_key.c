/* Message keys of the ledger; see ledger_key.h. */
#include "domain/ledger/ledger_key.h"

#include "base/text.h"

#include <string.h>

enum { ORDER_PARTS = 4 };

size_t ledger_key_order(const char *key, size_t size)
{
    size_t parts = 1, begin = 0, at = 0;
    for (; at < size; at++) {
        if (key[at] != '/')
            continue;
        if (at == begin)
            return 0;
        if (parts == ORDER_PARTS)
            break;
        parts++;
        begin = at + 1;
    }
    const bool is_last = at == size || memchr(key + at + 1, '/', size - at - 1) == NULL;
    return parts == ORDER_PARTS && at > begin && is_last ? at : 0;
}

bool ledger_key_is_entry(const char *key, size_t size)
{
    return size > 0 && ledger_key_order(key, size) == size;
}

const char *ledger_key_credit(struct arena *arena, const char *order, const char *refund_id)
{
    return TEXT_JOIN(arena, order, "/", refund_id);
}
