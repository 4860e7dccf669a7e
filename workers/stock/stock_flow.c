/* The stock worker's topics; see stock_flow.h. */
#include "stock_flow.h"

#include "kafka/topics.h"

const struct flow stock_flow = {
    .name = "stock",
    .noun = "read",
    .usage = "Levels of stock per channel location, of Prima's reads and of what orders take.",
    .reads = topic_stock_snapshots,
    .also_reads = {topic_orders_raw, topic_orders_results, topic_orders_ledger,
                   topic_stock_confirmed},
    .beside = {{topic_stock_snapshots, topic_stock_rows, "SKU"},
               {topic_stock_snapshots, topic_stock_levels, "SKU"},
               {topic_stock_snapshots, topic_stock_reservations, "SKU"},
               {topic_orders_raw, topic_orders_results, "order"},
               {topic_orders_raw, topic_orders_ledger, "order"},
               {topic_orders_raw, topic_stock_confirmed, "order"},
               {topic_orders_raw, topic_stock_orders, "order"}},
    .is_read_once = true,
    .outputs = {{topic_stock_results, "StockResult", "result", false},
                {topic_stock_levels, "StockLevel", "level", false},
                {topic_stock_rows, "StockState", "memory of stock", false},
                {topic_stock_reservations, "StockReservation", "reservation", false},
                {topic_stock_orders, "StockOrder", "memory of orders", false},
                {topic_stock_confirmed, "StockConfirmation", "confirmation", false}},
};
