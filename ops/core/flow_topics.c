/* A flow's topics; see flow_topics.h. */
#include "core/flow_topics.h"

#include <string.h>

#include "kafka/topics.h"

/* Of what belongs to an input. */
static const enum topic_role part_roles[TOPIC_PARTS] = {[TOPIC_PART_DLQ] = TOPIC_DEAD_LETTERS,
                                                        [TOPIC_PART_RETRY] = TOPIC_RETRY,
                                                        [TOPIC_PART_REPLAY] = TOPIC_REPLAY};

bool flow_topic_role(const struct flow *flow, const char *topic, enum topic_role *ret_role)
{
    topic = topic_without_shadow(topic);
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX && flow->outputs[i].name != NULL; i++)
        if (strcmp(topic, flow->outputs[i].name) == 0) {
            *ret_role = i == 0 ? TOPIC_RESULTS : TOPIC_LEDGER;
            return true;
        }
    if (strcmp(topic, flow->reads) == 0) {
        *ret_role = TOPIC_INPUT;
        return true;
    }
    for (enum topic_part part = 0; part < TOPIC_PARTS; part++) {
        char of_input[TOPIC_NAME_MAX];
        (void)topic_of_input(flow->reads, part, "", false, of_input, sizeof of_input);
        if (strncmp(topic, of_input, strlen(of_input)) == 0) {
            *ret_role = part_roles[part];
            return true;
        }
    }
    return false;
}

enum ops_kind flow_topics_list(const struct ops *ops, const struct flow *flow, bool shadow,
                               unsigned roles, struct flow_topics *ret_topics,
                               struct ops_error *ret_error)
{
    struct topic_wanted wanted[TOPICS_MAX];
    const struct topic_shape shape = {.partitions = 1, .replicas = 1, .shadow = shadow};
    struct config_message wrong;
    size_t count = 0;
    if (topic_table_expand(ops_config(ops), &shape, wanted, &count, &wrong) != 0)
        return ops_fail(ret_error, OPS_CONFIG, NULL, "%s", wrong.text);
    ret_topics->count = 0;
    for (size_t i = 0; i < count; i++) {
        enum topic_role role;
        if (topic_is_shadow(wanted[i].name) != shadow ||
            !flow_topic_role(flow, wanted[i].name, &role) || !(roles & TOPIC_ROLE(role)))
            continue;
        struct flow_topic *topic = &ret_topics->list[ret_topics->count++];
        topic->role = role;
        memcpy(topic->name, wanted[i].name, sizeof topic->name);
    }
    return OPS_DONE;
}

int flow_topics_read(const struct ops *ops, const struct flow_topics *topics,
                     const struct kafka_range *range, kafka_record_seen seen, void *user,
                     struct kafka_words *ret_message)
{
    const char *names[TOPICS_MAX];
    for (size_t i = 0; i < topics->count; i++)
        names[i] = topics->list[i].name;
    return kafka_read(ops_config(ops), names, topics->count, range, seen, user, ret_message->text);
}
