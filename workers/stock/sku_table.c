/* Arrays that grow, texts in one block, an index of numbers; see sku_table.h. */
#include "sku_table.h"

#include "base/table.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 255, COMPANY_BYTES = 2, FIRST_ROOM = 64 };

/* ---- memory ---- */

static void *resized(void *memory, size_t count, size_t size)
{
    void *bigger = reallocarray(memory, count, size);
    if (bigger == NULL)
        abort();
    return bigger;
}

/* By halves: what is not used yet is not resident. */
static uint32_t more_room(uint32_t room)
{
    if (room > UINT32_MAX / 2)
        abort();
    return room < FIRST_ROOM ? FIRST_ROOM : room + room / 2;
}

/* ---- names ---- */

uint32_t sku_names_find(const struct sku_names *names, const char *name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return i;
    return SKU_NO_NAME;
}

uint32_t sku_names_put(struct sku_names *names, const char *name)
{
    const uint32_t at = sku_names_find(names, name);
    if (at != SKU_NO_NAME || names->count == SKU_NAMES_MAX)
        return at;
    if (names->count == names->room) {
        names->room = more_room(names->room);
        names->list = resized(names->list, names->room, sizeof *names->list);
    }
    names->list[names->count] = strdup(name);
    if (names->list[names->count] == NULL)
        abort();
    return names->count++;
}

void sku_names_release(struct sku_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

/* ---- SKUs ---- */

static uint32_t company_of(const struct sku_table *t, uint32_t sku)
{
    uint16_t company;
    memcpy(&company, t->texts + t->skus[sku].text, sizeof company);
    return company;
}

const char *sku_table_key(const struct sku_table *t, uint32_t sku)
{
    return t->texts + t->skus[sku].text + COMPANY_BYTES;
}

const char *sku_table_company(const struct sku_table *t, uint32_t sku)
{
    return t->companies.list[company_of(t, sku)];
}

static uint64_t hash_of(uint32_t company, const char *key)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN, &company, sizeof company);
    return table_hash(hash, key, strlen(key));
}

/* Where the SKU is, or would be. */
static uint32_t *slot_of(const struct sku_table *t, uint32_t company, const char *key)
{
    uint64_t at = hash_of(company, key);
    for (at ^= at >> 32;; at++) {
        uint32_t *slot = &t->slots[at & (t->slot_room - 1)];
        if (*slot == 0 ||
            (company_of(t, *slot) == company && strcmp(sku_table_key(t, *slot), key) == 0))
            return slot;
    }
}

uint32_t sku_table_find(const struct sku_table *t, const char *company, const char *key)
{
    const uint32_t name = sku_names_find(&t->companies, company);
    return name == SKU_NO_NAME || t->slot_room == 0 ? 0 : *slot_of(t, name, key);
}

static void grow_slots(struct sku_table *t)
{
    if ((uint64_t)t->sku_count * 4 < (uint64_t)t->slot_room * 3)
        return;
    t->slot_room = t->slot_room == 0 ? FIRST_ROOM : 2 * t->slot_room;
    free(t->slots);
    t->slots = calloc(t->slot_room, sizeof *t->slots);
    if (t->slots == NULL)
        abort();
    for (uint32_t sku = 1; sku <= t->sku_count; sku++)
        *slot_of(t, company_of(t, sku), sku_table_key(t, sku)) = sku;
}

static uint32_t add_text(struct sku_table *t, uint16_t company, const char *key, size_t size)
{
    const size_t needed = t->text_size + COMPANY_BYTES + size + 1;
    if (needed > UINT32_MAX)
        return UINT32_MAX;
    if (needed > t->text_room) {
        t->text_room = needed + needed / 2;
        t->texts = resized(t->texts, t->text_room, 1);
    }
    const uint32_t at = (uint32_t)t->text_size;
    memcpy(t->texts + at, &company, COMPANY_BYTES);
    memcpy(t->texts + at + COMPANY_BYTES, key, size + 1);
    t->text_size = needed;
    return at;
}

static void grow_skus(struct sku_table *t)
{
    if (t->sku_count + 1 < t->sku_room)
        return;
    t->sku_room = more_room(t->sku_room);
    t->skus = resized(t->skus, t->sku_room, sizeof *t->skus);
    t->marks = resized(t->marks, t->sku_room, sizeof *t->marks);
}

uint32_t sku_table_put(struct sku_table *t, const char *company, const char *key)
{
    const size_t size = strlen(key);
    if (size > TEXT_MAX)
        return 0;
    const uint32_t name = sku_names_put(&t->companies, company);
    if (name == SKU_NO_NAME)
        return 0;
    grow_slots(t);
    uint32_t *slot = slot_of(t, name, key);
    if (*slot != 0)
        return *slot;
    grow_skus(t);
    const uint32_t text = add_text(t, (uint16_t)name, key, size);
    if (text == UINT32_MAX)
        return 0;
    *slot = ++t->sku_count;
    t->skus[*slot] = (struct sku){.text = text};
    t->marks[*slot] = 0;
    return *slot;
}

/* ---- rows ---- */

static uint32_t find_row(const struct sku_table *t, uint32_t sku, uint32_t depot)
{
    uint32_t row = t->skus[sku].row;
    while (row != 0 && t->rows[row].depot != depot)
        row = t->rows[row].next;
    return row;
}

uint32_t sku_table_row(const struct sku_table *t, uint32_t sku, const char *depot)
{
    const uint32_t name = sku_names_find(&t->depots, depot);
    return name == SKU_NO_NAME ? 0 : find_row(t, sku, name);
}

uint32_t sku_table_row_put(struct sku_table *t, uint32_t sku, const char *depot)
{
    const uint32_t name = sku_names_put(&t->depots, depot);
    if (name == SKU_NO_NAME)
        return 0;
    const uint32_t found = find_row(t, sku, name);
    if (found != 0)
        return found;
    if (t->row_count + 1 >= t->row_room) {
        t->row_room = more_room(t->row_room);
        t->rows = resized(t->rows, t->row_room, sizeof *t->rows);
    }
    const uint32_t row = ++t->row_count;
    t->rows[row] = (struct sku_row){.next = t->skus[sku].row, .depot = (uint16_t)name};
    t->skus[sku].row = row;
    return row;
}

const char *sku_table_depot(const struct sku_table *t, uint32_t row)
{
    return t->depots.list[t->rows[row].depot];
}

/* ---- all of it ---- */

size_t sku_table_bytes(const struct sku_table *t)
{
    return (t->sku_count + (size_t)1) * (sizeof *t->skus + sizeof *t->marks) +
           (t->row_count + (size_t)1) * sizeof *t->rows + t->slot_room * sizeof *t->slots +
           t->text_size;
}

void sku_table_release(struct sku_table *t)
{
    free(t->skus);
    free(t->marks);
    free(t->rows);
    free(t->texts);
    free(t->slots);
    sku_names_release(&t->companies);
    sku_names_release(&t->depots);
    *t = (struct sku_table){.skus = NULL};
}
