/* Days that are left for a document; see days_left.h. */
#include "posting/days_left.h"

#include "base/clock.h"
#include "obs/metrics.h"
#include "posting/posting.h"

void days_left_begin(const struct worker *w)
{
    static const int32_t one_of_each[] = {-1, FLOW_DAYS_FEW, FLOW_DAYS_FEW + 1};
    if (w->flow->days_left == NULL)
        return;
    for (size_t i = 0; i < sizeof one_of_each / sizeof *one_of_each; i++)
        metrics_add(METRIC_note_days, flow_days_word(one_of_each[i]), 0);
}

const char *days_left_word(const struct record *r)
{
    const struct worker *w = r->worker;
    int32_t days = 0;
    if (w->flow->days_left == NULL || r->key.kafka == NULL || /* else nobody could read it */
        !w->flow->days_left(r->event, &r->key, w->posting->rules, clock_wall_ms(), &days))
        return NULL;
    return flow_days_word(days);
}
