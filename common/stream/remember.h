/* How far the group came goes on record in ops.control (past.h): when a partition was first
 * committed, when it first moved on from there (or a group whose offsets are gone after a crash
 * would look like one that has read nothing), every ten minutes while it moves, and when it is
 * given back; the end of a drain waits for the last of it. Not before every commit: what it is for is to notice that offsets were set
 * back, or are gone, and for that it need not be the very last one. Loop thread; the writing is
 * done in the pool. */
#ifndef PRIMAFLOW_REMEMBER_H
#define PRIMAFLOW_REMEMBER_H

#include <stdbool.h>

struct worker;
struct partition;

void remember_watch(struct worker *w); /* each tick */
void remember_going(struct worker *w,
                    const struct partition *p); /* it is given back, with this committed offset */
void remember_now(struct worker *w);            /* a drain begins: all that is committed by then */
bool remember_is_busy(const struct worker *w);

#endif
