/* Gaps told; see reservation_gaps.h. */
#include "reservation_gaps.h"

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

static const struct {
    const char *name, *what, *remedy;
} gaps[] = {
#define GAP(name, what, remedy) {#name, what, remedy},
#include "reservation_gaps.def"
#undef GAP
};

_Static_assert((int)RESERVATION_GAP_sku == (int)GAP_SKU &&
                   (int)RESERVATION_GAP_location == (int)GAP_LOCATION &&
                   (int)RESERVATION_GAP_depot == (int)GAP_DEPOT &&
                   (int)RESERVATION_GAP_key == (int)GAP_KEY &&
                   (int)RESERVATION_GAP_channel == (int)GAP_CHANNEL,
               "those that are remembered come first");

const char *reservation_gap_name(enum reservation_gap_kind kind)
{
    return gaps[kind].name;
}

void reservation_gap_tell(struct log_limit *limit, enum reservation_gap_kind kind,
                          const char *order, const struct kafka_record *record, const char *detail)
{
    int64_t left_out = 0;
    metrics_add(METRIC_stock_gaps, gaps[kind].name, 1);
    if (!log_limit_allows(limit, gaps[kind].name, clock_monotonic_ms(), &left_out))
        return;
    log_warning(.message = gaps[kind].what, .reason = gaps[kind].name, .detail = detail,
                .key = order, .topic = record->topic, .partition = record->partition + 1,
                .offset = record->offset + 1, .count = left_out, .remedy = gaps[kind].remedy);
}
