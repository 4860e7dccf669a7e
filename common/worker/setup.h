/* From configuration to a worker's settings: names of topics, group and identity, limits; checked,
 * so that a bad one ends the program before it starts. Loop thread, start-up. */
#ifndef PRIMAFLOW_SETUP_H
#define PRIMAFLOW_SETUP_H

#include "posting/posting.h"

/* 0; -EINVAL with the key and the remedy in ret_message. */
__attribute__((warn_unused_result)) int setup_read(struct worker *w,
                                                   struct config_message *ret_message);

#endif
