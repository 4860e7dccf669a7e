/* How many records the next transaction may have. A transaction of which a message is refused is
 * refused whole, and Kafka does not always say which message it was: all of a batch are refused
 * together. So fewer and fewer go together until one is alone, and what is refused then is that
 * one's; after a success twice as many go. Halving costs at most log2(records) aborts for each
 * refused record, and nothing while there is none. No clock, no memory: the owner asks. */
#ifndef PRIMAFLOW_BISECT_H
#define PRIMAFLOW_BISECT_H

#include <stdbool.h>
#include <stddef.h>

enum { BISECT_PATIENCE = 2 }; /* aborts by other causes than size that may pass by themselves */

struct bisect {
    size_t most;    /* 0: no bound of ours */
    size_t refused; /* aborts in a row by a message */
};

/* Records in the next transaction, of `all` that may be. */
size_t bisect_most(const struct bisect *b, size_t all);
/* A transaction of `taken` records was aborted because of a message. for_certain: it will be
 * refused again. True: there was one record, and it is that one's fault. */
bool bisect_refused(struct bisect *b, size_t taken, bool for_certain);
void bisect_committed(struct bisect *b, size_t all);

#endif
