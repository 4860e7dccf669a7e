/* How many dead letters a command has sent again, and how many not, and why. */
#ifndef PRIMAFLOW_DLQ_RETRIED_H
#define PRIMAFLOW_DLQ_RETRIED_H

#include "core/dlq_retry.h"

void dlq_print_retried(bool json, const struct dlq_retried *retried, size_t count);

#endif
