/* The posting world (test_posting_world.h) with its facts: products and customers, whose calls to Redis
 * and questions to Prima are answered by the script, too. A record needs what the test says, and is
 * decided once all of it is found out: "decided:" and a letter for each, k(nown), a(bsent),
 * 2 (ambiguous), u(ncertain), behind a customer's with its account. */
#ifndef PRIMAFLOW_TEST_FACTS_WORLD_H
#define PRIMAFLOW_TEST_FACTS_WORLD_H

#include "test_posting_world.h"

#include "facts/accounts.h"
#include "facts/catalogue.h"
#include "facts/customers.h"
#include "facts/products.h"

enum { NEEDS_MAX = 8 };

struct facts_way {
    const char *name;
    struct fact needs[NEEDS_MAX]; /* as the flow names them */
    const char *script, *trace;
    bool distrusts;                  /* Prima refused an order for one of its products */
    const char *knows;               /* products that the process knows: "PA PB" */
    bool shadow, deaf, is_not_whole; /* ...; Redis was lost since the first start */
    const char *drops_after; /* its partition goes once the trace ends so; NULL: it does not */
};
void facts_walk(const struct facts_way *way);

#define FACTS_WALK(ways)                                                                           \
    for (size_t i = 0; i < sizeof(ways) / sizeof *(ways); i++)                                     \
    facts_walk(&(ways)[i])

/* A second record of the same lane's neighbour, with the same needs; steps until nothing happens. */
struct record *facts_world_begin(const struct facts_way *way); /* a world, and its first record */
void facts_go(struct record *r); /* until it is decided, or the script ends */
void facts_end(void);

#endif
