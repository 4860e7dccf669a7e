/* A worker's settings; see setup.h. */
#include "worker/setup.h"

#include <errno.h>

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/topics.h"
#include "stream/start.h"

/* Offsets for each record that may be buffered, of which hot keys make three (partitions.c): a
 * commit's marker behind each, and as many again. */
enum { REACH = 3 * 4 };

static int complain(struct config_message *message, const char *text)
{
    (void)snprintf(message->text, sizeof message->text, "%s", text);
    return -EINVAL;
}

/* The room for its name is the caller's to fill. */
static struct input_topic *add_topic(struct worker *w, enum topic_role role)
{
    struct input_topic *t = &w->stream->inputs.list[w->stream->inputs.count++];
    t->role = role;
    return t;
}

static int read_retry_topics(struct worker *w, struct config_message *ret_message)
{
    char list[200], *save = NULL;
    int64_t before = 0;
    (void)snprintf(list, sizeof list, "%s", config_text(w->host.config, CFG_retry_delays));
    for (char *delay = strtok_r(list, ", ", &save); delay != NULL;
         delay = strtok_r(NULL, ", ", &save)) {
        int64_t ms;
        if (w->stream->outputs.retry_count ==
            sizeof w->stream->outputs.retry / sizeof *w->stream->outputs.retry)
            return complain(ret_message, "retry.delays has more than 8 delays; shorten the list");
        if (config_parse_ms(delay, &ms) < 0 || ms <= before)
            return complain(
                ret_message,
                "retry.delays is not a rising list of durations; write for example 10s,1m,10m");
        before = ms;
        struct input_topic *t = add_topic(w, TOPIC_RETRY);
        /* a shadow waits in topics of its own, and reads what all read */
        (void)topic_of_input(w->flow->reads, TOPIC_PART_RETRY, delay, w->shadow, t->name,
                             sizeof t->name);
        t->delay_ms = ms;
        memcpy(w->stream->outputs.retry[w->stream->outputs.retry_count++], t->name, sizeof t->name);
    }
    return w->stream->outputs.retry_count > 0
               ? 0
               : complain(ret_message, "retry.delays is empty; write for example 10s,1m,10m");
}

/* What a shadow does not write keeps an empty name. */
static void name_outputs(struct worker *w)
{
    struct output_topics *out = &w->stream->outputs;
    (void)topic_of_input(w->flow->reads, TOPIC_PART_DLQ, "", w->shadow, out->dlq, sizeof out->dlq);
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX && w->flow->outputs[i].name != NULL; i++)
        if (!w->shadow || w->flow->outputs[i].is_for_shadow)
            (void)topic_name(w->flow->outputs[i].name, w->shadow, out->written[i],
                             sizeof out->written[i]);
}

/* start.vanished has words that start.from has not. */
struct start_key {
    const char *name, *text, *words;
    bool has_more;
};

static int read_start_word(const struct start_key *key, const char *text, int64_t *ret_start)
{
    if (strcmp(text, "beginning") == 0)
        *ret_start = KAFKA_START_BEGINNING;
    else if (strcmp(text, "end") == 0)
        *ret_start = KAFKA_START_END;
    else if (key->has_more && strcmp(text, "ask") == 0)
        *ret_start = START_ASK;
    else if (key->has_more && strcmp(text, "remembered") == 0)
        *ret_start = START_REMEMBERED;
    else
        return clock_parse(text, ret_start);
    return 0;
}

/* One word for every topic, or topic=word for some and one word for the rest: the workers of all
 * topics may share a file. A list that does not speak of our topic is refused, for it would be a
 * name that was written wrongly. */
static int read_start(const char *topic, const struct start_key *key, int64_t *ret_start,
                      struct config_message *ret_message)
{
    char list[400], *save = NULL;
    const char *rest = NULL, *own = NULL;
    (void)snprintf(list, sizeof list, "%s", key->text);
    for (char *item = strtok_r(list, ", ", &save); item != NULL;
         item = strtok_r(NULL, ", ", &save)) {
        char *word = strchr(item, '=');
        const char **place = word == NULL ? &rest : &own;
        if (word != NULL)
            *word++ = '\0';
        if (word != NULL && strcmp(item, topic) != 0)
            continue;
        if (*place != NULL) {
            (void)snprintf(ret_message->text, sizeof ret_message->text,
                           "%s sets one topic twice; remove one", key->name);
            return -EINVAL;
        }
        *place = word != NULL ? word : item;
    }
    const char *text = own != NULL ? own : rest;
    if (text == NULL && strchr(key->text, '=') != NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "%s names topics, but not %.80s; add %.80s=beginning (or end, or a time), "
                       "or a word without a topic",
                       key->name, topic, topic);
        return -EINVAL;
    }
    if (text == NULL || read_start_word(key, text, ret_start) < 0) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "%s is none of %s, or a time such as 2026-11-01T00:00:00Z", key->name,
                       key->words);
        return -EINVAL;
    }
    return 0;
}

static int read_starts(struct worker *w, struct config_message *ret_message)
{
    const struct start_key from = {"start.from", config_text(w->host.config, CFG_start_from),
                                   "beginning, end", false};
    const struct start_key vanished = {"start.vanished",
                                       config_text(w->host.config, CFG_start_vanished),
                                       "ask, remembered, beginning, end", true};
    int result = 0;
    for (size_t i = 0; i < w->stream->inputs.count && result == 0; i++) {
        struct input_topic *t = &w->stream->inputs.list[i];
        if (t->role != TOPIC_INPUT)
            continue;
        result = read_start(t->name, &from, &t->start.from, ret_message);
        if (result == 0)
            result = read_start(t->name, &vanished, &t->start.vanished, ret_message);
    }
    return result;
}

static void read_identity(struct worker *w)
{
    const char *group = config_text(w->host.config, CFG_worker_group);
    if (group[0] != '\0')
        (void)snprintf(w->stream->group, sizeof w->stream->group, "%s", group);
    else
        (void)snprintf(w->stream->group, sizeof w->stream->group, "primaflow.%s", w->flow->name);
    if (w->shadow)
        (void)snprintf(w->stream->group + strlen(w->stream->group),
                       sizeof w->stream->group - strlen(w->stream->group), ".shadow");
    if (w->host.options.slot != NULL) {
        (void)snprintf(w->host.slot, sizeof w->host.slot, "%s", w->host.options.slot);
    } else { /* a new identity each time: allowed, at the price of waiting for the old one's session
                and transaction to end */
        uint8_t random[6];
        char hex[13];
        digest_random(random, sizeof random);
        (void)snprintf(w->host.slot, sizeof w->host.slot, "r-%s",
                       digest_hex(random, sizeof random, hex));
    }
    (void)snprintf(w->instance, sizeof w->instance, "%s-%s", w->stream->group, w->host.slot);
}

/* Each group of shadows knows only what it did itself. */
static void read_keyspace(struct worker *w)
{
    (void)snprintf(w->stream->redis_prefix, sizeof w->stream->redis_prefix, "%s%s%s",
                   config_text(w->host.config, CFG_redis_prefix), w->shadow ? "." : "",
                   w->shadow ? w->stream->group : "");
    w->keys = (struct keyspace){.prefix = w->stream->redis_prefix, .flow = w->flow->name};
    (void)snprintf(w->keys.slot, sizeof w->keys.slot, "%s", w->host.slot);
}

static void name_inputs(struct worker *w)
{
    struct input_topic *t = add_topic(w, TOPIC_INPUT);
    (void)topic_name(w->flow->reads, false, t->name, sizeof t->name);
    for (size_t i = 0; i < FLOW_READS_MAX && w->flow->also_reads[i] != NULL; i++) {
        t = add_topic(w, TOPIC_INPUT);
        (void)topic_name(w->flow->also_reads[i], false, t->name, sizeof t->name);
    }
    if (!w->shadow && !w->flow->is_read_once) { /* a replay is meant for those who post */
        t = add_topic(w, TOPIC_REPLAY);
        (void)topic_of_input(w->flow->reads, TOPIC_PART_REPLAY, "", false, t->name, sizeof t->name);
    }
}

int setup_read(struct worker *w, struct config_message *ret_message)
{
    const struct config *c = w->host.config;
    w->shadow = config_bool(c, CFG_worker_shadow);
    if (w->shadow && w->flow->ledger != NULL)
        return complain(ret_message, "worker.shadow is not for a flow that takes back what another "
                                     "has posted: a shadow posts nothing; remove it");
    if (w->shadow && !w->flow->outputs[0].is_for_shadow)
        return complain(ret_message, "worker.shadow is not for a worker that posts nothing to "
                                     "Prima; remove it");
    read_identity(w);
    w->stream->reach = REACH * config_int(c, CFG_worker_buffered_max);
    w->stream->fleet.slot_is_exclusive = config_bool(c, CFG_slot_exclusive);
    name_inputs(w);
    name_outputs(w);
    read_keyspace(w);
    const int result = w->flow->is_read_once ? 0 : read_retry_topics(w, ret_message);
    return result < 0 ? result : read_starts(w, ret_message);
}
