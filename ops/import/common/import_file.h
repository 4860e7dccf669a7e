/* A file of a channel's orders or refunds, read whole: each becomes an event, or a complaint. What
 * is done with the events is the caller's; as long as nothing is complained of, `take` has had them
 * all. Pure but for reading the file. One thread. */
#ifndef PRIMAFLOW_IMPORT_FILE_H
#define PRIMAFLOW_IMPORT_FILE_H

#include "core/complaints.h"
#include "import_source.h"

#include <stdio.h>

/* Makes the event of one thing, or a list of those that it comes to, which stands in `whole` or in nothing (NULL), by the channel's own
 * options. A new reference; NULL after complaints to `reader`. */
typedef json_t *(*import_make)(const struct import_at *thing, const struct import_at *whole,
                               const void *options, struct import_reader *reader);

/* Takes one event, which stays the caller's. False with `ret_why`: it cannot be taken, which
 * becomes a complaint about what it was made of. */
typedef bool (*import_event_take)(void *user, const json_t *event, char ret_why[static 300]);

struct import_job {
    const struct import_form *form;
    import_make make;
    const void *options; /* of `make` */
    import_event_take take;
    void *user;                           /* of `take` */
    const struct import_refused *refused; /* NULL: the complaints are enough */
};

struct imported {
    size_t found, wrong; /* things met; those with complaints, and what is none of them */
    size_t unread;       /* of `wrong`: what is no JSON, or none of them */
    size_t line;         /* the last that was read */
    struct complaints complaints;
};

/* 0, whatever is complained of; a negative errno: the file cannot be read further. *ret_imported is
 * filled either way. */
__attribute__((warn_unused_result)) int import_file(FILE *in, const struct import_job *job,
                                                    struct imported *ret_imported);

#endif
