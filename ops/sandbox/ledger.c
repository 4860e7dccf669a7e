/* Opening and restarting; see ledger.h. */
#include "ledger.h"

#include <errno.h>

static int64_t ledger_ask(struct db *db, enum db_statement statement)
{
    db_query(db, statement, "");
    const int64_t value = db_next(db, statement) ? db_int(db, statement, 0) : 0;
    db_end(db, statement);
    return value;
}

static int ledger_begin(struct ledger *ledger, char ret_message[static 200])
{
    const int result = catalogue_seed(ledger->db, ledger->data_path, ret_message);
    catalogue_free(ledger->catalogue);
    ledger->catalogue = catalogue_new(ledger->db);
    ledger->last_request = ledger_ask(ledger->db, DB_REQUEST_LAST);
    ledger->last_customer = ledger_ask(ledger->db, DB_CUSTOMER_LAST);
    if (result < 0 || ledger->catalogue != NULL)
        return result;
    (void)snprintf(ret_message, 200,
                   "the catalogue cannot be read: more than 16 depots, or no memory");
    return -EINVAL;
}

int ledger_open(struct ledger *ledger, const char *path, char ret_message[static 200])
{
    ledger->doc = doc_new();
    if (ledger->doc == NULL) {
        (void)snprintf(ret_message, 200, "out of memory");
        return -ENOMEM;
    }
    const int result = db_open(path, ledger->unique, &ledger->db, ret_message);
    return result < 0 ? result : ledger_begin(ledger, ret_message);
}

int ledger_reset(struct ledger *ledger, char ret_message[static 200])
{
    db_clear(ledger->db);
    return ledger_begin(ledger, ret_message);
}

void ledger_close(struct ledger *ledger)
{
    catalogue_free(ledger->catalogue);
    db_close(ledger->db);
    doc_free(ledger->doc);
    ledger->catalogue = NULL;
    ledger->db = NULL;
    ledger->doc = NULL;
}
