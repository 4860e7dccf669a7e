/* The books and what is known of them: the database, the catalogue in memory, Prima's set-up.
 *
 * Invariants: last_request and last_customer are the highest ids in the database; the catalogue
 * agrees with it. Ownership: the ledger owns all that it points to. One thread. */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include "catalogue.h"
#include "db.h"
#include "doc.h"
#include "wording.h"

struct ledger {
    struct db *db;
    struct catalogue *catalogue;
    struct doc *doc;
    const char *data_path;   /* the seed's file, NULL: the default catalogue; the caller's text */
    bool unique;             /* a second document of a number is refused */
    bool price_of_line;      /* Price is the line's total */
    bool refuse_off_balance; /* else it is stored with its difference */
    bool restocks;           /* a credit note's goods are on hand again */
    bool echo;               /* OrderStatus returns CustomerRef */
    bool parcels;            /* ... and what has left, parcel by parcel */
    enum wording_style style;
    char closed_until[11]; /* YYYY-MM-DD: documents of this date and before are refused; "": none */
    int64_t last_request, last_customer;
};

/* Opens the database at `path` and seeds it when it is new; the set-up fields are the caller's to
 * fill before. -EEXIST, -EIO, -EINVAL as db_open and catalogue_seed say, with ret_message;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_open(struct ledger *ledger, const char *path,
                                                    char ret_message[static 200]);

/* Forgets requests, documents, customers and stock, and begins with the seed again. On failure (as
 * above) the books are empty. */
__attribute__((warn_unused_result)) int ledger_reset(struct ledger *ledger,
                                                     char ret_message[static 200]);

void ledger_close(struct ledger *ledger);

#endif
