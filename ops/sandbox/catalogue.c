/* The catalogue in memory; see catalogue.h. */
#include "catalogue.h"

struct catalogue {
    struct product *products;
    size_t count, room;
    uint32_t *slots; /* index + 1; 0: free. Twice as many as products, a power of two */
    size_t slot_mask;
    char depots[CATALOGUE_DEPOTS_MAX][CATALOGUE_DEPOT_CODE_MAX];
    size_t depot_count;
};

static uint64_t hash_text(uint64_t h, const char *text) /* FNV-1a, with the NUL as a separator */
{
    do
        h = (h ^ (unsigned char)*text) * 0x100000001B3u;
    while (*text++ != '\0');
    return h;
}

static size_t slot_of(const struct catalogue *c, const char *code, const char *const matrix[static 4])
{
    uint64_t h = hash_text(0xCBF29CE484222325u, code);
    for (int i = 0; i < 4; i++)
        h = hash_text(h, matrix[i]);
    return (size_t)(h ^ h >> 32) & c->slot_mask;
}

static bool is_product(const struct product *p, const char *code, const char *const matrix[static 4])
{
    bool same = strcmp(p->code, code) == 0;
    for (int i = 0; i < 4 && same; i++)
        same = strcmp(p->matrix[i], matrix[i]) == 0;
    return same;
}

static struct product *find(const struct catalogue *c, const char *code, const char *const matrix[static 4])
{
    for (size_t slot = slot_of(c, code, matrix); c->slots[slot] != 0; slot = (slot + 1) & c->slot_mask)
        if (is_product(&c->products[c->slots[slot] - 1], code, matrix))
            return &c->products[c->slots[slot] - 1];
    return NULL;
}

struct product *catalogue_find(const struct catalogue *c, const char *code, const char *const matrix[static 4])
{
    struct product *p = find(c, code, matrix);
    return p != NULL && !p->is_gone ? p : NULL;
}

bool catalogue_set_gone(struct catalogue *c, const char *code, const char *const matrix[static 4], bool is_gone)
{
    struct product *p = find(c, code, matrix);
    if (p != NULL)
        p->is_gone = is_gone;
    return p != NULL;
}

static bool load_products(struct catalogue *c, struct db *db)
{
    db_query(db, DB_PRODUCT_ALL, "");
    while (db_next(db, DB_PRODUCT_ALL)) {
        if (c->count == c->room) {
            struct product *more = realloc(c->products, (c->room = c->room * 2 + 1024) * sizeof *more);
            if (more == NULL) {
                db_end(db, DB_PRODUCT_ALL);
                return false;
            }
            c->products = more;
        }
        struct product *p = &c->products[c->count++];
        *p = (struct product){.id = db_int(db, DB_PRODUCT_ALL, 0), .code = strdup(db_text(db, DB_PRODUCT_ALL, 1))};
        bool complete = p->code != NULL;
        for (int i = 0; i < 4; i++)
            complete = (p->matrix[i] = strdup(db_text(db, DB_PRODUCT_ALL, 2 + i))) != NULL && complete;
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
        fits = fits && c->depot_count < CATALOGUE_DEPOTS_MAX && strlen(code) < CATALOGUE_DEPOT_CODE_MAX;
        if (fits)
            (void)snprintf(c->depots[c->depot_count++], CATALOGUE_DEPOT_CODE_MAX, "%s", code);
    }
    return fits;
}

static bool index_products(struct catalogue *c)
{
    size_t size = 64;
    while (size < c->count * 2)
        size *= 2;
    c->slots = calloc(size, sizeof *c->slots);
    if (c->slots == NULL)
        return false;
    c->slot_mask = size - 1;
    for (size_t i = 0; i < c->count; i++) {
        size_t slot = slot_of(c, c->products[i].code, c->products[i].matrix);
        while (c->slots[slot] != 0)
            slot = (slot + 1) & c->slot_mask;
        c->slots[slot] = (uint32_t)i + 1;
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
    free(c->slots);
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
