/* primaflow import shopify orders: Shopify's order JSON as our events, printed or sent, all of a
 * file or nothing; with --skip-bad all that can be read. */
#include "commands.h"
#include "core/events.h"
#include "core/send.h"
#include "shopify_bad.h"
#include "shopify_import.h"
#include "kafka/topics.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

enum { OUTPUT_BYTES_MAX = SPOOL_BYTES_MAX };

struct options {
    const char *store, *channel, *gift_wrap_sku, *skip_bad;
    bool ignore_fulfilments, to_kafka;
};

static const struct options defaults = {.channel = "shopify"};

static const struct arg args_table[] = {
    {"--store", ARG_TEXT, offsetof(struct options, store), "NAME",
     "the store, as in channels.yaml (required)", 0, 0},
    {"--channel", ARG_TEXT, offsetof(struct options, channel), "NAME",
     "the channel, as in channels.yaml (shopify)", 0, 0},
    {"--gift-wrap-sku", ARG_TEXT, offsetof(struct options, gift_wrap_sku), "SKU",
     "lines of this SKU are gift wrap: a charge, not goods", 0, 0},
    {"--ignore-fulfilments", ARG_FLAG, offsetof(struct options, ignore_fulfilments), NULL,
     "ignore fulfilment locations for the lines' location", 0, 0},
    {"--skip-bad", ARG_TEXT, offsetof(struct options, skip_bad), "FILE",
     "import the other orders when some are invalid; those are written here with the reasons", 0,
     0},
    {"--to-kafka", ARG_FLAG, offsetof(struct options, to_kafka), NULL,
     "send to orders.raw instead of printing", 0, 0},
};

struct sink {
    const struct cli *cli;
    const struct options *options;
    struct event_maker *maker; /* --to-kafka */
    struct spool spool;
    struct buf text;
    struct shopify_bad *bad; /* --skip-bad */
    struct shopify_imported imported;
};

static int text_add(const char *piece, size_t size, void *text)
{
    buf_append(text, piece, size);
    return ((struct buf *)text)->failed ? -1 : 0;
}

static bool event_take(void *user, const json_t *event, char why[static 300])
{
    struct sink *s = user;
    if (s->options->to_kafka)
        return events_line(s->maker, &s->spool, event, why) == 0;
    const bool taken = json_dump_callback(event, text_add, &s->text, JSON_COMPACT) == 0;
    buf_byte(&s->text, '\n');
    return taken && !s->text.failed;
}

/* The summary stands where the events do not. */
static void summary_print(const struct sink *s)
{
    const struct shopify_imported *n = &s->imported;
    const size_t taken = n->created + n->edited + n->cancelled;
    if (s->cli->json && s->options->to_kafka)
        cli_print_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "topic", topic_orders_raw,
                                 "records", (json_int_t)taken, "created", (json_int_t)n->created,
                                 "edited", (json_int_t)n->edited, "cancelled",
                                 (json_int_t)n->cancelled, "test", (json_int_t)n->tests, "bad",
                                 (json_int_t)n->wrong),
                       0);
    else
        cli_say("%zu orders %s: %zu as placed, %zu edited, %zu cancelled; %zu of them tests", taken,
                s->options->to_kafka ? "sent to orders.raw" : "imported", n->created, n->edited,
                n->cancelled, n->tests);
}

static int import_hand_over(struct sink *s)
{
    struct ops_error error;
    int code = CLI_DONE;
    if (s->options->to_kafka)
        code = s->spool.count == 0 ||
                       send_spool(s->cli->ops, &s->spool, topic_orders_raw, &error) == OPS_DONE
                   ? CLI_DONE
                   : cli_report(&error);
    else
        code = cli_write(s->text.data, s->text.size);
    if (code == CLI_DONE)
        summary_print(s);
    return code;
}

/* What to do about `wrong`. What is no JSON cannot be corrected: it is not known what was there. */
static const char *import_remedy(const struct shopify_imported *n)
{
    return n->unread == 0          ? "correct them and import that file"
           : n->unread == n->wrong ? "export the file again, for what could not be read is missing"
                                   : "correct the orders in it and import that file; what could "
                                     "not be read is missing: export it again";
}

static int import_refuse(const struct sink *s, const char *name, const char *none)
{
    const struct shopify_imported *n = &s->imported;
    const size_t orders_wrong = n->wrong - n->unread;
    return cli_fail(CLI_DATA, "%s: %zu complaints about %zu of %zu orders; %s%s", name,
                    n->complaints.count, n->wrong, n->found + n->unread, none,
                    n->found > orders_wrong ? ". To take the others, add --skip-bad FILE" : "");
}

/* What was complained of is safe before the first of the others is sent. */
static int import_deliver(struct sink *s, const char *name)
{
    const char *none = s->options->to_kafka ? "nothing was sent" : "nothing was printed";
    const struct shopify_imported *n = &s->imported;
    const char *bad = s->options->skip_bad;
    if (n->complaints.count > COMPLAINTS_MAX)
        (void)cli_fail(CLI_DATA, "%s: and %zu more complaints", name,
                       n->complaints.count - COMPLAINTS_MAX);
    if (n->wrong > 0 && bad == NULL)
        return import_refuse(s, name, none);
    const int rc = bad != NULL ? shopify_bad_keep(s->bad) : 0;
    if (rc < 0)
        return cli_fail(CLI_UNAVAILABLE, "%s: cannot be written: %s; %s", bad, strerror(-rc), none);
    if (n->found == 0 && n->wrong == 0) {
        cli_warn("%s holds no orders: %s", name, none);
        return CLI_DONE;
    }
    const int code = import_hand_over(s);
    if (code != CLI_DONE || n->wrong == 0)
        return code;
    return cli_fail(CLI_DATA, "%s: %zu complaints about %zu of %zu orders; written to %s: %s", name,
                    n->complaints.count, n->wrong, n->found + n->unread, bad, import_remedy(n));
}

/* As the natural key needs it (order_key.h): said before a file is read. */
static int import_name_check(const char *option, const char *name)
{
    const char *p = name != NULL ? name : "";
    while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("._-", *p) != NULL))
        p++;
    if (name != NULL && p > name && *p == '\0')
        return CLI_DONE;
    return cli_fail(CLI_USAGE,
                    "import shopify orders %s: %s; see: primaflow import shopify orders --help",
                    option,
                    name == NULL ? "which shop is it? The JSON does not say"
                                 : "a name is letters, digits, '.', '_' and '-'");
}

/* Also by a link, or where the shell opened it. */
static bool is_same_file(FILE *in, const char *path)
{
    struct stat a, b;
    return fstat(fileno(in), &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int import_file(struct sink *s, const char *name)
{
    const struct options *o = s->options;
    const struct shopify_order_options wanted = {.channel = o->channel,
                                                 .store = o->store,
                                                 .gift_wrap_sku = o->gift_wrap_sku,
                                                 .ignore_fulfilments = o->ignore_fulfilments};
    FILE *in = cli_open(&name);
    if (in == NULL)
        return CLI_DATA;
    if (o->skip_bad != NULL && is_same_file(in, o->skip_bad)) {
        cli_close(in);
        return cli_fail(CLI_USAGE,
                        "--skip-bad %s: is the file that is imported, and would be overwritten; "
                        "name another one",
                        o->skip_bad);
    }
    if (o->skip_bad != NULL && (s->bad = shopify_bad_new(o->skip_bad, name)) == NULL) {
        const int error = errno;
        cli_close(in);
        return cli_fail(CLI_UNAVAILABLE, "%s: cannot be written: %s; nothing was read", o->skip_bad,
                        strerror(error));
    }
    const struct shopify_refused refused = shopify_bad_sink(s->bad);
    const int rc = shopify_import_orders(in, &wanted, event_take, s,
                                         s->bad != NULL ? &refused : NULL, &s->imported);
    cli_close(in);
    cli_complaints(&s->imported.complaints, name);
    return rc == 0 ? import_deliver(s, name)
                   : cli_fail(CLI_DATA, "%s:%zu: cannot be read further: %s", name,
                              s->imported.line + 1, strerror(-rc));
}

static int import_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct sink s = {.cli = cli, .options = o};
    struct ops_error error;
    int code = import_name_check("--store", o->store);
    if (code == CLI_DONE)
        code = import_name_check("--channel", o->channel);
    if (code != CLI_DONE)
        return code;
    if (o->to_kafka && events_maker_new(cli->ops, topic_orders_raw, &s.maker, &error) != OPS_DONE)
        return cli_report(&error);
    spool_init(&s.spool);
    buf_init(&s.text, OUTPUT_BYTES_MAX);
    code = import_file(&s, args->words[0]);
    shopify_bad_free(s.bad);
    spool_release(&s.spool);
    buf_release(&s.text);
    events_maker_free(s.maker);
    return code;
}

const struct command command_import_shopify_orders = {
    .name = "import shopify orders",
    .synopsis = "FILE|-",
    .summary = "convert Shopify's order JSON to events of orders.raw, all or nothing",
    .help =
        "FILE is what Shopify's REST Admin API answers (GET /orders.json?status=any, "
        "/orders/ID.json) or its webhooks bring: {\"orders\": "
        "[...]},\n"
        "{\"order\": {...}}, one bare order, or one a line. Printed are events, one a line, as "
        "`primaflow produce orders.raw` takes them.\n"
        "The REST order has no transactions: put the answer of /orders/ID/transactions.json into "
        "the order as \"transactions\", and "
        "payments\n"
        "are known one by one. Else they are told from financial_status, payment_gateway_names and "
        "the totals.\n\n"
        "  primaflow import shopify orders orders.json --store uk | less\n"
        "  primaflow import shopify orders orders.json --store uk --to-kafka\n"
        "  curl ... | primaflow import shopify orders - --store uk --to-kafka --json\n\n"
        "Every order is read before the first is sent; all go in one Kafka transaction. What does "
        "not fit is said with file, line and "
        "JSON\n"
        "path. Amounts are never corrected: an order that does not add up in Shopify is flagged by "
        "the worker. The same file gives the "
        "same\n"
        "events again: what was posted comes back as a duplicate. Once goods were sent, the lines' "
        "locations are those that they were "
        "sent\n"
        "from; for orders that were posted before, --ignore-fulfilments leaves them as they were.\n"
        "One order that does not fit holds back the file, unless --skip-bad FILE is given: then "
        "the "
        "others go, and FILE has those that did\n"
        "not, one a line with the reasons under \"primaflow\". Correct and import it in its turn; "
        "it holds people's data.\n"
        "Exit 65: something does not fit; without --skip-bad nothing was sent or printed.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = import_run,
};
