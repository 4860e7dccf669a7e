/* SKUs of a table that something is to be done with, the first come first; each once, by its mark.
 * Embedded: zeroed, sku_list_release. Aborts without memory. One thread. */
#ifndef PRIMAFLOW_SKU_LIST_H
#define PRIMAFLOW_SKU_LIST_H

#include "sku_table.h"

struct sku_list {
    uint32_t *items; /* [begin..end) */
    size_t begin, end, room;
};

void sku_list_add(struct sku_list *list, struct sku_table *t, uint32_t sku, enum sku_mark mark);
/* 0: none is left. */
uint32_t sku_list_take(struct sku_list *list, struct sku_table *t, enum sku_mark mark);
static inline size_t sku_list_count(const struct sku_list *list)
{
    return list->end - list->begin;
}
void sku_list_release(struct sku_list *list);

#endif
