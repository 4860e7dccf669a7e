/* What `why` prints of an order's stock: a line for each product and depot. */
#include "why_print.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static void print_row(const struct why_stock_row *row)
{
    char since[CLOCK_TEXT_MAX], allocated[CLOCK_TEXT_MAX];
    printf("  Stock: %s at %s%s, %" PRId64 " unit%s since %s", row->sku,
           row->depot[0] != '\0' ? "depot " : "any depot", row->depot, row->units,
           row->units == 1 ? "" : "s", clock_format(row->since_ms, since));
    if (row->allocated_units > 0)
        printf("; Prima has %" PRId64 " since %s", row->allocated_units,
               clock_format(row->allocated_ms, allocated));
    else
        printf("; not in Prima's figure yet");
    printf("\n");
}

void why_stock_text(const struct why_order *o)
{
    if (!o->stock.is_remembered)
        return;
    for (size_t i = 0; i < o->stock.count; i++)
        print_row(&o->stock.rows[i]);
    if (o->stock.count == 0)
        printf("  Stock: nothing is reserved\n");
    if (o->stock.gaps > 0)
        printf("  Stock: %zu gap%s: something of it is not reserved, or not where it should be "
               "(the stock worker's log says what)\n",
               o->stock.gaps, o->stock.gaps == 1 ? "" : "s");
}

void why_stock_json(const struct why_order *o, json_t *json)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < o->stock.count; i++) {
        const struct why_stock_row *r = &o->stock.rows[i];
        (void)json_array_append_new(
            rows,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "sku", r->sku, "depot", r->depot, "units",
                      (json_int_t)r->units, "allocated_units", (json_int_t)r->allocated_units,
                      "since_ms", (json_int_t)r->since_ms, "allocated_ms",
                      r->allocated_units > 0 ? json_integer((json_int_t)r->allocated_ms)
                                             : json_null()));
    }
    (void)json_object_set_new(json, "stock",
                              !o->stock.is_remembered
                                  ? json_null()
                                  : json_pack("{s:o, s:I}", "reservations", json_incref(rows),
                                              "gaps", (json_int_t)o->stock.gaps));
    json_decref(rows);
}
