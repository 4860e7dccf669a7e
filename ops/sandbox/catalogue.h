/* Products, depots and what is on hand of them: read from the ledger at start, kept in memory for a
 * look-up per order line.
 *
 * Invariants: the ledger's tables products, depots and stock are the truth of which this is a copy;
 * reserved counts the pieces in open orders. A product's pointer lasts until the catalogue is
 * freed. One thread. */
#ifndef SANDBOX_CATALOGUE_H
#define SANDBOX_CATALOGUE_H

#include "db.h"

#include <stdbool.h>

enum { CATALOGUE_DEPOTS_MAX = 16, CATALOGUE_DEPOT_CODE_MAX = 24 };

struct product {
    int64_t id;
    const char *code, *matrix[4]; /* "" where absent */
    int64_t on_hand[CATALOGUE_DEPOTS_MAX], reserved[CATALOGUE_DEPOTS_MAX];
    /* deleted in Prima: until the program ends or is reset, the ledger keeps it for the orders that
     * have it */
    bool is_gone;
};

struct catalogue;

/* Fills an empty ledger: from a JSON file, or with the default catalogue when `path` is NULL. A
 * ledger that has products is left alone. -EINVAL: the file is not what README.md describes,
 * ret_message says where; -EIO: not to be read. */
__attribute__((warn_unused_result)) int catalogue_seed(struct db *db, const char *path,
                                                       char ret_message[static 200]);

struct catalogue *catalogue_new(
    struct db *db); /* NULL: no memory, or more than CATALOGUE_DEPOTS_MAX depots */
void catalogue_free(struct catalogue *c);                   /* accepts NULL */
void catalogue_recount(struct catalogue *c, struct db *db); /* reads on_hand and reserved anew */

struct product *catalogue_find(const struct catalogue *c, const char *code,
                               const char *const matrix[static 4]); /* NULL: unknown, or gone */
bool catalogue_set_gone(struct catalogue *c, const char *code, const char *const matrix[static 4],
                        bool is_gone); /* false: unknown */
size_t catalogue_count(const struct catalogue *c);
struct product *catalogue_at(const struct catalogue *c,
                             size_t index); /* in the order of their ids */

int catalogue_depot(const struct catalogue *c,
                    const char *code); /* its index, -1: unknown. "" is the first depot */
size_t catalogue_depot_count(const struct catalogue *c);
const char *catalogue_depot_code(const struct catalogue *c, size_t depot);

#endif
