/* Lanes: records of one key run one after the other, in the order in which they came; different
 * keys side by side.
 *
 * A record enters its key's lane when it is fetched and leaves it when it has settled; whoever is
 * at a lane's head may run. Lanes exist only while they hold a record. Records are linked through a
 * member of their own (struct lane_item), so that lanes allocate nothing per record. Loop thread
 * only. */
#ifndef PRIMAFLOW_LANES_H
#define PRIMAFLOW_LANES_H

#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane;
struct lane_item {
    struct lane_item *next, *previous;
    struct lane *lane; /* NULL: in none */
    void *owner;
};

struct lanes {
    struct table table; /* of lanes */
    size_t items;
};

void lanes_init(struct lanes *lanes);
void lanes_release(struct lanes *lanes); /* must be empty */

/* Appends; true when the item is at the head, so that it may run. `key` is copied. */
bool lanes_enter(struct lanes *lanes, struct lane_item *item, const void *key, size_t size);

/* Takes the item out wherever it stands; returns the owner who has come to the head by that, or
 * NULL. */
void *lanes_leave(struct lanes *lanes, struct lane_item *item);

bool lanes_is_head(const struct lane_item *item);
size_t lanes_deepest(const struct lanes *lanes); /* items in the longest lane */

#endif
