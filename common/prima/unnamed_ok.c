/* Learns what an OK without an order's number is worth; see unnamed_ok.h. */
#include "prima/unnamed_ok.h"

#include <stdio.h>
#include <string.h>

void unnamed_ok_init(struct unnamed_ok *u, enum unnamed_ok_policy policy)
{
    *u = (struct unnamed_ok){.policy = policy};
}

bool unnamed_ok_is_trusted(const struct unnamed_ok *u)
{
    if (u->policy != UNNAMED_OK_LEARNED)
        return u->policy == UNNAMED_OK_TRUSTED;
    return !u->is_distrusted && u->confirmed >= UNNAMED_OK_CONFIRMED_ENOUGH;
}

void unnamed_ok_named(struct unnamed_ok *u)
{
    u->is_distrusted = true;
}

void unnamed_ok_came(struct unnamed_ok *u, const char *order_number)
{
    (void)snprintf(u->open[u->next], sizeof *u->open, "%s", order_number);
    u->next = (u->next + 1) % UNNAMED_OK_OPEN_MAX;
}

void unnamed_ok_asked(struct unnamed_ok *u, const char *order_number, bool is_there)
{
    for (size_t i = 0; i < UNNAMED_OK_OPEN_MAX && order_number[0] != '\0'; i++) {
        if (strcmp(u->open[i], order_number) != 0)
            continue;
        u->open[i][0] = '\0';
        u->confirmed += is_there;
        u->is_distrusted |= !is_there;
    }
}
