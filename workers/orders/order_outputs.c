/* What an order's settlement publishes; see order_write.h. */
#include "order_write.h"

static bool is_posted(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED || outcome == OUTCOME_POSTED_ON_HOLD;
}

int order_write_outputs(struct codec *codec, const struct flow_settlement *s, const void *event,
                        const void *rules, struct arena *arena, struct flow_outputs *outputs)
{
    if (s->is_dead_letter)
        return 0;
    int r = order_write_result(codec, s, event, arena, outputs->value);
    if (r < 0)
        return r;
    outputs->put(outputs, ORDER_RESULT, NULL);
    if (s->is_shadow || !is_posted(s->outcome))
        return 0;
    r = order_write_ledger(codec, s, event, rules, arena, outputs->value);
    if (r == 0)
        outputs->put(outputs, ORDER_LEDGER, NULL);
    return r;
}
