/* People's edits of dead letters, for people. Values come from outside: they are printed as JSON in ASCII,
 * cut to a line, so that nothing reaches a terminal that it would obey. */
#ifndef PRIMAFLOW_DLQ_EDIT_PRINT_H
#define PRIMAFLOW_DLQ_EDIT_PRINT_H

#include <jansson.h>

/* Rows of {"field", "old", "new", "earlier"} as a diff. */
void dlq_print_fields(const json_t *fields);

/* Who edited what, when and why: core/letter_edits.h. */
void dlq_print_edits(const json_t *edits);

#endif
