/* Products that Prima is known to have, in this process: the first level of the catalogue, whose
 * second is shared in Redis (products.c). A bounded set with ages, by hash of company and SKU (128
 * bits: never two alike). Absence is never kept. Loop thread only. */
#ifndef PRIMAFLOW_CATALOGUE_H
#define PRIMAFLOW_CATALOGUE_H

#include "facts/fact_calls.h"
#include "prima/request.h"

#include <stdbool.h>
#include <stdint.h>

/* Grows with what it knows, to 2 MB; then a full bucket forgets the oldest, which Redis still
 * knows. */
enum { CATALOGUE_SLOTS_MIN = 1 << 10, CATALOGUE_SLOTS_MAX = 1 << 16 };

struct catalogue;

/* What stands for a product: the first bytes are its tag in Redis, the rest chooses its bucket
 * here. */
struct product_tag {
    uint8_t bytes[PRODUCT_TAG_SIZE];
    uint16_t bucket;
};
struct product_tag catalogue_tag(const char *company, const struct prima_sku *sku);

struct catalogue *catalogue_new(int64_t max_age_ms);
void catalogue_free(struct catalogue *c); /* accepts NULL */
bool catalogue_has(const struct catalogue *c, const struct product_tag *tag, int64_t now_ms);
/* heard_ms: when Prima was asked, so that an age told by Redis goes on here and does not begin
 * anew. */
void catalogue_forget(struct catalogue *c,
                      const struct product_tag *tag); /* Prima, asked now, lacks it */
void catalogue_add(struct catalogue *c, const struct product_tag *tag, int64_t heard_ms);

#endif
