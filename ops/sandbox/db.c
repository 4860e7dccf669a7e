/* SQLite behind plain verbs; see db.h. */
#include "db.h"

#include "embedded.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sysexits.h>

enum {
    APPLICATION_ID = 0x50524D53,
    /* "PRMS": a file of ours, not just any database */ SCHEMA_VERSION = 3
};

struct db {
    sqlite3 *handle;
    sqlite3_stmt *statements[DB_STATEMENT_COUNT];
    bool dirty;
};

static const char *const statement_sql[] = {
#define DB_STATEMENT(name, sql) sql,
#include "statements.def"
#undef DB_STATEMENT
};

static _Noreturn void die(const struct db *db, enum db_statement statement)
{
    (void)fprintf(stderr, "prima-sandbox: the ledger cannot be used: %s (in: %.60s)\n",
                  sqlite3_errmsg(db->handle), statement_sql[statement]);
    exit(EX_IOERR);
}

static int db_run(struct db *db, const char *sql, char ret_message[static 200])
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    (void)snprintf(ret_message, 200, "%s", sqlite3_errmsg(db->handle));
    return (sqlite3_errcode(db->handle) & 0xff) == SQLITE_CONSTRAINT ? -EEXIST : -EIO;
}

static int64_t db_ask(struct db *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return value;
}

static int check_ours(struct db *db, char ret_message[static 200])
{
    const int64_t tables = db_ask(db, "SELECT count(*) FROM sqlite_master"),
                  id = db_ask(db, "PRAGMA application_id"),
                  version = db_ask(db, "PRAGMA user_version");
    if (tables < 0) {
        (void)snprintf(ret_message, 200, "%s", sqlite3_errmsg(db->handle));
        return -EIO;
    }
    if (tables > 0 && (id != APPLICATION_ID || version != SCHEMA_VERSION)) {
        (void)snprintf(ret_message, 200,
                       "not a database of this version of prima-sandbox: name another --db file");
        return -EIO;
    }
    return 0;
}

static int set_up(struct db *db, bool unique, char ret_message[static 200])
{
    /* No fsync: what a test kills is this process, not the machine. Checkpoints are rare: each
     * copies pages that were written once already. */
    int result = db_run(db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA "
                        "wal_autocheckpoint = 8000; PRAGMA cache_size = -65536;"
                        " PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                        ret_message);
    if (result == 0)
        result = db_run(db, (const char *)embedded_schema_sql, ret_message);
    if (result == 0) {
        char pragmas[100];
        (void)snprintf(pragmas, sizeof pragmas,
                       "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
                       SCHEMA_VERSION);
        result = db_run(db, pragmas, ret_message);
    }
    static const char *const indexes[][2] = {{"orders", "order_number"},
                                             {"credit_notes", "credit_number"},
                                             {"adjustments", "adjustment_number, position"},
                                             {"customers", "customer_ref"}};
    for (size_t i = 0; result == 0 && i < sizeof indexes / sizeof *indexes; i++) {
        char sql[300];
        const char *partial = i == 3 && unique ? " WHERE customer_ref <> ''" : "";
        (void)snprintf(
            sql, sizeof sql,
            "DROP INDEX IF EXISTS %s_number; CREATE %sINDEX %s_number ON %s (%s, company)%s",
            indexes[i][0], unique ? "UNIQUE " : "", indexes[i][0], indexes[i][0], indexes[i][1],
            partial);
        result = db_run(db, sql, ret_message);
        if (result == -EEXIST)
            (void)snprintf(ret_message, 200,
                           "%s has the same number twice: use --unique off, or another --db file",
                           indexes[i][0]);
    }
    return result;
}

static int prepare(struct db *db, char ret_message[static 200])
{
    for (size_t i = 0; i < DB_STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(db->handle, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK) {
            (void)snprintf(ret_message, 200, "%s (in: %.60s)", sqlite3_errmsg(db->handle),
                           statement_sql[i]);
            return -EIO;
        }
    return 0;
}

int db_open(const char *path, bool unique, struct db **ret_db, char ret_message[static 200])
{
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return -ENOMEM;
    int result = 0;
    /* One thread uses SQLite, and nobody asks how much memory it has: no locks around either.
     * Refused, and no matter, when it runs already. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        (void)snprintf(ret_message, 200, "%s",
                       db->handle == NULL ? "out of memory" : sqlite3_errmsg(db->handle));
        result = -EIO;
    }
    if (result == 0) {
        (void)sqlite3_busy_timeout(
            db->handle, 5000); /* somebody's own sqlite3 shell may hold the file for a moment */
        result = check_ours(db, ret_message);
    }
    if (result == 0)
        result = set_up(db, unique, ret_message);
    if (result == 0)
        result = prepare(db, ret_message);
    if (result < 0)
        db_close(db);
    else
        *ret_db = db;
    return result;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_commit(db);
    for (size_t i = 0; i < DB_STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(db->statements[i]);
    (void)sqlite3_close(db->handle);
    free(db);
}

static void bind(struct db *db, enum db_statement statement, const char *types, va_list args)
{
    sqlite3_stmt *s = db->statements[statement];
    int result = SQLITE_OK;
    for (int i = 1; types[i - 1] != '\0' && result == SQLITE_OK; i++) {
        const void *bytes;
        switch (types[i - 1]) {
        case 't':
            result = sqlite3_bind_text(s, i, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        case 'i':
            result = sqlite3_bind_int64(s, i, va_arg(args, int64_t));
            break;
        case 'b':
            bytes = va_arg(args, const void *);
            result = sqlite3_bind_blob64(s, i, bytes, va_arg(args, size_t), SQLITE_STATIC);
            break;
        default:
            result = sqlite3_bind_null(s, i);
        }
    }
    if (result != SQLITE_OK)
        die(db, statement);
}

static void step_once(struct db *db, enum db_statement statement)
{
    if (sqlite3_step(db->statements[statement]) != SQLITE_DONE)
        die(db, statement);
    (void)sqlite3_reset(db->statements[statement]);
}

static bool change(struct db *db, enum db_statement statement, const char *types, va_list args,
                   bool may_exist)
{
    if (!db->dirty) {
        step_once(db, DB_BEGIN);
        db->dirty = true;
    }
    bind(db, statement, types, args);
    const int result = sqlite3_step(db->statements[statement]),
              reason = sqlite3_extended_errcode(db->handle);
    if (result != SQLITE_DONE && (!may_exist || (reason != SQLITE_CONSTRAINT_UNIQUE &&
                                                 reason != SQLITE_CONSTRAINT_PRIMARYKEY)))
        die(db, statement);
    (void)sqlite3_reset(db->statements[statement]);
    return result == SQLITE_DONE;
}

int db_change(struct db *db, enum db_statement statement, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    const bool done = change(db, statement, types, args, true);
    va_end(args);
    return done ? 0 : -EEXIST;
}

void db_write(struct db *db, enum db_statement statement, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    (void)change(db, statement, types, args, false);
    va_end(args);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

void db_query(struct db *db, enum db_statement statement, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    bind(db, statement, types, args);
    va_end(args);
}

bool db_next(struct db *db, enum db_statement statement)
{
    const int result = sqlite3_step(db->statements[statement]);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        die(db, statement);
    db_end(db, statement);
    return false;
}

void db_end(struct db *db, enum db_statement statement)
{
    (void)sqlite3_reset(db->statements[statement]);
}

int64_t db_int(const struct db *db, enum db_statement statement, int column)
{
    return sqlite3_column_int64(db->statements[statement], column);
}

const char *db_text(const struct db *db, enum db_statement statement, int column)
{
    const unsigned char *text = sqlite3_column_text(db->statements[statement], column);
    return text == NULL ? "" : (const char *)text;
}

bool db_dirty(const struct db *db)
{
    return db->dirty;
}

void db_commit(struct db *db)
{
    if (!db->dirty)
        return;
    step_once(db, DB_COMMIT);
    db->dirty = false;
}

void db_clear(struct db *db)
{
    static const char *const tables[] = {"adjustments",
                                         "credit_note_payments",
                                         "credit_note_charges",
                                         "credit_note_lines",
                                         "credit_notes",
                                         "order_payments",
                                         "order_charges",
                                         "despatch_lines",
                                         "despatches",
                                         "order_lines",
                                         "orders",
                                         "customers",
                                         "stock",
                                         "depots",
                                         "products",
                                         "requests"};
    db_commit(db);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[64], message[200];
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s", tables[i]);
        if (db_run(db, sql, message) < 0)
            die(db, DB_COMMIT);
    }
}

void db_mark(struct db *db)
{
    if (!db->dirty) {
        step_once(db, DB_BEGIN);
        db->dirty = true;
    }
    step_once(db, DB_MARK);
}

void db_undo(struct db *db)
{
    step_once(db, DB_UNDO);
    step_once(db, DB_UNMARK);
}

void db_unmark(struct db *db)
{
    step_once(db, DB_UNMARK);
}
