/* Who looks up a group, from the question to the answer; see find.c. Loop thread only. */
#ifndef PRIMAFLOW_TABLE_FIND_H
#define PRIMAFLOW_TABLE_FIND_H

#include "table/ktable_internal.h"

void finds_begin(struct ktable *t, struct ktable_part *p, const char *group, ktable_found found,
                 void *user);
/* The reader's `done`. */
void finds_read(struct ktable *t, struct reading *r);
/* The partition was read on. */
void finds_heard(struct ktable *t, struct ktable_part *p);
/* All of a partition are answered so. */
void finds_end(struct ktable *t, int32_t partition, enum ktable_how how, const char *why);
void finds_release(struct ktable *t); /* nobody is answered */

#endif
