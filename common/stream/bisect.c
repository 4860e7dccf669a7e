/* Halving and doubling; see bisect.h. */
#include "stream/bisect.h"

size_t bisect_most(const struct bisect *b, size_t all)
{
    return b->most == 0 || b->most > all ? all : b->most;
}

bool bisect_refused(struct bisect *b, size_t taken, bool for_certain)
{
    b->refused++;
    if (!for_certain && b->refused < BISECT_PATIENCE)
        return false;
    if (taken > 1)
        b->most = taken / 2;
    return taken <= 1;
}

void bisect_committed(struct bisect *b, size_t all)
{
    b->refused = 0;
    if (b->most != 0)
        b->most = b->most * 2 < all ? b->most * 2 : 0;
}
