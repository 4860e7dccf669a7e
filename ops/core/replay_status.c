/* What replays are there; see replay_status.h. */
#include "core/replay_status.h"

#include "core/flow_group.h"

#include <stdlib.h>

static void lag_read(struct ops *ops, const struct flow *flow, struct replay_lag *lag)
{
    const struct config *config = ops_config(ops);
    const char *name = lag->topic;
    struct kafka_place *ends = NULL;
    struct kafka_words message;
    char group[240];
    size_t count = 0;
    lag->copies = -1;
    (void)replay_topic(flow, lag->topic);
    flow_group(config, flow, group, sizeof group);
    if (kafka_ends(config, &name, 1, KAFKA_END_STABLE, &ends, &count, message.text) != 0)
        return;
    struct kafka_place *committed = calloc(count + 1, sizeof *committed);
    for (size_t i = 0; committed != NULL && i < count; i++)
        committed[i] = ends[i];
    if (committed != NULL &&
        kafka_group_committed(config, group, committed, count, message.text) == 0) {
        lag->copies = 0;
        for (size_t i = 0; i < count; i++) {
            const int64_t from = committed[i].offset > 0 ? committed[i].offset : 0;
            lag->copies += ends[i].offset > from ? ends[i].offset - from : 0;
        }
    }
    free(committed);
    free(ends);
}

enum ops_kind replay_status_read(struct ops *ops, struct replay_status *ret_status,
                                 struct ops_error *ret_error)
{
    *ret_status = (struct replay_status){.lag_count = 0};
    const enum ops_kind kind = replay_book_read(ops, &ret_status->book, ret_error);
    for (size_t i = 0; kind == OPS_DONE && flows[i] != NULL && i < REPLAY_LAGS_MAX; i++)
        lag_read(ops, flows[i], &ret_status->lags[ret_status->lag_count++]);
    return kind;
}
