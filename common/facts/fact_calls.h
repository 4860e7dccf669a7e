/* What the fleet knows of customers and products, in Redis, as calls: one for each script of this
 * folder, as idempotency/keys.h has them for keys, with the same questions asked first (marker,
 * slot, fence). The verdicts of their answers are keys_verdict's. Loop thread only. */
#ifndef PRIMAFLOW_FACT_CALLS_H
#define PRIMAFLOW_FACT_CALLS_H

#include "idempotency/keys.h"

/* The scripts of keys and of facts; loaded. */
const struct redis_scripts *fact_scripts(void);

/* A customer's account (scripts/customer.lua). `mail` is HMAC(e-mail, company) in hex or "",
 * `channel` company/channel/customer-id or "". */
enum customer_step {
    CUSTOMER_CLAIM,
    CUSTOMER_SENT,
    CUSTOMER_ANSWERED,
    CUSTOMER_KNOWN,
    CUSTOMER_RELEASE,
    CUSTOMER_ENDED
};
void fact_calls_customer(struct keyspace *ks, enum customer_step step, const char *mail,
                         const char *channel, const uint8_t token[static TOKEN_SIZE],
                         int64_t lease_ms, int64_t window_ms, const char *account, redis_done done,
                         void *user);

/* Products that Prima is known to have, shared by the fleet (known.lua, heard.lua). A tag,
 * PRODUCT_TAG_SIZE bytes, stands for a product of a company; tags are joined. `since_ms` and
 * `asked_ms` are Redis' clock, out of an earlier reply:
 *   KNOWN       [1] now [2] for each tag, in order and blank between, its age in ms, or
 *               -1 ask Prima, -2 somebody asks, -3 Prima lacks it, asked after since_ms */
enum { PRODUCT_TAG_SIZE = 16 };
void fact_calls_known(struct keyspace *ks, const char *company,
                      const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                      int64_t since_ms, int64_t max_age_ms, int64_t question_ms, redis_done done,
                      void *user);
void fact_calls_heard(struct keyspace *ks, const char *company, int64_t asked_ms,
                      struct redis_bytes has, struct redis_bytes lacks, int64_t room,
                      int64_t max_age_ms, redis_done done, void *user);

/* ---- answers ---- */

struct redis_bytes fact_calls_account(const struct redis_reply *reply); /* KNOWN, of a customer */
struct customer_creation { /* UNSURE: a creation has no answer */
    int64_t absence_wait_ms, since_ms;
    struct redis_bytes senders;
    int64_t sends; /* so far */
};
struct customer_creation fact_calls_creation(const struct redis_reply *reply);

struct known_products {      /* KNOWN, of products */
    int64_t now_ms;          /* Redis' clock */
    struct redis_bytes ages; /* of each tag, in order and blank between: fact_calls_known */
};
struct known_products fact_calls_products(const struct redis_reply *reply);

#endif
