/* Accounts that customers are known to have, in this process: what Redis answered once need not be
 * asked again, for an account stays a customer's for good (scripts/customer.lua) and a process that
 * sees Redis lost starts over. Holds digests, no addresses. Bounded: a place taken twice forgets
 * the older one, which Redis still knows. Loop thread only. */
#ifndef PRIMAFLOW_ACCOUNTS_H
#define PRIMAFLOW_ACCOUNTS_H

#include <stdint.h>

enum {
    ACCOUNTS_PLACES = 1 << 13,
    ACCOUNT_CODE_MAX = 40,
    ACCOUNT_TAG_SIZE = 16
}; /* 0.5 MB when full */

struct accounts;

struct account_tag { /* of a customer as an order names them */
    uint8_t bytes[ACCOUNT_TAG_SIZE];
    uint16_t place;
};
struct account_tag accounts_tag(const char *company, const char *channel_customer,
                                const char *email);

struct accounts *accounts_new(void);
void accounts_free(struct accounts *a); /* accepts NULL */
const char *accounts_find(const struct accounts *a,
                          const struct account_tag *tag); /* NULL: not known here */
void accounts_add(struct accounts *a, const struct account_tag *tag,
                  const char *account_code); /* longer ones are not kept */

#endif
