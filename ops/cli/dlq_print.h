/* Dead letters for people and machines. Texts of a letter come from outside: what a terminal would obey is
 * printed as '?'. */
#ifndef PRIMAFLOW_DLQ_PRINT_H
#define PRIMAFLOW_DLQ_PRINT_H

#include "core/dlq.h"
#include "core/dlq_show.h"
#include "dlq_safe.h"

/* `incomplete`: what could not be read, in words, or "". */
void dlq_print_groups(bool json, const struct dlq_group *groups, size_t count, int64_t now_ms,
                      const char *incomplete);
void dlq_print_each(bool json, const struct letter_book *book, const struct dlq_filter *filter,
                    size_t limit, int64_t now_ms, const char *incomplete);
void dlq_print_shown(bool json, const struct dlq_shown *shown, bool raw);

/* "12 min", "5 h", "3 days". */
enum { AGE_TEXT_MAX = 24 };
const char *dlq_age(int64_t age_ms, char text[static AGE_TEXT_MAX]);

#endif
