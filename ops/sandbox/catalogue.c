/* The catalogue in memory; see catalogue.h. */
#include "catalogue.h"

#include "base/table.h"

struct catalogue {
    struct product *products;
    size_t count, room;
    struct table by_code; /* and matrix codes */
    char depots[CATALOGUE_DEPOTS_MAX][CATALOGUE_DEPOT_CODE_MAX];
    size_t depot_count;
};

struct product_key {
    const char *code;
    const char *const *matrix;
};

/* Each code with its NUL, so that no two products have the same bytes. */
static uint64_t hash_of(const char *code, const char *const matrix[static 4])
{
    uint64_t hash = table_hash(TABLE_HASH_BEGIN, code, strlen(code) + 1);
    for (int i = 0; i < 4; i++)
        hash = table_hash(hash, matrix[i], strlen(matrix[i]) + 1);
    return hash;
}

static bool is_product(const void *item, const void *key)
{
    const struct product *p = item;
    const struct product_key *wanted = key;
    bool same = strcmp(p->code, wanted->code) == 0;
    for (int i = 0; i < 4 && same; i++)
        same = strcmp(p->matrix[i], wanted->matrix[i]) == 0;
    return same;
}

static struct product *sandbox_catalogue_find(const struct catalogue *c, const char *code,
                                              const char *const matrix[static 4])
{
    const struct product_key key = {code, matrix};
    return table_find(&c->by_code, hash_of(code, matrix), is_product, &key);
}

struct product *catalogue_find(const struct catalogue *c, const char *code,
                               const char *const matrix[static 4])
{
    struct product *p = sandbox_catalogue_find(c, code, matrix);
    return p != NULL && !p->is_gone ? p : NULL;
}

bool catalogue_set_gone(struct catalogue *c, const char *code, const char *const matrix[static 4],
                        bool is_gone)
{
    struct product *p = sandbox_catalogue_find(c, code, matrix);
    if (p != NULL)
        p->is_gone = is_gone;
    return p != NULL;
}

static bool load_products(struct catalogue *c, struct db *db)
{
    db_query(db, DB_PRODUCT_ALL, "");
    while (db_next(db, DB_PRODUCT_ALL)) {
        if (c->count == c->room) {
            struct product *more =
                realloc(c->products, (c->room = c->room * 2 + 1024) * sizeof *more);
            if (more == NULL) {
                db_end(db, DB_PRODUCT_ALL);
                return false;
            }
            c->products = more;
        }
        struct product *p = &c->products[c->count++];
        *p = (struct product){.id = db_int(db, DB_PRODUCT_ALL, 0),
                              .code = strdup(db_text(db, DB_PRODUCT_ALL, 1))};
        bool complete = p->code != NULL;
        for (int i = 0; i < 4; i++)
            complete =
                (p->matrix[i] = strdup(db_text(db, DB_PRODUCT_ALL, 2 + i))) != NULL && complete;
        if (!complete) {
            db_end(db, DB_PRODUCT_ALL);
            return false;
        }
    }
    return true;
}

static bool load_depots(struct catalogue *c, struct db *db)
{
    bool fits = true;
    db_query(db, DB_DEPOT_ALL, "");
    while (db_next(db, DB_DEPOT_ALL)) {
        const char *code = db_text(db, DB_DEPOT_ALL, 0);
        fits = fits && c->depot_count < CATALOGUE_DEPOTS_MAX &&
               strlen(code) < CATALOGUE_DEPOT_CODE_MAX;
        if (fits)
            (void)snprintf(c->depots[c->depot_count++], CATALOGUE_DEPOT_CODE_MAX, "%s", code);
    }
    return fits;
}

static bool index_products(struct catalogue *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct product *p = &c->products[i];
        if (table_add(&c->by_code, hash_of(p->code, p->matrix), p) < 0)
            return false;
    }
    return true;
}

static int compare_id(const void *id, const void *product)
{
    const int64_t a = *(const int64_t *)id, b = ((const struct product *)product)->id;
    return (a > b) - (a < b);
}

void catalogue_recount(struct catalogue *c, struct db *db)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t depot = 0; depot < CATALOGUE_DEPOTS_MAX; depot++)
            c->products[i].on_hand[depot] = c->products[i].reserved[depot] = 0;
    if (c->count == 0)
        return; /* no table to search */
    db_query(db, DB_STOCK_ALL, "");
    while (db_next(db, DB_STOCK_ALL)) {
        const int64_t id = db_int(db, DB_STOCK_ALL, 0);
        struct product *p = bsearch(&id, c->products, c->count, sizeof *p, compare_id);
        const int depot = catalogue_depot(c, db_text(db, DB_STOCK_ALL, 1));
        if (p == NULL || depot < 0)
            continue;
        p->on_hand[depot] = db_int(db, DB_STOCK_ALL, 2);
        p->reserved[depot] = p->on_hand[depot] - db_int(db, DB_STOCK_ALL, 3);
    }
}

struct catalogue *catalogue_new(struct db *db)
{
    struct catalogue *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    if (!load_products(c, db) || !load_depots(c, db) || !index_products(c)) {
        catalogue_free(c);
        return NULL;
    }
    catalogue_recount(c, db);
    return c;
}

void catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free((void *)c->products[i].code);
        for (int m = 0; m < 4; m++)
            free((void *)c->products[i].matrix[m]);
    }
    free(c->products);
    table_release(&c->by_code);
    free(c);
}

size_t catalogue_count(const struct catalogue *c)
{
    return c->count;
}

struct product *catalogue_at(const struct catalogue *c, size_t index)
{
    return &c->products[index];
}

int catalogue_depot(const struct catalogue *c, const char *code)
{
    if (code[0] == '\0')
        return 0;
    for (size_t i = 0; i < c->depot_count; i++)
        if (strcmp(c->depots[i], code) == 0)
            return (int)i;
    return -1;
}

size_t catalogue_depot_count(const struct catalogue *c)
{
    return c->depot_count;
}

const char *catalogue_depot_code(const struct catalogue *c, size_t depot)
{
    return c->depots[depot];
}
