/* The one table that says what follows from what: the posting engine's, above all that it names. */
#ifndef PRIMAFLOW_TRANSITIONS_H
#define PRIMAFLOW_TRANSITIONS_H

#include "posting/record_state.h"

extern const struct transition_table transitions;

#endif
