/* The one place that knows SQLite: a file, its prepared statements (statements.def), and one
 * transaction that gathers what arrives together.
 *
 * Invariants
 *   - Every change happens inside the open transaction, which db_change begins by itself and
 *     db_commit ends.
 *   - After db_commit the changes survive a kill -9 (they are with the kernel; a power cut is out
 *     of scope: nothing is fsynced).
 *   - A ledger that cannot be written ends the program with exit code 74: a stand-in must not go on
 *     without its books.
 * Ownership: text that db_text gives lasts until the statement's next step.
 * One thread. */
#ifndef SANDBOX_DB_H
#define SANDBOX_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum db_statement {
#define DB_STATEMENT(name, sql) DB_##name,
#include "statements.def"
#undef DB_STATEMENT
    DB_STATEMENT_COUNT
};

struct db;

/* Opens or creates `path` (":memory:": none), with unique order numbers enforced or not. -EEXIST:
 * unique is asked for and the file holds a number twice; -EIO: not to be opened, or not a
 * sandbox's. ret_message says what. */
__attribute__((warn_unused_result)) int db_open(const char *path, bool unique, struct db **ret_db,
                                                char ret_message[static 200]);
void db_close(struct db *db); /* commits; accepts NULL */

/* Runs a statement that changes; `types` names each argument: t text (const char *), i integer
 * (int64_t), b bytes (const void *, size_t), n NULL (none). -EEXIST: a uniqueness constraint
 * refused it, and nothing changed. */
__attribute__((warn_unused_result)) int db_change(struct db *db, enum db_statement statement,
                                                  const char *types, ...);
/* The same where no constraint can refuse: ends the program when one does. */
void db_write(struct db *db, enum db_statement statement, const char *types, ...);
int64_t db_last_id(const struct db *db);

/* Begins a query; then db_next until it is false, which resets it. A query that is left early needs
 * db_end. */
void db_query(struct db *db, enum db_statement statement, const char *types, ...);
bool db_next(struct db *db, enum db_statement statement);
void db_end(struct db *db, enum db_statement statement);
int64_t db_int(const struct db *db, enum db_statement statement, int column);
const char *db_text(const struct db *db, enum db_statement statement, int column);

bool db_dirty(const struct db *db); /* is a transaction open */
void db_commit(struct db *db);
void db_clear(struct db *db);  /* empties every table, and commits */
void db_mark(struct db *db);   /* what follows may be taken back ... */
void db_undo(struct db *db);   /* ... by this, */
void db_unmark(struct db *db); /* or kept */

#endif
