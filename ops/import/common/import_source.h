/* Orders or refunds out of a file, in each form that channels' tools write: one document with a
 * list, one with a single thing, a bare one, or one a line; and what is part of a whole, out of the
 * wholes: the refunds of orders.
 *
 * Rules
 *   - A first line that is a whole JSON value means one a line: then lines are read one by one,
 *     however many there are. Else the file is one document, held in memory.
 *   - A line or document is at most IMPORT_DOCUMENT_MAX bytes, nested at most as deep as jansson
 *     reads (2048). A key twice, NaN, bytes that are no UTF-8, a file cut off: each is a complaint
 *     with its line.
 *   - A complaint begins with the name and id of what it is about, as the shop shows them, where it
 *     has any: "order #1001 (450789469): ", "refund 704 of order #1001 (450789469): ".
 *   - Complaints are gathered, "$.path: ...", with the line of the thing, or of the document that
 *     it stands in: the path says which.
 * One thread. */
#ifndef PRIMAFLOW_IMPORT_SOURCE_H
#define PRIMAFLOW_IMPORT_SOURCE_H

#include "core/complaints.h"
#include "import_reader.h"

#include <stdio.h>

enum {
    IMPORT_DOCUMENT_MAX =
        64 * 1024 * 1024 /* 250 orders, Shopify's largest page, are below 10 MiB */
};

/* What a file holds, in its channel's words. */
struct import_form {
    const char *channel;    /* "Shopify" */
    const char *noun;       /* "order": one of them, in texts; "<noun>s": many */
    const char *many, *one; /* the keys that a list of them and a single one stand under */
    const char *command;    /* whose --help says what is read */
    /* that they are also part of: the keys of such wholes, and of the list within one; NULL: none */
    const char *whole_many, *whole_one, *within;
    const char *whole_sign; /* a key that only wholes have */
};

/* What was complained of: a thing (NULL: what is no JSON, or no such thing), and the complaints
 * about it, an array of texts. What stood in a whole comes as that whole, whose member "primaflow"
 * says with "only" which place of the list is meant: imported in its turn, it is that alone. All stay
 * the source's. */
typedef void (*import_refuse)(void *user, size_t line, const json_t *thing,
                              const json_t *complaints);

/* Where what was complained of goes, with its reasons. */
struct import_refused {
    import_refuse refuse;
    void *user;
};

struct import_source {
    const struct import_form *form;
    size_t line;         /* where the value begins that is being read, from 1 */
    size_t found, wrong; /* things met; those with complaints, and what is no such thing */
    size_t unread;       /* of `wrong`: what is no JSON, or no such thing */
    struct complaints complaints;
    struct import_refused refused; /* .refuse NULL: the complaints are enough */
    const struct import_at *thing; /* that is being taken */
    const struct import_at *whole; /* that it stands in, or NULL */
    json_t *texts;                 /* complaints of what is being taken; with `refused` only */
    struct import_reader reader; /* complains to this source; handed on to what reads the things */
};

/* Takes one of them, which stands in source->whole unless that is NULL. False: it was complained
 * of. */
typedef bool (*import_take)(void *user, struct import_source *source,
                            const struct import_at *thing);

/* `form` must outlive the source. */
void import_source_init(struct import_source *source, const struct import_form *form);
/* Reads to the end. 0, or a negative errno: the file cannot be read further than `line`. */
__attribute__((warn_unused_result)) int import_source_read(struct import_source *source, FILE *in,
                                                           import_take take, void *user);

#endif
