/* Rows of stock keys and depots; see stock_rows.h. */
#include "domain/stock/stock_rows.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int stock_rows_begin(struct stock_rows *rows, size_t room, struct arena *arena)
{
    *rows =
        (struct stock_rows){.items = arena_alloc(arena, room * sizeof *rows->items), .room = room};
    return rows->items == NULL ? -ENOMEM : 0;
}

/* An order has a handful of products: no index. */
int stock_rows_add(struct stock_rows *rows, const struct stock_row *row, struct arena *arena)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->items[i].sku, row->sku) == 0 &&
            strcmp(rows->items[i].depot, row->depot) == 0) {
            rows->items[i].units = stock_add(rows->items[i].units, row->units);
            return 0;
        }
    struct stock_row copy = *row;
    const char **depots = arena_alloc(arena, (row->depots.count + 1) * sizeof *depots);
    copy.depot = TEXT_JOIN(arena, row->depot);
    bool is_whole = depots != NULL && copy.depot != NULL;
    for (size_t i = 0; i < row->depots.count && is_whole; i++) {
        depots[i] = TEXT_JOIN(arena, row->depots.items[i]);
        is_whole = depots[i] != NULL;
    }
    if (!is_whole || rows->count == rows->room)
        return -ENOMEM;
    copy.depots.items = depots;
    rows->items[rows->count++] = copy;
    return 0;
}

static int compare_rows(const void *a_, const void *b_)
{
    const struct stock_row *a = a_, *b = b_;
    const int by_sku = strcmp(a->sku, b->sku);
    return by_sku != 0 ? by_sku : strcmp(a->depot, b->depot);
}

void stock_rows_sort(struct stock_rows *rows)
{
    qsort(rows->items, rows->count, sizeof *rows->items, compare_rows);
}
