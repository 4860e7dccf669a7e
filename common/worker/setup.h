/* From configuration to what every worker has: names of topics, group and identity, where
 * reading begins; checked, so that a bad one ends the program before it starts. What the engine
 * needs beside is its own (stream/worker_engine.h). Loop thread, start-up. */
#ifndef PRIMAFLOW_SETUP_H
#define PRIMAFLOW_SETUP_H

#include "stream/stream.h"

/* 0; -EINVAL with the key and the remedy in ret_message. */
__attribute__((warn_unused_result)) int setup_read(struct worker *w,
                                                   struct config_message *ret_message);

#endif
