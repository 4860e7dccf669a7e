/* The group before we join it; see startup_group.h. */
#include "stream/startup_group.h"

#include <errno.h>

#include "kafka/admin.h"
#include "kafka/topics.h"
#include "obs/log.h"
#include "stream/rebuild.h"

/* ---- retry topics of former days ---- */

static bool is_empty(struct worker *w, const char *topic, int *ret_result,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *places, *ends = NULL;
    size_t count = 0;
    *ret_result = kafka_ends(w->host.config, &topic, 1, KAFKA_END_HIGH, &ends, &count, ret_message);
    if ((places = calloc(count + 1, sizeof *places)) == NULL)
        abort();
    if (*ret_result == 0 && count > 0)
        memcpy(places, ends, count * sizeof *places);
    if (*ret_result == 0 && count > 0)
        *ret_result =
            kafka_group_committed(w->host.config, w->stream->group, places, count, ret_message);
    bool is_read = true;
    for (size_t i = 0; i < count && *ret_result == 0; i++)
        is_read &= ends[i].offset == 0 || places[i].offset >= ends[i].offset;
    free(places);
    free(ends);
    return is_read;
}

static void read_on(struct worker *w, const char *topic, const char *delay)
{
    struct input_topic *t = &w->stream->inputs.list[w->stream->inputs.count++];
    *t = (struct input_topic){.role = TOPIC_RETRY, .is_former = true};
    (void)snprintf(t->name, sizeof t->name, "%s", topic);
    if (config_parse_ms(delay, &t->delay_ms) < 0)
        t->delay_ms = 0; /* no delay of ours: at once */
    log_warning(.message = "a retry topic that retry.delays does not name holds records; it is "
                           "read until it is empty",
                .topic = t->name, .slot = w->host.slot);
}

static int read_former_topics(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    enum { ROOM = 64 };
    char(*names)[160] = calloc(ROOM, sizeof *names), prefix[170];
    size_t count = 0;
    if (names == NULL)
        abort();
    (void)topic_of_input(w->flow->reads, TOPIC_PART_RETRY, "", w->shadow, prefix, sizeof prefix);
    int result = kafka_topics_like(w->host.config, prefix, names, ROOM, &count, ret_message);
    if (result == -E2BIG)
        result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        if (worker_topic(w, names[i]) == NULL && !is_empty(w, names[i], &result, ret_message) &&
            result == 0) {
            if (w->stream->inputs.count == TOPICS_MAX)
                log_warning(
                        .message =
                            "too many retry topics hold records; this one waits for the next start",
                        .topic = names[i]);
            else
                read_on(w, names[i], names[i] + strlen(prefix));
        }
    free(names);
    return result;
}

/* ---- all ---- */

static int count_partitions(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    const char *names[TOPICS_MAX], *const written[] = {w->stream->outputs.written[OUTPUT_RESULTS],
                                                       w->stream->outputs.dlq};
    struct kafka_place *places = NULL;
    size_t count = 0;
    int result = kafka_ends(w->host.config, names, rebuild_input_names(w, names), KAFKA_END_HIGH,
                            &places, &count, ret_message);
    free(places);
    places = NULL;
    if (result == 0)
        result =
            kafka_ends(w->host.config, written, 2, KAFKA_END_HIGH, &places, &count, ret_message);
    free(places);
    return result;
}

static int ask_of_our_former_self(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    return w->host.options.slot == NULL
               ? 0
               : kafka_group_knows_other_topics(w->stream->producer, w->stream->group, w->instance,
                                                names, count, &w->stream->assignment.rejoins,
                                                ret_message);
}

int startup_group(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    const struct past_of of = {w->stream->group, w->flow->name, w->stream->redis_prefix};
    past_release(&w->stream->past);
    int result = past_read(w->host.config, &of, &w->stream->past, ret_message);
    if (result < 0)
        return result == -EACCES ? result : -EIO;
    const int64_t epoch = past_epoch(&w->stream->past);
    if (epoch > w->stream->control.epoch) {
        w->stream->control.epoch = epoch;
        w->stream->control.generation = 0;
    }
    result = w->flow->is_read_once ? 0 : read_former_topics(w, ret_message);
    if (result == 0)
        result = count_partitions(w, ret_message);
    if (result == 0)
        result = ask_of_our_former_self(w, ret_message);
    return result == 0 || result == -E2BIG || result == -EACCES ? result : -EIO;
}
