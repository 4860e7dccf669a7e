/* primaflow ledger show: what the ledger has of an order, and what remains creditable of it. */
#include "broker.h"
#include "commands.h"
#include "events.h"
#include "ledger.h"
#include "why.h"

#include "base/clock.h"
#include "base/money.h"

#include <errno.h>
#include <inttypes.h>

enum { ARENA_MAX = 16 << 20 };

/* The latest record of one of the orders that the id may mean. */
struct shown {
    struct why_id ids[WHY_ORDERS_MAX];
    struct {
        void *bytes; /* NULL: none, or taken back */
        size_t size;
        int32_t partition;
        int64_t at_ms;
    } entries[WHY_ORDERS_MAX];
    size_t count;
};

static int take(void *user, const struct broker_record *record)
{
    struct shown *s = user;
    for (size_t i = 0; record->key != NULL && i < s->count; i++) {
        if (record->key_size != strlen(s->ids[i].kafka) || memcmp(record->key, s->ids[i].kafka, record->key_size) != 0)
            continue;
        if (s->entries[i].at_ms > record->timestamp_ms && s->entries[i].partition != record->partition)
            continue;
        free(s->entries[i].bytes);
        s->entries[i].bytes = record->value != NULL ? malloc(record->value_size + 1) : NULL;
        s->entries[i].size = record->value_size;
        s->entries[i].partition = record->partition;
        s->entries[i].at_ms = record->timestamp_ms;
        if (s->entries[i].bytes != NULL)
            memcpy(s->entries[i].bytes, record->value, record->value_size);
    }
    return 0;
}

/* ---- printing ---- */

static const char *show(const struct ledger_entry *e, int64_t minor, char digits[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(e->currency);
    if (currency == NULL)
        (void)snprintf(digits, MONEY_TEXT_MAX, "%" PRId64, minor);
    else
        (void)money_digits((struct money){minor, currency}, digits);
    return digits;
}

static void print_taxes(const struct ledger_entry *e, const struct ledger_tax taxes[], size_t count)
{
    char tax[MONEY_TEXT_MAX], credited[MONEY_TEXT_MAX];
    for (size_t i = 0; i < count; i++)
        printf("           tax %lld.%04lld %%: %s, credited %s\n", (long long)(taxes[i].rate_ppm / 10000),
               (long long)(taxes[i].rate_ppm % 10000), show(e, taxes[i].tax_minor, tax), show(e, taxes[i].credited_minor, credited));
}

static void print_parts(const struct ledger_entry *e)
{
    char amount[MONEY_TEXT_MAX], credited[MONEY_TEXT_MAX], at[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct ledger_line *l = &e->lines.items[i];
        printf("  line %-3d %s  %d x %s", l->number, l->line_id, l->quantity, l->product);
        for (size_t k = 0; k < l->matrix_codes.count; k++)
            printf(" %s", l->matrix_codes.items[k]);
        printf(": %s, credited %d for %s%s\n", show(e, l->amount_minor, amount), l->credited_quantity, show(e, l->credited_minor, credited),
               l->gift_card ? ", a gift card" : "");
        print_taxes(e, l->taxes.items, l->taxes.count);
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct ledger_charge *c = &e->charges.items[i];
        printf("  charge   %s (%s): %s, credited %s\n", c->code, c->kind, show(e, c->amount_minor, amount),
               show(e, c->credited_minor, credited));
        print_taxes(e, c->taxes.items, c->taxes.count);
    }
    for (size_t i = 0; i < e->tenders.count; i++) {
        const struct ledger_tender *t = &e->tenders.items[i];
        printf("  tender   %s%s%s: %s, paid back %s\n", t->kind, t->gateway != NULL ? " " : "", t->gateway != NULL ? t->gateway : "",
               show(e, t->amount_minor, amount), show(e, t->credited_minor, credited));
    }
    for (size_t i = 0; i < e->credits.count; i++) {
        const struct ledger_credit *c = &e->credits.items[i];
        printf("  credit   %s, refund %s: %s, %s\n", c->document, c->refund_id, show(e, c->amount_minor, amount),
               clock_format(c->posted_at, at));
    }
}

static int64_t remaining_of(const struct ledger_entry *e)
{
    int64_t remaining = e->total_minor;
    for (size_t i = 0; i < e->lines.count; i++) {
        remaining -= e->lines.items[i].credited_minor;
        for (size_t k = 0; !e->tax_included && k < e->lines.items[i].taxes.count; k++)
            remaining -= e->lines.items[i].taxes.items[k].credited_minor;
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        remaining -= e->charges.items[i].credited_minor;
        for (size_t k = 0; !e->tax_included && k < e->charges.items[i].taxes.count; k++)
            remaining -= e->charges.items[i].taxes.items[k].credited_minor;
    }
    return remaining;
}

static void print_text(const struct ledger_entry *e)
{
    char total[MONEY_TEXT_MAX], tax[MONEY_TEXT_MAX], outstanding[MONEY_TEXT_MAX], remaining[MONEY_TEXT_MAX];
    printf("%s\n", e->key);
    printf("  document %s, %s, version %" PRId64 "%s\n", e->document, e->order_date, e->version,
           e->identity[0] == '\0' ? ", imported" : ", posted by a worker");
    printf("  total    %s %s, of that tax %s, outstanding %s; amounts %s tax\n", show(e, e->total_minor, total), e->currency,
           show(e, e->tax_minor, tax), show(e, e->outstanding_minor, outstanding), e->tax_included ? "contain" : "are without");
    print_parts(e);
    printf("  remains creditable: %s %s\n", show(e, remaining_of(e), remaining), e->currency);
}

static int print_json(struct codec *codec, const void *bytes, size_t size)
{
    struct codec_fault fault = {0};
    json_t *json = events_to_json(codec, bytes, size, &fault);
    if (json == NULL)
        return cli_fail(CLI_DATA, "the entry cannot be read: %s", pf_error_info(fault.code)->name);
    (void)json_dumpf(json, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(json);
    return CLI_DONE;
}

static int print_entry(const struct cli *cli, struct codec *codec, const void *bytes, size_t size)
{
    struct ledger_entry entry;
    struct codec_fault fault = {0};
    if (cli->json)
        return print_json(codec, bytes, size);
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    int rc = codec_decode(codec, &ledger_entry_record, bytes, size, arena, &entry, &fault), code = CLI_DONE;
    if (rc == -EAGAIN && codec_fetch(codec, bytes, size) == 0)
        rc = codec_decode(codec, &ledger_entry_record, bytes, size, arena, &entry, &fault);
    if (rc == 0)
        print_text(&entry);
    else
        code = cli_fail(CLI_DATA, "the entry cannot be read: %s", pf_error_info(fault.code)->name);
    arena_free(arena);
    return code;
}

static int run(struct cli *cli, const struct args *args)
{
    const char *const topics[] = {ledger_topic};
    const struct broker_range range = {.from = BROKER_FROM_BEGINNING, .partition = -1};
    struct broker_message message = {""};
    struct codec *codec = NULL;
    struct shown *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    int code = why_ids(cli, args->words[0], s->ids, &s->count);
    if (code == CLI_DONE)
        code = events_codec_open(cli, &codec);
    const int rc = code == CLI_DONE ? broker_read(cli->config, topics, 1, &range, take, s, &message) : 0;
    if (rc != 0)
        code = cli_fail(broker_exit_code(rc), "%s", message.text);
    size_t found = 0;
    for (size_t i = 0; i < s->count; i++) {
        found += s->entries[i].bytes != NULL;
        if (code == CLI_DONE && s->entries[i].bytes != NULL)
            code = print_entry(cli, codec, s->entries[i].bytes, s->entries[i].size);
        free(s->entries[i].bytes);
    }
    if (code == CLI_DONE && found == 0)
        code = cli_fail(CLI_DATA, "the ledger has no entry of %s", args->words[0]);
    codec_close(codec);
    free(s);
    return code;
}

const struct command command_ledger_show = {
    .name = "ledger show",
    .synopsis = "ID",
    .summary = "what remains creditable of one order",
    .help = "ID is the channel's order id, Prima's order number, or a key: company/orders/channel/store/order-id.\n"
            "Shows the latest entry of orders.ledger: lines, charges, tenders, and what was credited of each. --json: the entry as it is.\n"
            "Exit 65: the ledger has none.",
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
