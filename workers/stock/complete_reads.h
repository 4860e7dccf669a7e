/* When the newest complete read of each scope of a company began. It speaks for all rows within its
 * scope that it had: so a read that changes nothing costs one record of the changelog, and not one a
 * row.
 *
 * A row whose own time is older than the newest read of its scope was not in that read: it is written
 * with `alone` true, and keeps its time when the state is restored; of every other one the time is the
 * later of its own and the read's.
 *
 * Scopes: the whole catalogue, or a range of products (Prima's, both ends included, NULL: open). A read
 * of the whole, or of the same range or a wider one, replaces what it covers and began earlier.
 * Aborts without memory. Embedded: zeroed, complete_reads_release. One thread. */
#ifndef PRIMAFLOW_COMPLETE_READS_H
#define PRIMAFLOW_COMPLETE_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct complete_read {
    char *company, *from, *to; /* from, to NULL: open; both: the whole */
    int64_t began_at, token;
    bool is_saved;
};

struct complete_reads {
    struct complete_read *list;
    size_t count, room;
};

/* Calls `dropped` for each that it replaces, before it is gone. False: a newer one covers it all, and
 * nothing changes. */
bool complete_reads_add(struct complete_reads *reads, const struct complete_read *read,
                        void (*dropped)(void *user, const struct complete_read *read), void *user);

/* Does one that began no earlier cover it? */
bool complete_reads_knows(const struct complete_reads *reads, const struct complete_read *read);

/* When the newest of those began whose scope has this stock key; 0: there is none. */
int64_t complete_reads_began(const struct complete_reads *reads, const char *company,
                             const char *key);

/* Is the key's product within it? */
bool complete_read_has(const struct complete_read *read, const char *company, const char *key);

void complete_reads_release(struct complete_reads *reads);

#endif
