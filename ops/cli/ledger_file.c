/* Reading a file of open orders: every line to an entry, or to a complaint. */
#include "ledger.h"

#include "events.h"
#include "ledger_csv.h"
#include "order_rules.h"

#include <errno.h>

enum { ARENA_MAX = 8 << 20, COMPLAINTS_MAX = 20 };

struct file {
    const char *name;
    FILE *in;
    struct digest *digest;
    struct codec *codec;
    const struct order_rules *rules;
    struct ledger_items *items;
    size_t wrong;
};

static void complain(struct file *f, size_t line, const char *why)
{
    if (f->wrong++ < COMPLAINTS_MAX)
        (void)cli_fail(CLI_DATA, "%s:%zu: %s", f->name, line, why);
}

static int keep(struct file *f, size_t line, const struct ledger_draft *draft, int64_t remaining, const struct buf *bytes)
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
    *item = (struct ledger_item){
        .line = line, .bytes = malloc(bytes->size), .size = bytes->size, .currency = draft->currency, .remaining_minor = remaining};
    if (item->bytes == NULL)
        abort();
    memcpy(item->bytes, bytes->data, bytes->size);
    (void)snprintf(item->key, sizeof item->key, "%s", draft->topic_key);
    items->bytes += bytes->size;
    return 0;
}

/* One order, from whichever form. */
static void take_order(void *user, size_t line, const json_t *json)
{
    struct file *f = user;
    char why[LEDGER_WHY_MAX] = "larger than one order may be";
    struct ledger_draft draft;
    struct buf bytes;
    int64_t remaining = 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        abort();
    buf_init(&bytes, BROKER_RECORD_MAX);
    int rc = ledger_draft_read(json, f->rules, arena, &draft, why);
    if (rc == 0)
        rc = ledger_check(&draft, &remaining, why);
    if (rc == 0 && (rc = codec_encode(f->codec, &ledger_entry_record, &draft.entry, &bytes)) < 0)
        (void)snprintf(why, sizeof why,
                       rc == -ENOMEM ? "larger than a Kafka record may be" : "cannot be written by schemas/LedgerEntry.avsc");
    if (rc == 0 && (rc = keep(f, line, &draft, remaining, &bytes)) < 0)
        (void)snprintf(why, sizeof why, "more than %d orders in one file: split it", LEDGER_ORDERS_MAX);
    if (rc < 0)
        complain(f, line, why);
    buf_release(&bytes);
    arena_free(arena);
}

static void complain_csv(void *user, size_t line, const char *why)
{
    complain(user, line, why);
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
            take_order(f, number, json);
        } else {
            (void)snprintf(why, sizeof why, json == NULL ? "not JSON, at column %d: %.200s" : "not a JSON object", error.column,
                           error.text);
            complain(f, number, why);
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
            (void)snprintf(why, sizeof why, "order_id: the order of line %zu again; leave one of them", items->list[i - 1].line);
            complain(f, items->list[i].line, why);
        }
}

static int read_all(struct file *f, bool is_csv)
{
    f->digest = digest_new();
    if (is_csv)
        ledger_csv_read(f->in, f->digest, take_order, complain_csv, f);
    else
        read_json_lines(f);
    const int failed = ferror(f->in) ? errno : 0;
    digest_end(f->digest, f->items->digest);
    if (failed != 0)
        return cli_fail(CLI_DATA, "%s: cannot be read: %s; nothing was sent", f->name, strerror(failed));
    find_doubles(f);
    if (f->wrong > 0)
        return cli_fail(CLI_DATA, "%zu complaint%s; nothing was sent", f->wrong, f->wrong == 1 ? "" : "s");
    return CLI_DONE;
}

int ledger_file_read(const struct cli *cli, struct codec *codec, const char *name, bool is_csv, struct ledger_items *items)
{
    struct config_message wrong;
    void *rules = NULL;
    const bool is_stdin = strcmp(name, "-") == 0;
    if (order_rules_load(cli->config, &rules, &wrong) != 0)
        return cli_fail(CLI_CONFIG, "%s", wrong.text);
    struct file f = {.name = is_stdin ? "stdin" : name, .codec = codec, .rules = rules, .items = items};
    f.in = is_stdin ? stdin : fopen(name, "re");
    const int code = f.in == NULL ? cli_fail(CLI_DATA, "%s: %s", name, strerror(errno)) : read_all(&f, is_csv);
    if (f.in != NULL && !is_stdin)
        (void)fclose(f.in);
    order_rules_free(rules);
    return code;
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
