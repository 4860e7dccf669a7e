/* The state of the cluster's topics, for others than `primaflow topics`. One thread. */
#ifndef PRIMAFLOW_CLI_TOPICS_H
#define PRIMAFLOW_CLI_TOPICS_H

#include "broker.h"
#include "cli.h"

struct topics_findings {
    size_t topics, errors, notes;
    char first[200]; /* error, in words; "" */
};

/* 0, or a negative errno of broker.h with the message. */
__attribute__((warn_unused_result)) int topics_examine(const struct cli *cli, struct topics_findings *ret_findings,
                                                       struct broker_message *ret_message);

#endif
