/* What an order's settlement publishes; see order_write.h. */
#include "order_write.h"

#include "domain/ledger/ledger_key.h"

#include <errno.h>

static bool is_posted(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED || outcome == OUTCOME_POSTED_ON_HOLD;
}

/* It ended without a document, and will not have one unless a newer version brings it. */
static bool is_unposted(enum outcome outcome)
{
    return outcome == OUTCOME_CANCELLED_BEFORE_POSTING || outcome == OUTCOME_IGNORED_TEST ||
           outcome == OUTCOME_IGNORED_BEFORE_CUTOVER;
}

static int put_unposted(struct codec *codec, const struct flow_settlement *s, const void *event,
                        struct arena *arena, struct flow_outputs *outputs)
{
    const char *key = ledger_key_credit(arena, s->key->kafka, "");
    const int r =
        key == NULL ? -ENOMEM : order_write_unposted(codec, s, event, arena, outputs->value);
    if (r == 0)
        outputs->put(outputs, ORDER_LEDGER, key);
    return r;
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
    if (!s->is_shadow && is_unposted(s->outcome))
        return put_unposted(codec, s, event, arena, outputs);
    if (s->is_shadow || !is_posted(s->outcome))
        return 0;
    r = order_write_ledger(codec, s, event, rules, arena, outputs->value);
    if (r == 0)
        outputs->put(outputs, ORDER_LEDGER, NULL);
    return r;
}
