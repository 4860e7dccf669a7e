/* The topics' names; see topics.h. */
#include "kafka/topics.h"

#include <stdio.h>
#include <string.h>

#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)                          \
    const char topic_##id[sizeof name] = name;
#define TOPIC_SHADOW(id, name, input, retention, meaning) const char topic_##id[sizeof name] = name;
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT

static const char *const suffixes[TOPIC_PARTS] = {
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning) [TOPIC_PART_##id] = suffix,
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT
};
static const char shadow_prefix[] = "shadow.";

const char *topic_of_input(const char *input, enum topic_part part, const char *delay, bool shadow,
                           char *text, size_t room)
{
    (void)snprintf(text, room, "%s%s%s%s", shadow ? shadow_prefix : "", input, suffixes[part],
                   delay);
    return text;
}

const char *topic_name(const char *topic, bool shadow, char *text, size_t room)
{
    (void)snprintf(text, room, "%s%s", shadow ? shadow_prefix : "", topic);
    return text;
}

bool topic_is_of_input(const char *topic, enum topic_part part)
{
    const char *suffix = suffixes[part], *found = strstr(topic, suffix);
    const size_t size = strlen(suffix);
    return found != NULL && (suffix[size - 1] == '.' ? found[size] != '\0' : found[size] == '\0');
}

bool topic_is_shadow(const char *topic)
{
    return strncmp(topic, shadow_prefix, sizeof shadow_prefix - 1) == 0;
}

const char *topic_without_shadow(const char *topic)
{
    return topic_is_shadow(topic) ? topic + sizeof shadow_prefix - 1 : topic;
}
