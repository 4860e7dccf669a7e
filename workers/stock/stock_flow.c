/* The stock worker's topics; see stock_flow.h. */
#include "stock_flow.h"

#include "kafka/topics.h"

const struct flow stock_flow = {
    .name = "stock",
    .noun = "read",
    .usage = "Levels of stock per channel location, of Prima's reads and of what orders take.",
    .reads = topic_stock_snapshots,
    .beside = {{topic_stock_snapshots, topic_stock_rows, "SKU"},
               {topic_stock_snapshots, topic_stock_levels, "SKU"},
               {topic_stock_snapshots, topic_stock_reservations, "SKU"}},
    .is_read_once = true,
    .outputs = {{topic_stock_results, "StockResult", "result", false},
                {topic_stock_levels, "StockLevel", "level", false},
                {topic_stock_rows, "StockState", "memory of stock", false}},
};
