/* A list that is read from its beginning; see sku_list.h. */
#include "sku_list.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

void sku_list_add(struct sku_list *list, struct sku_table *t, uint32_t sku, enum sku_mark mark)
{
    if (!sku_table_mark(t, sku, mark))
        return;
    if (list->end == list->room && list->begin > list->room / 2) {
        memmove(list->items, list->items + list->begin,
                (list->end - list->begin) * sizeof *list->items);
        list->end -= list->begin;
        list->begin = 0;
    } else if (list->end == list->room) {
        list->room = list->room == 0 ? FIRST_ROOM : 2 * list->room;
        list->items = reallocarray(list->items, list->room, sizeof *list->items);
        if (list->items == NULL)
            abort();
    }
    list->items[list->end++] = sku;
}

uint32_t sku_list_take(struct sku_list *list, struct sku_table *t, enum sku_mark mark)
{
    if (list->begin == list->end)
        return 0;
    const uint32_t sku = list->items[list->begin++];
    sku_table_unmark(t, sku, mark);
    if (list->begin == list->end)
        sku_list_release(list); /* a read of everything is not there every day */
    return sku;
}

void sku_list_release(struct sku_list *list)
{
    free(list->items);
    *list = (struct sku_list){.items = NULL};
}
