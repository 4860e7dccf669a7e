/* From configuration to what the posting engine goes by: limits, deadlines and the times that
 * the fleet relies on; checked, so that a bad one ends the program before it starts. Loop
 * thread, start-up. */
#ifndef PRIMAFLOW_POSTING_SETTINGS_H
#define PRIMAFLOW_POSTING_SETTINGS_H

#include "posting/posting.h"

/* After the worker's own (worker/setup.h), with the client of Prima, whose deadlines count. 0;
 * -EINVAL with the key and the remedy in ret_message. */
__attribute__((warn_unused_result)) int settings_read(struct worker *w,
                                                      struct config_message *ret_message);

#endif
