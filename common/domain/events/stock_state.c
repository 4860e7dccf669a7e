/* The stock worker's memory: its binding tables; see stock_state.h. */
#include "domain/events/stock_state.h"

static const struct binding stock_figure_fields[] = {
    BIND(struct stock_figure, depot, BIND_TEXT),
    BIND(struct stock_figure, available, BIND_LONG),
    BIND(struct stock_figure, began_at, BIND_LONG),
    BIND(struct stock_figure, alone, BIND_BOOL),
};
const struct bound_record stock_figure_record =
    BOUND_RECORD("StockFigure", struct stock_figure, stock_figure_fields);

static const struct binding stock_state_fields[] = {
    BIND(struct stock_state, company, BIND_TEXT),
    BIND(struct stock_state, stock_key, BIND_TEXT),
    BIND_SUB(struct stock_state, figures, BIND_ARRAY, stock_figure_record),
    BIND(struct stock_state, range_from, BIND_TEXT),
    BIND(struct stock_state, range_to, BIND_TEXT),
    BIND_OPTIONAL(struct stock_state, began_at, BIND_LONG),
    BIND(struct stock_state, token, BIND_LONG),
};
const struct bound_record stock_state_record =
    BOUND_RECORD("StockState", struct stock_state, stock_state_fields);
