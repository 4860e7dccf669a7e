/* An order's life on stdout. One thread. */
#ifndef PRIMAFLOW_CLI_WHY_PRINT_H
#define PRIMAFLOW_CLI_WHY_PRINT_H

#include "core/why.h"

void why_print_text(const struct why_order *order);
void why_print_json(const struct why_order *order);

#endif
