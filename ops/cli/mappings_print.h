/* What `primaflow mappings check` found, on stdout. One thread. */
#ifndef PRIMAFLOW_CLI_MAPPINGS_PRINT_H
#define PRIMAFLOW_CLI_MAPPINGS_PRINT_H

#include "core/mappings_seen.h"

void seen_print_text(const struct seen *seen);
void seen_print_json(const struct seen *seen);

#endif
