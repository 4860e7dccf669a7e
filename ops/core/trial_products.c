/* Products as Prima has them now; see trial_products.h. */
#include "core/trial_products.h"

#include "core/prima_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKED_MAX = 100, NAME_MAX_BYTES = 400, REQUEST_MAX = 256 << 10 };

struct known_product {
    bool has;
    char name[]; /* name_write */
};

static void name_write(const char *company, const char *product, const char *const matrix[static 4],
                       char text[static NAME_MAX_BYTES])
{
    (void)snprintf(text, NAME_MAX_BYTES, "%s\n%s", company, product);
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(text + strlen(text), NAME_MAX_BYTES - strlen(text), "\n%s",
                       matrix[i] != NULL ? matrix[i] : "");
}

static bool has_name(const void *item, const void *name)
{
    return strcmp(((const struct known_product *)item)->name, name) == 0;
}

static struct known_product *find(const struct trial_products *p, const char *name)
{
    return table_find(&p->known, table_hash(TABLE_HASH_BEGIN, name, strlen(name)), has_name, name);
}

static int keep(struct trial_products *p, const char *name, bool has)
{
    struct known_product *k = find(p, name);
    if (k != NULL) {
        k->has = k->has || has;
        return 0;
    }
    const size_t size = strlen(name) + 1;
    if ((k = malloc(sizeof *k + size)) == NULL)
        return -ENOMEM;
    k->has = has;
    memcpy(k->name, name, size);
    if (table_add(&p->known, table_hash(TABLE_HASH_BEGIN, name, size - 1), k) == 0)
        return 0;
    free(k);
    return -ENOMEM;
}

/* Those that were asked for and have no row are not there. */
static int ask(struct trial_products *p, const struct config *config, const char *company,
               const struct prima_sku skus[], size_t count)
{
    struct prima_products_answer answer = {.count = 0};
    struct config_message wrong;
    char name[NAME_MAX_BYTES];
    int rc = prima_ask_products(config, company, skus, count, &answer, &wrong);
    if (rc == 0 && answer.fate != PRIMA_OK && answer.fate != PRIMA_ABSENT)
        rc = -EIO;
    for (size_t i = 0; rc == 0 && i < answer.count; i++) {
        name_write(company, answer.rows[i].product, answer.rows[i].matrix, name);
        rc = keep(p, name, true);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        name_write(company, skus[i].product, skus[i].matrix, name);
        rc = keep(p, name, false);
    }
    prima_products_release(&answer);
    return rc == -EINVAL ? -EIO : rc;
}

static bool is_open(const struct fact *fact)
{
    return fact->kind == FACT_PRODUCT && fact->state == FACT_UNASKED;
}

/* True: it was known, and is filled in. */
static bool fill(const struct trial_products *p, const char *company, struct fact *fact)
{
    char name[NAME_MAX_BYTES];
    name_write(company, fact->sku.product, fact->sku.matrix, name);
    const struct known_product *k = find(p, name);
    if (k != NULL)
        fact->state = k->has ? FACT_KNOWN : FACT_ABSENT;
    return k != NULL;
}

int trial_products_find(struct trial_products *p, const struct config *config, const char *company,
                        struct fact facts[], size_t count)
{
    struct prima_sku skus[ASKED_MAX];
    for (size_t i = 0; i < count;) {
        size_t asked = 0, end = i;
        for (; end < count && asked < ASKED_MAX; end++)
            if (is_open(&facts[end]) && !fill(p, company, &facts[end]))
                skus[asked++] = facts[end].sku;
        const int rc = asked > 0 ? ask(p, config, company, skus, asked) : 0;
        if (rc != 0)
            return rc;
        for (; i < end; i++)
            if (is_open(&facts[i]))
                (void)fill(p, company, &facts[i]);
    }
    return 0;
}

void trial_products_release(struct trial_products *p)
{
    size_t at = 0;
    for (void *item; (item = table_next(&p->known, &at)) != NULL;)
        free(item);
    table_release(&p->known);
}
