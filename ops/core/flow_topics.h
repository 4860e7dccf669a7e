/* The topics of one flow, and what each of them carries; live, or those of its shadow
 * (worker.shadow). Names come from the one list of topics and from the flow. One thread. */
#ifndef PRIMAFLOW_OPS_FLOW_TOPICS_H
#define PRIMAFLOW_OPS_FLOW_TOPICS_H

#include "core/context.h"
#include "core/topic_table.h"

enum topic_role {
    TOPIC_INPUT,
    TOPIC_DEAD_LETTERS,
    TOPIC_RETRY,
    TOPIC_REPLAY,
    TOPIC_RESULTS,
    TOPIC_LEDGER /* what the flow writes beside its results */
};

struct flow_topic {
    char name[TOPIC_NAME_MAX];
    enum topic_role role;
};

struct flow_topics {
    struct flow_topic list[TOPICS_MAX];
    size_t count;
};

/* What `topic` is to the flow; false: nothing, or it has no such topic. */
bool flow_topic_role(const struct flow *flow, const char *topic, enum topic_role *ret_role);

/* Those whose role's bit is in `roles`. */
#define TOPIC_ROLE(role) (1U << (role))
#define TOPIC_ROLES_ALL (TOPIC_ROLE(TOPIC_LEDGER + 1) - 1)
__attribute__((warn_unused_result)) enum ops_kind flow_topics_list(const struct ops *ops,
                                                                   const struct flow *flow,
                                                                   bool shadow, unsigned roles,
                                                                   struct flow_topics *ret_topics,
                                                                   struct ops_error *ret_error);

/* kafka_read of them all. */
__attribute__((warn_unused_result)) int flow_topics_read(const struct ops *ops,
                                                         const struct flow_topics *topics,
                                                         const struct kafka_range *range,
                                                         kafka_record_seen seen, void *user,
                                                         struct kafka_words *ret_message);

#endif
