/* A worker's settings; see setup.h. */
#include "runtime/setup.h"

#include <errno.h>

#include "base/clock.h"
#include "base/digest.h"
#include "runtime/shadow.h"

static int complain(struct config_message *message, const char *text)
{
    (void)snprintf(message->text, sizeof message->text, "%s", text);
    return -EINVAL;
}

static struct input_topic *add_topic(struct worker *w, enum topic_role role, const char *suffix)
{
    struct input_topic *t = &w->topics[w->topic_count++];
    t->role = role;
    /* a shadow waits in topics of its own, and reads what all read */
    (void)snprintf(t->name, sizeof t->name, "%s%s%s", w->shadow && role == TOPIC_RETRY ? SHADOW_PREFIX : "", w->flow->reads, suffix);
    return t;
}

static int read_retry_topics(struct worker *w, struct config_message *ret_message)
{
    char list[200], *save = NULL;
    int64_t before = 0;
    (void)snprintf(list, sizeof list, "%s", config_text(w->config, CFG_retry_delays));
    for (char *delay = strtok_r(list, ", ", &save); delay != NULL; delay = strtok_r(NULL, ", ", &save)) {
        int64_t ms;
        char suffix[64];
        if (w->retry_count == sizeof w->retry_topics / sizeof *w->retry_topics)
            return complain(ret_message, "retry.delays has more than 8 delays; shorten the list");
        if (config_parse_ms(delay, &ms) < 0 || ms <= before)
            return complain(ret_message, "retry.delays is not a rising list of durations; write for example 10s,1m,10m");
        before = w->retry_delay_max_ms = ms;
        (void)snprintf(suffix, sizeof suffix, ".retry.%s", delay);
        struct input_topic *t = add_topic(w, TOPIC_RETRY, suffix);
        t->delay_ms = ms;
        memcpy(w->retry_topics[w->retry_count++], t->name, sizeof t->name);
    }
    return w->retry_count > 0 ? 0 : complain(ret_message, "retry.delays is empty; write for example 10s,1m,10m");
}

static int read_start_word(struct worker *w, const char *text)
{
    if (strcmp(text, "beginning") == 0)
        w->start_from = KAFKA_START_BEGINNING;
    else if (strcmp(text, "end") == 0)
        w->start_from = KAFKA_START_END;
    else
        return clock_parse(text, &w->start_from);
    return 0;
}

/* One word for every topic, or topic=word for some and one word for the rest: the workers of all topics may share a file. A list that does
 * not speak of our topic is refused, for it would be a name that was written wrongly. */
static int read_start(struct worker *w, struct config_message *ret_message)
{
    char list[400], *save = NULL;
    const char *rest = NULL, *own = NULL;
    (void)snprintf(list, sizeof list, "%s", config_text(w->config, CFG_start_from));
    for (char *item = strtok_r(list, ", ", &save); item != NULL; item = strtok_r(NULL, ", ", &save)) {
        char *word = strchr(item, '=');
        const char **place = word == NULL ? &rest : &own;
        if (word != NULL)
            *word++ = '\0';
        if (word != NULL && strcmp(item, w->flow->reads) != 0)
            continue;
        if (*place != NULL)
            return complain(ret_message, "start.from says twice where one topic begins; leave one of them");
        *place = word != NULL ? word : item;
    }
    const char *text = own != NULL ? own : rest;
    if (text == NULL && strchr(config_text(w->config, CFG_start_from), '=') != NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "start.from names topics, but not %.80s; add %.80s=beginning (or end, or a time), or a word without a topic",
                       w->flow->reads, w->flow->reads);
        return -EINVAL;
    }
    if (text == NULL || read_start_word(w, text) < 0)
        return complain(ret_message, "start.from is none of beginning, end, or a time such as 2026-11-01T00:00:00Z");
    return 0;
}

static void read_identity(struct worker *w)
{
    const char *group = config_text(w->config, CFG_worker_group);
    if (group[0] != '\0')
        (void)snprintf(w->group, sizeof w->group, "%s", group);
    else
        (void)snprintf(w->group, sizeof w->group, "primaflow.%s", w->flow->name);
    if (w->shadow)
        (void)snprintf(w->group + strlen(w->group), sizeof w->group - strlen(w->group), ".shadow");
    if (w->options.slot != NULL) {
        (void)snprintf(w->slot, sizeof w->slot, "%s", w->options.slot);
    } else { /* a new identity each time: allowed, at the price of waiting for the old one's session and transaction to end */
        uint8_t random[6];
        char hex[13];
        digest_random(random, sizeof random);
        (void)snprintf(w->slot, sizeof w->slot, "r-%s", digest_hex(random, sizeof random, hex));
    }
    (void)snprintf(w->instance, sizeof w->instance, "%s-%s", w->group, w->slot);
}

static int read_times(struct worker *w, struct config_message *ret_message)
{
    const struct config *c = w->config;
    w->settle_deadline_ms = config_int(c, CFG_worker_settle_deadline);
    w->margin_ms = config_int(c, CFG_idempotency_margin);
    w->ttl_ms = config_int(c, CFG_idempotency_ttl);
    w->retry_max_age_ms = config_int(c, CFG_retry_max_age);
    w->resolve_max_ms = config_int(c, CFG_idempotency_resolve_max);
    w->replay_max = config_int(c, CFG_replay_max_count);
    w->deferral_life_ms = w->retry_max_age_ms + 2 * w->retry_delay_max_ms; /* nothing stays in retry for longer */
    const int64_t deadline = prima_deadline_ms(w->prima, w->flow->writes);
    w->window_ms = deadline + config_int(c, CFG_prima_max_apply_delay); /* until when a send may be applied */
    w->lease_ms = deadline + 2 * w->margin_ms;                          /* it has more than deadline + margin left when bytes leave */
    if (w->retry_max_age_ms >= w->ttl_ms)
        return complain(ret_message,
                        "retry.max_age is not below idempotency.ttl: a key could be forgotten while its record waits; raise the latter");
    return 0;
}

int setup_read(struct worker *w, struct config_message *ret_message)
{
    const struct config *c = w->config;
    w->shadow = config_bool(c, CFG_worker_shadow);
    read_identity(w);
    w->in_flight_max = (size_t)config_int(c, CFG_worker_max_in_flight);
    w->buffered_max = (size_t)config_int(c, CFG_worker_buffered_max);
    w->connections_max = (size_t)config_int(c, CFG_prima_connections_max);
    w->unique = config_bool(c, CFG_prima_enforces_unique_order_number);
    const char *asks = config_text(c, CFG_prima_ask_before_first_send);
    w->asks_first = !w->shadow && (strcmp(asks, "always") == 0 || (strcmp(asks, "auto") == 0 && !w->unique));
    const char *before = w->shadow ? SHADOW_PREFIX : "";
    (void)add_topic(w, TOPIC_INPUT, "");
    if (!w->shadow) /* a replay is meant for those who post */
        (void)add_topic(w, TOPIC_REPLAY, ".replay");
    (void)snprintf(w->dlq_topic, sizeof w->dlq_topic, "%s%s.dlq", before, w->flow->reads);
    (void)snprintf(w->results_topic, sizeof w->results_topic, "%s%s", before, w->flow->results);
    w->ledger_topic = w->shadow ? NULL : w->flow->ledger;
    (void)snprintf(w->redis_prefix, sizeof w->redis_prefix, "%s%s%s", config_text(c, CFG_redis_prefix), w->shadow ? "." : "",
                   w->shadow ? w->group : ""); /* each group of shadows knows only what it did itself */
    int result = read_retry_topics(w, ret_message);
    if (result == 0)
        result = read_start(w, ret_message);
    if (result == 0)
        result = read_times(w, ret_message);
    if (result < 0)
        return result;
    w->keys = (struct keyspace){.prefix = w->redis_prefix,
                                .flow = w->flow->name,
                                .ttl_ms = w->ttl_ms,
                                /* there is one Prima, and one limit on it */
                                .limit_prefix = w->shadow ? config_text(c, CFG_redis_prefix) : NULL,
                                .limit_class = w->shadow ? "shadow" : w->flow->name,
                                .limit_weight = w->shadow ? 1 : w->flow->limit_weight,
                                .limit_rate = (int)config_int(c, CFG_limit_rate),
                                .limit_burst = (int)config_int(c, CFG_limit_burst)};
    (void)snprintf(w->keys.slot, sizeof w->keys.slot, "%s", w->slot);
    return 0;
}
