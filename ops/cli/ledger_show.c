/* primaflow ledger show: what the ledger has of an order, and what remains creditable of it. */
#include "commands.h"
#include "core/ledger_show.h"

#include "base/clock.h"
#include "base/money.h"
#include "domain/ledger/ledger_balance.h"

#include <inttypes.h>

enum { ARENA_MAX = 16 << 20 };

static const char *minor_text(const struct ledger_entry *e, int64_t minor,
                              char digits[static MONEY_TEXT_MAX])
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
        printf("           tax %lld.%04lld %%: %s, credited %s\n",
               (long long)(taxes[i].rate_ppm / 10000), (long long)(taxes[i].rate_ppm % 10000),
               minor_text(e, taxes[i].tax_minor, tax),
               minor_text(e, taxes[i].credited_minor, credited));
}

static void print_parts(const struct ledger_entry *e)
{
    char amount[MONEY_TEXT_MAX], credited[MONEY_TEXT_MAX], at[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct ledger_line *l = &e->lines.items[i];
        printf("  line %-3d %s  %d x %s", l->number, l->line_id, l->quantity, l->product);
        for (size_t k = 0; k < l->matrix_codes.count; k++)
            printf(" %s", l->matrix_codes.items[k]);
        printf(": %s, credited %d for %s%s\n", minor_text(e, l->amount_minor, amount),
               l->credited_quantity, minor_text(e, l->credited_minor, credited),
               l->gift_card ? ", a gift card" : "");
        print_taxes(e, l->taxes.items, l->taxes.count);
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct ledger_charge *c = &e->charges.items[i];
        printf("  charge   %s (%s): %s, credited %s\n", c->code, c->kind,
               minor_text(e, c->amount_minor, amount), minor_text(e, c->credited_minor, credited));
        print_taxes(e, c->taxes.items, c->taxes.count);
    }
    for (size_t i = 0; i < e->tenders.count; i++) {
        const struct ledger_tender *t = &e->tenders.items[i];
        printf("  tender   %s%s%s: %s, paid back %s\n", t->kind, t->gateway != NULL ? " " : "",
               t->gateway != NULL ? t->gateway : "", minor_text(e, t->amount_minor, amount),
               minor_text(e, t->credited_minor, credited));
    }
    for (size_t i = 0; i < e->credits.count; i++) {
        const struct ledger_note *c = &e->credits.items[i];
        printf("  credit   %s, refund %s: %s, %s\n", c->document, c->refund_id,
               minor_text(e, c->amount_minor, amount), clock_format(c->posted_at, at));
    }
}

static void print_later(const struct ledger_entry *e)
{
    char amount[MONEY_TEXT_MAX], at[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < e->shares.count; i++) {
        printf("  for the whole order: credited %s\n",
               minor_text(e, e->shares.items[i].credited_minor, amount));
        print_taxes(e, e->shares.items[i].taxes.items, e->shares.items[i].taxes.count);
    }
    for (size_t i = 0; i < e->owed.count; i++) {
        const struct ledger_owed *o = &e->owed.items[i];
        printf("  owed     edit %s, line %d: %d for %s, %s\n", o->edit_id, o->number, o->quantity,
               minor_text(e, o->amount_minor, amount), clock_format(o->event_time, at));
    }
}

/* What a person must tell of, and until then nobody else is credited. */
static void print_open(const struct ledger_standing *s)
{
    const struct ledger_entry *e = s->fold.entry;
    char amount[MONEY_TEXT_MAX], at[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < s->fold.open_count; i++) {
        const struct ledger_credit *c = s->fold.open[i];
        printf("  open     refund %s, %s: %s kept until a person has told whether its credit note "
               "exists\n",
               c->refund_id, clock_format(c->at, at),
               c->all ? "all that remains is" : minor_text(e, c->amount_minor, amount));
    }
    const struct ledger_credit *misfit = s->kept.misfit != NULL ? s->kept.misfit : s->fold.misfit;
    if (s->is_broken)
        printf("  the entry does not add up: nothing more of it is credited\n");
    else if (misfit != NULL)
        printf("  refund %s takes what the order does not have: nothing more of it is credited\n",
               misfit->refund_id);
}

static void print_remains(const struct ledger_standing *s)
{
    const struct ledger_entry *e = s->fold.entry;
    char remaining[MONEY_TEXT_MAX], kept[MONEY_TEXT_MAX];
    struct exact exact = {0};
    const int64_t rest = ledger_creditable(&exact, e), keeps = ledger_standing_kept(s);
    printf("  remains creditable: %s %s",
           exact.overflow ? "unknown, too large" : minor_text(e, rest, remaining), e->currency);
    if (s->kept.is_all)
        printf(", all of it kept");
    else if (keeps != 0)
        printf(", of that %s kept", minor_text(e, keeps, kept));
    printf("\n");
}

static void entry_print_text(const struct ledger_standing *s)
{
    const struct ledger_entry *e = s->fold.entry;
    char total[MONEY_TEXT_MAX], tax[MONEY_TEXT_MAX], outstanding[MONEY_TEXT_MAX];
    printf("%s\n", e->key);
    printf("  document %s, %s, version %" PRId64 "%s\n", e->document, e->order_date,
           s->group.entry->version, e->identity[0] == '\0' ? ", imported" : ", posted by a worker");
    printf("  total    %s %s, of that tax %s, outstanding %s; amounts %s tax\n",
           minor_text(e, e->total_minor, total), e->currency, minor_text(e, e->tax_minor, tax),
           minor_text(e, e->outstanding_minor, outstanding),
           e->tax_included ? "contain" : "are without");
    print_parts(e);
    print_later(e);
    print_open(s);
    print_remains(s);
}

/* An order without an entry: it ended without a document, or its entry is gone. */
static void records_print_text(const struct ledger_standing *s, const char *key)
{
    printf("%s\n", key);
    if (s->fold.is_unposted)
        printf("  not posted: %s; nothing of it can be credited\n",
               s->fold.outcome != NULL ? s->fold.outcome : "how is not known");
    for (size_t i = 0; i < s->group.record_count; i++) {
        const struct ledger_credit *c = &s->group.records[i];
        if (c->state != CREDIT_UNPOSTED)
            printf("  refund %s: %s, of an order that the ledger does not have\n", c->refund_id,
                   credit_state_names[c->state]);
    }
}

static int order_print_json(const struct cli *cli, const struct ledger_shown_order *order)
{
    struct ops_error error;
    json_t *json = NULL;
    if (ledger_shown_json(cli->ops, order, &json, &error) != OPS_DONE)
        return cli_report(&error);
    cli_print_json(json, JSON_COMPACT);
    return CLI_DONE;
}

static int order_print(const struct cli *cli, const struct ledger_shown_order *order)
{
    struct ledger_standing standing;
    struct ops_error error;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    const enum ops_kind kind = ledger_shown_read(cli->ops, order, arena, &standing, &error);
    if (kind == OPS_DONE && standing.fold.entry != NULL)
        entry_print_text(&standing);
    else if (kind == OPS_DONE)
        records_print_text(&standing, order->key);
    arena_free(arena);
    return kind == OPS_DONE ? CLI_DONE : cli_report(&error);
}

static int ledger_show_run(struct cli *cli, const struct args *args)
{
    struct ledger_shown shown;
    struct ops_error error;
    int code = CLI_DONE;
    if (ledger_show(cli->ops, args->words[0], &shown, &error) != OPS_DONE)
        code = cli_report(&error);
    for (size_t i = 0; code == CLI_DONE && i < shown.count; i++) {
        if (ledger_pages_has_any(&shown.orders[i].pages))
            code = cli->json ? order_print_json(cli, &shown.orders[i])
                             : order_print(cli, &shown.orders[i]);
    }
    ledger_shown_release(&shown);
    return code;
}

const struct command command_ledger_show = {
    .name = "ledger show",
    .synopsis = "ID",
    .summary = "show what remains creditable of one order",
    .help = "ID is the channel's order id, Prima's order number, or a key: "
            "company/orders/channel/store/order-id.\n"
            "Shows the latest entry of orders.ledger with the records of its refunds: lines, "
            "charges, tenders, what was credited of each, and what is kept for refunds that a "
            "person must tell of. --json: the entry as it is, and beside its fields records, "
            "remains_minor, kept_minor and misfit.\n"
            "Exit 65: the ledger has none.",
    .words_min = 1,
    .words_max = 1,
    .run = ledger_show_run,
};
