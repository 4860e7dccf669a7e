/* Export and import of dead letters; see dlq_file.h. */
#include "core/dlq_file.h"

#include "base/digest.h"
#include "core/audit.h"
#include "core/dlq_reread.h"
#include "core/letter_file.h"
#include "core/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- export ---- */

struct exporting {
    letter_line_take take;
    void *user;
    struct dlq_exported *told;
};

static int export_take(void *user, struct letter_case *letter, const struct kafka_record *record)
{
    struct exporting *e = user;
    json_t *line = letter_file_line(record);
    (void)letter;
    const int rc = line != NULL ? e->take(e->user, line) : -ENOMEM;
    e->told->written += rc == 0;
    json_decref(line);
    return rc;
}

static enum ops_kind audit_export(struct ops *ops, struct letter_case *const letters[],
                                  size_t count, const char *who, const char *reason,
                                  struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    struct kafka_writer *writer = NULL;
    struct digest *places = digest_new();
    uint8_t digest[DIGEST_SIZE];
    char place[LETTER_PLACE_MAX];
    for (size_t i = 0; i < count; i++) {
        dlq_place(letters[i], place);
        digest_add(places, place, strlen(place) + 1);
    }
    digest_end(places, digest);
    const struct audit audit = {.who = who,
                                .action = "dlq export",
                                .reason = reason,
                                .topic = flows[letters[0]->flow]->reads,
                                .written = count,
                                .digest = digest};
    int rc = kafka_writer_new(ops_config(ops), 1, &writer, message.text);
    if (rc == 0)
        rc = kafka_writer_begin(writer, message.text);
    if (rc == 0)
        rc = audit_add(writer, &audit, &message);
    if (rc == 0)
        rc = kafka_writer_commit(writer, message.text);
    kafka_writer_free(writer);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

enum ops_kind dlq_export(struct ops *ops, struct letter_case *letters[], size_t count,
                         const char *who, const char *reason, letter_line_take take, void *user,
                         struct dlq_exported *ret_exported, int *ret_rc,
                         struct ops_error *ret_error)
{
    struct exporting e = {take, user, ret_exported};
    *ret_exported = (struct dlq_exported){0};
    *ret_rc = 0;
    if (count == 0)
        return OPS_DONE;
    dlq_sort(letters, count);
    enum ops_kind kind = audit_export(ops, letters, count, who, reason, ret_error);
    for (size_t begin = 0, same; begin < count && kind == OPS_DONE && *ret_rc == 0; begin += same) {
        same = dlq_of_one_flow(letters + begin, count - begin);
        kind = dlq_reread(ops, letters + begin, same, export_take, &e, ret_rc, ret_error);
        for (size_t i = begin; i < begin + same && kind == OPS_DONE && *ret_rc == 0; i++)
            ret_exported->gone += !letters[i]->seen;
    }
    return kind;
}

/* ---- import: the file's letters ---- */

struct import_reading {
    struct dlq_import *import;
    struct complaints *complaints;
};

static int import_keep(struct dlq_import *import, struct letter_case *letter)
{
    if (import->count == import->room) {
        const size_t room = import->room > 0 ? 2 * import->room : 64;
        struct letter_case **more = realloc(import->letters, room * sizeof(struct letter_case *));
        if (more == NULL)
            return -ENOMEM;
        import->letters = more;
        import->room = room;
    }
    letter->seen = true;
    import->letters[import->count++] = letter;
    return 0;
}

/* A letter that is in Kafka still is known by its delivery and place. */
static int import_enter(struct dlq_import *import, const struct letter_line *line)
{
    const struct dead_letter *letter = &line->letter;
    char place[LETTER_PLACE_MAX];
    dead_letter_place(letter, place);
    struct letter_case *c =
        letter_book_find(&import->book, letter->delivery[0] != '\0' ? letter->delivery : place);
    if (c == NULL || c->partition != letter->partition || c->offset != letter->offset) {
        if (letter_book_enter(&import->book, letter, line->record.key, line->record.key_size, &c) !=
            0)
            return -ENOMEM;
        c->seen = false;
    }
    return c->seen ? 0 : import_keep(import, c);
}

static int import_line(void *user, struct spool *spool, const json_t *json,
                       char ret_why[static 300])
{
    struct letter_line line;
    (void)spool;
    int rc = letter_file_read(json, &line, ret_why);
    if (rc != 0)
        return rc;
    rc = import_enter(user, &line);
    if (rc != 0)
        (void)snprintf(ret_why, 300, "no memory for so many dead letters");
    letter_line_release(&line);
    return rc;
}

static enum ops_kind import_file(struct dlq_import *import, spool_line line, void *user,
                                 struct complaints *ret_complaints, struct ops_error *ret_error)
{
    struct spool unused;
    if (fseek(import->in, 0, SEEK_SET) != 0)
        return ops_fail(ret_error, OPS_DATA, "give a file",
                        "%s can be read only once, and is read twice: to be checked, and sent",
                        import->name);
    spool_init(&unused);
    const enum ops_kind kind =
        spool_read(&unused, import->in, import->name, line, user, ret_complaints, ret_error);
    spool_release(&unused);
    return kind;
}

static enum ops_kind enter_file(void *user, struct letter_book *book, struct ops_error *ret_error)
{
    const struct import_reading *r = user;
    for (size_t i = 0; i < book->count; i++)
        letter_book_at(book, i)->seen = false;
    return import_file(r->import, import_line, r->import, r->complaints, ret_error);
}

enum ops_kind dlq_import_read(struct ops *ops, struct dlq_import *import,
                              struct complaints *ret_complaints,
                              char ret_incomplete[static KAFKA_TEXT_MAX],
                              struct ops_error *ret_error)
{
    struct import_reading reading = {import, ret_complaints};
    const struct dlq_options options = {.enter = enter_file, .user = &reading};
    return dlq_read(ops, &options, &import->book, ret_incomplete, ret_error);
}

void dlq_import_release(struct dlq_import *import)
{
    letter_book_release(&import->book);
    free(import->letters);
    import->letters = NULL;
}

void dlq_import_choose(struct dlq_import *import, bool again)
{
    size_t kept = 0;
    memset(import->left, 0, sizeof import->left);
    for (size_t i = 0; i < import->count; i++) {
        struct letter_case *c = import->letters[i];
        if (c->state == LETTER_OPEN || (again && c->state == LETTER_RETRIED))
            import->letters[kept++] = c;
        else
            import->left[c->state]++;
    }
    import->count = kept;
}

/* ---- import: sending ---- */

struct import_source {
    struct letter_case *const *letters;
    size_t count;
    dlq_reread_seen seen;
    void *user;
    int rc;
};

static int source_line(void *user, struct spool *spool, const json_t *json,
                       char ret_why[static 300])
{
    struct import_source *s = user;
    struct letter_line line;
    (void)spool;
    const int rc = s->rc == 0 ? letter_file_read(json, &line, ret_why) : 0;
    if (rc != 0 || s->rc != 0)
        return rc;
    struct letter_case *letter = dlq_find_sorted(s->letters, s->count, &line.record);
    if (letter != NULL && flows[letter->flow] == line.letter.flow && !letter->seen) {
        letter->seen = true;
        s->rc = s->seen(s->user, letter, &line.record);
    }
    letter_line_release(&line);
    return 0;
}

/* As dlq_reread, of the file. */
static enum ops_kind import_reread(void *user, struct letter_case *const letters[], size_t count,
                                   dlq_reread_seen seen, void *seen_user, int *ret_rc,
                                   struct ops_error *ret_error)
{
    struct import_source source = {
        .letters = letters, .count = count, .seen = seen, .user = seen_user};
    struct complaints complaints = {.count = 0};
    for (size_t i = 0; i < count; i++)
        letters[i]->seen = false;
    const enum ops_kind kind = import_file(user, source_line, &source, &complaints, ret_error);
    *ret_rc = source.rc;
    return kind;
}

enum ops_kind dlq_import_send(struct ops *ops, struct dlq_import *import,
                              const struct dlq_retry_options *options,
                              struct dlq_retried *ret_retried, struct ops_error *ret_error)
{
    struct dlq_retry_options from_file = *options;
    from_file.source = import_reread;
    from_file.source_user = import;
    from_file.action = "dlq import";
    return dlq_retry(ops, &import->book, import->letters, import->count, &from_file, ret_retried,
                     ret_error);
}
