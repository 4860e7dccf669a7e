/* The posting engine's settings; see settings.h. */
#include "posting/settings.h"

#include <errno.h>

#include "posting/facts.h"

static void read_limits(struct worker *w)
{
    const struct config *c = w->host.config;
    struct posting *p = w->posting;
    p->in_flight_max = (size_t)config_int(c, CFG_worker_max_in_flight);
    p->buffered_max = (size_t)config_int(c, CFG_worker_buffered_max);
    p->connections_max = (size_t)config_int(c, CFG_prima_connections_max);
    p->replay_max = config_int(c, CFG_replay_max_count);
    p->unique = config_bool(c, CFG_prima_enforces_unique_order_number);
    const char *asks = config_text(c, CFG_prima_ask_before_first_send);
    p->asks_first =
        !w->shadow && (strcmp(asks, "always") == 0 || (strcmp(asks, "auto") == 0 && !p->unique));
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (w->stream->inputs.list[i].delay_ms > p->retry_delay_max_ms)
            p->retry_delay_max_ms = w->stream->inputs.list[i].delay_ms;
}

/* The writes of other flows are not waited for: whoever loses its Redis has sent none of them. */
static int64_t longest_write_ms(const struct worker *w)
{
    const int64_t account = prima_deadline_ms(w->posting->prima, PRIMA_NEW_CUSTOMER) +
                            config_int(w->host.config, CFG_prima_max_apply_delay);
    return facts_create_accounts(w) && account > w->times.window_ms ? account : w->times.window_ms;
}

static void read_times(struct worker *w)
{
    const struct config *c = w->host.config;
    struct posting *p = w->posting;
    p->settle_deadline_ms = config_int(c, CFG_worker_settle_deadline);
    p->retry_max_age_ms = config_int(c, CFG_retry_max_age);
    p->resolve_max_ms = config_int(c, CFG_idempotency_resolve_max);
    p->unproven_wait_ms = config_int(c, CFG_prima_unproven_wait);
    w->times.margin_ms = config_int(c, CFG_idempotency_margin);
    w->times.ttl_ms = config_int(c, CFG_idempotency_ttl);
    w->times.deferral_life_ms =
        p->retry_max_age_ms + 2 * p->retry_delay_max_ms; /* nothing stays in retry for longer */
    const int64_t deadline = prima_deadline_ms(p->prima, w->flow->writes);
    /* until when a send may be applied: it leaves up to a margin after it was stored */
    w->times.window_ms = w->times.margin_ms + deadline + config_int(c, CFG_prima_max_apply_delay);
    w->times.write_ms = longest_write_ms(w);
    w->times.lease_ms =
        deadline +
        2 * w->times.margin_ms; /* it has more than deadline + margin left when bytes leave */
}

/* There is one Prima, and one limit on it. */
static void read_keyspace(struct worker *w)
{
    const struct config *c = w->host.config;
    struct keyspace *keys = &w->keys;
    keys->ttl_ms = w->times.ttl_ms;
    keys->apply_delay_ms = config_int(c, CFG_prima_max_apply_delay);
    keys->deferral_life_ms = w->times.deferral_life_ms;
    keys->limit_prefix = w->shadow ? config_text(c, CFG_redis_prefix) : NULL;
    keys->limit_class = w->shadow ? "shadow" : w->flow->name;
    keys->limit_weight = w->shadow ? 1 : w->flow->limit_weight;
    keys->limit_rate = (int)config_int(c, CFG_limit_rate);
    keys->limit_burst = (int)config_int(c, CFG_limit_burst);
}

int settings_read(struct worker *w, struct config_message *ret_message)
{
    read_limits(w);
    read_times(w);
    read_keyspace(w);
    if (w->posting->retry_max_age_ms < w->times.ttl_ms)
        return 0;
    (void)snprintf(ret_message->text, sizeof ret_message->text,
                   "retry.max_age is not below idempotency.ttl: a key could be forgotten while its "
                   "record waits; raise the latter");
    return -EINVAL;
}
