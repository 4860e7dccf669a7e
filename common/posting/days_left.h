/* Records without a document while a law counts the days for it (flow.h, days_left): which are near
 * the end of them. Counted when they leave for a retry topic, each time, or end as a dead letter.
 * Loop thread only. */
#ifndef PRIMAFLOW_DAYS_LEFT_H
#define PRIMAFLOW_DAYS_LEFT_H

struct record;
struct worker;

/* Shows the count of each word from 0 on, so that its first increase is seen. Of a flow whose days
 * nobody counts: nothing. */
void days_left_begin(const struct worker *worker);

/* "many", "few" or "late", of static storage; NULL: nothing counts, or nobody could read the event.
 * Before the record's texts are released. */
const char *days_left_word(const struct record *record);

#endif
