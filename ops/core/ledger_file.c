/* Reading a file of open orders: every line to an entry, or to a complaint. */
#include "core/ledger_import.h"

#include "core/events.h"
#include "core/ledger_csv.h"
#include "order_flow.h"
#include "domain/mappings/order_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { ARENA_MAX = 8 << 20 };

struct file {
    const char *name;
    FILE *in;
    struct digest *digest;
    struct codec *codec;
    const struct order_rules *rules;
    struct ledger_items *items;
    struct complaints *complaints;
};

static void file_complain(struct file *f, size_t line, const char *why)
{
    complaints_add(f->complaints, line, "%s", why);
}

static int item_add(struct file *f, size_t line, const struct ledger_draft *draft,
                    int64_t remaining, const struct buf *bytes)
{
    struct ledger_items *items = f->items;
    if (items->count == LEDGER_ORDERS_MAX)
        return -ENOSPC;
    if (items->count == items->room) {
        const size_t room = items->room > 0 ? 2 * items->room : 64;
        struct ledger_item *more = realloc(items->list, room * sizeof *more);
        if (more == NULL)
            abort();
        items->list = more;
        items->room = room;
    }
    struct ledger_item *item = &items->list[items->count++];
    *item = (struct ledger_item){.line = line,
                                 .bytes = malloc(bytes->size),
                                 .size = bytes->size,
                                 .currency = draft->currency,
                                 .remaining_minor = remaining};
    if (item->bytes == NULL)
        abort();
    memcpy(item->bytes, bytes->data, bytes->size);
    (void)snprintf(item->key, sizeof item->key, "%s", draft->topic_key);
    items->bytes += bytes->size;
    return 0;
}

/* One order, from whichever form. */
static void order_take(void *user, size_t line, const json_t *json)
{
    struct file *f = user;
    char why[LEDGER_WHY_MAX] = "larger than one order may be";
    struct ledger_draft draft;
    struct buf bytes;
    int64_t remaining = 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        abort();
    buf_init(&bytes, KAFKA_RECORD_MAX);
    int rc = ledger_draft_read(json, f->rules, arena, &draft, why);
    if (rc == 0)
        rc = ledger_check(&draft, &remaining, why);
    if (rc == 0 && (rc = codec_encode(f->codec, &ledger_entry_record, &draft.entry, &bytes)) < 0)
        (void)snprintf(why, sizeof why,
                       rc == -ENOMEM ? "larger than a Kafka record may be"
                                     : "cannot be written by schemas/LedgerEntry.avsc");
    if (rc == 0 && (rc = item_add(f, line, &draft, remaining, &bytes)) < 0)
        (void)snprintf(why, sizeof why, "more than %d orders in one file: split it",
                       LEDGER_ORDERS_MAX);
    if (rc < 0)
        file_complain(f, line, why);
    buf_release(&bytes);
    arena_free(arena);
}

static void complain_csv(void *user, size_t line, const char *why)
{
    file_complain(user, line, why);
}

static void read_json_lines(struct file *f)
{
    char *text = NULL, why[LEDGER_WHY_MAX];
    size_t room = 0, number = 0;
    ssize_t size;
    while ((size = getline(&text, &room, f->in)) >= 0) {
        json_error_t error;
        number++;
        digest_add(f->digest, text, (size_t)size);
        if (text[strspn(text, " \t\r\n")] == '\0' && (size_t)size == strlen(text))
            continue;
        json_t *json = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(json)) {
            order_take(f, number, json);
        } else {
            (void)snprintf(why, sizeof why,
                           json == NULL ? "not JSON, at column %d: %.200s" : "not a JSON object",
                           error.column, error.text);
            file_complain(f, number, why);
        }
        json_decref(json);
    }
    free(text);
}

static int by_key(const void *a_, const void *b_)
{
    const struct ledger_item *a = a_, *b = b_;
    const int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static void find_doubles(struct file *f)
{
    const struct ledger_items *items = f->items;
    char why[LEDGER_WHY_MAX];
    if (items->count > 0)
        qsort(items->list, items->count, sizeof *items->list, by_key);
    for (size_t i = 1; i < items->count; i++)
        if (strcmp(items->list[i].key, items->list[i - 1].key) == 0) {
            (void)snprintf(why, sizeof why,
                           "order_id: the order of line %zu again; leave one of them",
                           items->list[i - 1].line);
            file_complain(f, items->list[i].line, why);
        }
}

static enum ops_kind read_all(struct file *f, bool is_csv, struct ops_error *ret_error)
{
    f->digest = digest_new();
    if (is_csv)
        ledger_csv_read(f->in, f->digest, order_take, complain_csv, f);
    else
        read_json_lines(f);
    const int failed = ferror(f->in) ? errno : 0;
    digest_end(f->digest, f->items->digest);
    if (failed != 0)
        return ops_fail(ret_error, OPS_DATA, NULL, "%s: cannot be read: %s; nothing was sent",
                        f->name, strerror(failed));
    find_doubles(f);
    if (f->complaints->count > 0)
        return ops_fail(ret_error, OPS_DATA, NULL, "%zu complaint%s; nothing was sent",
                        f->complaints->count, f->complaints->count == 1 ? "" : "s");
    return OPS_DONE;
}

enum ops_kind ledger_file_read(struct ops *ops, FILE *in, const char *name, bool is_csv,
                               struct ledger_items *ret_items, struct complaints *ret_complaints,
                               struct ops_error *ret_error)
{
    struct file f = {.name = name, .in = in, .items = ret_items, .complaints = ret_complaints};
    const void *rules = NULL;
    enum ops_kind kind = ops_codec(ops, &f.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, &order_flow, &rules, ret_error);
    f.rules = rules;
    return kind == OPS_DONE ? read_all(&f, is_csv, ret_error) : kind;
}

void ledger_items_release(struct ledger_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        free(items->list[i].bytes);
        free(items->list[i].found);
    }
    free(items->list);
    *items = (struct ledger_items){.list = NULL};
}
