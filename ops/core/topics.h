/* The cluster's topics beside what primaflow needs of them; makes those that are missing, where
 * that is asked for. Topics that exist are left as they are. One thread. */
#ifndef PRIMAFLOW_OPS_TOPICS_H
#define PRIMAFLOW_OPS_TOPICS_H

#include "core/context.h"
#include "core/topic_table.h"

struct topics_options { /* 0: as the configuration and the cluster have it */
    int64_t partitions, replication, min_insync;
    bool shadow;  /* also those of shadow mode */
    bool creates; /* what is missing */
};

struct topics_report {
    struct topic_wanted wanted[TOPICS_MAX];
    struct topic_found found[TOPICS_MAX];
    bool created[TOPICS_MAX];
    size_t count, created_count;
    struct topic_difference differences[TOPIC_DIFFERENCES_MAX];
    size_t difference_count, error_count;
};

/* *ret_report: large; zero before. */
__attribute__((warn_unused_result)) enum ops_kind ops_topics(struct ops *ops,
                                                             const struct topics_options *options,
                                                             struct topics_report *ret_report,
                                                             struct ops_error *ret_error);

#endif
