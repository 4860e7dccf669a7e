/* Limits of topics, by name; see sizes.h. */
#include "stream/sizes.h"

#include <errno.h>

#include "kafka/admin.h"
#include "obs/log.h"
#include "stream/stream.h"

enum {
    USUAL_MAX = 1048588
}; /* Kafka's own default: below it a topic is limited on purpose, or by mistake */

static void list_topics(const struct worker *w, struct sizes *sizes)
{
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX; i++)
        if (w->stream->outputs.written[i][0] != '\0')
            sizes->topics[sizes->count++] = w->stream->outputs.written[i];
    sizes->topics[sizes->count++] = w->stream->outputs.dlq;
    for (size_t i = 0; i < w->stream->outputs.retry_count; i++)
        sizes->topics[sizes->count++] = w->stream->outputs.retry[i];
}

int sizes_read(const struct worker *w, struct sizes *ret_sizes,
               char ret_message[static KAFKA_TEXT_MAX])
{
    struct sizes fresh = {.message_max = w->stream->producer != NULL
                                             ? kafka_producer_message_max(w->stream->producer)
                                             : INT64_MAX};
    list_topics(w, &fresh);
    for (size_t i = 0; i < fresh.count; i++)
        fresh.bytes[i] = INT64_MAX;
    const int result = kafka_topic_setting(w->host.config, "max.message.bytes", fresh.topics,
                                           fresh.count, fresh.bytes, ret_message);
    if (result < 0 && result != -EACCES)
        return result;
    *ret_sizes = fresh;
    return 0;
}

int64_t sizes_smallest(const struct sizes *sizes)
{
    int64_t smallest = sizes->message_max;
    for (size_t i = 0; i < sizes->count; i++)
        if (sizes->bytes[i] < smallest)
            smallest = sizes->bytes[i];
    return smallest;
}

int64_t sizes_limit(const struct sizes *sizes, const char *topic)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (sizes->topics[i] == topic) /* its owner's name, not a copy */
            return sizes->bytes[i] < sizes->message_max ? sizes->bytes[i] : sizes->message_max;
    return sizes->count > 0 ? sizes->message_max : INT64_MAX;
}

void sizes_warn(const struct worker *w, const struct sizes *sizes)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (sizes->bytes[i] < USUAL_MAX)
            log_warning(
                    .message =
                        "low max.message.bytes: larger records become dead letters without content",
                    .topic = sizes->topics[i], .count = sizes->bytes[i], .slot = w->host.slot,
                    .remedy = "raise the topic's max.message.bytes (primaflow topics check), "
                              "then restart the workers");
}
