/* primaflow import shopify orders: Shopify's order JSON as our events, printed or sent, all of a file or nothing. */
#include "commands.h"
#include "events.h"
#include "shopify_order.h"
#include "shopify_source.h"
#include "spool.h"

#include <ctype.h>
#include <errno.h>

#define TOPIC "orders.raw"

enum { OUTPUT_BYTES_MAX = SPOOL_BYTES_MAX };

struct options {
    const char *store, *channel, *gift_wrap_sku;
    bool ignore_fulfilments, to_kafka;
};

static const struct options defaults = {.channel = "shopify"};

static const struct arg args_table[] = {
    {"--store", ARG_TEXT, offsetof(struct options, store), "NAME", "the shop, as channels.yaml has it (needed)", 0, 0},
    {"--channel", ARG_TEXT, offsetof(struct options, channel), "NAME", "the channel, as channels.yaml has it (shopify)", 0, 0},
    {"--gift-wrap-sku", ARG_TEXT, offsetof(struct options, gift_wrap_sku), "SKU", "lines of this SKU are gift wrap: a charge, no goods", 0,
     0},
    {"--ignore-fulfilments", ARG_FLAG, offsetof(struct options, ignore_fulfilments), NULL,
     "do not take where goods were sent from as the lines' location", 0, 0},
    {"--to-kafka", ARG_FLAG, offsetof(struct options, to_kafka), NULL, "send to " TOPIC " instead of printing", 0, 0},
};

struct sink {
    const struct cli *cli;
    const struct options *options;
    struct shopify_order_options order_options;
    struct event_maker *maker; /* --to-kafka */
    struct spool spool;
    struct buf text;
    size_t created, edited, cancelled, tests;
};

static int text_add(const char *piece, size_t size, void *text)
{
    buf_append(text, piece, size);
    return ((struct buf *)text)->failed ? -1 : 0;
}

static void count(struct sink *s, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "kind"));
    s->created += strcmp(kind, "created") == 0;
    s->edited += strcmp(kind, "edited") == 0;
    s->cancelled += strcmp(kind, "cancelled") == 0;
    s->tests += json_is_true(json_object_get(event, "test"));
}

static bool take(void *user, struct shopify_source *source, const struct shopify_at *order)
{
    struct sink *s = user;
    char why[300] = "too much for one call; import fewer orders at a time";
    json_t *event = shopify_order_event(order, &s->order_options, &source->reader);
    if (event == NULL)
        return false;
    count(s, event);
    bool taken;
    if (s->options->to_kafka) {
        taken = events_line(s->maker, &s->spool, event, why) == 0;
    } else {
        taken = json_dump_callback(event, text_add, &s->text, JSON_COMPACT) == 0;
        buf_byte(&s->text, '\n');
        taken = taken && !s->text.failed;
    }
    if (!taken)
        shopify_complain(&source->reader, order, "%s", why);
    json_decref(event);
    return taken;
}

static int send_all(struct sink *s)
{
    struct broker_producer *producer = NULL;
    struct broker_message message = {""};
    int rc = broker_producer_new(s->cli->config, s->spool.bytes.size, &producer, &message);
    if (rc == 0)
        rc = spool_send(&s->spool, 0, s->spool.count, TOPIC, producer, &message);
    broker_producer_free(producer);
    return rc == 0 ? CLI_DONE : cli_fail(broker_exit_code(rc), "%s", message.text);
}

/* The summary stands where the events do not. */
static void tell(const struct sink *s, size_t found)
{
    if (s->cli->json && s->options->to_kafka)
        printf("{\"topic\": \"%s\", \"records\": %zu, \"created\": %zu, \"edited\": %zu, \"cancelled\": %zu, \"test\": %zu}\n", TOPIC,
               found, s->created, s->edited, s->cancelled, s->tests);
    else
        cli_say("%zu orders %s: %zu as placed, %zu edited, %zu cancelled; %zu of them tests", found,
                s->options->to_kafka ? "sent to " TOPIC : "imported", s->created, s->edited, s->cancelled, s->tests);
}

static int deliver(struct sink *s, const struct shopify_source *source)
{
    const char *none = s->options->to_kafka ? "nothing was sent" : "nothing was printed";
    if (source->wrong > 0) {
        if (source->complaints > SHOPIFY_COMPLAINTS_MAX)
            (void)cli_fail(CLI_DATA, "%s: and %zu more complaints", source->name, source->complaints - SHOPIFY_COMPLAINTS_MAX);
        return cli_fail(CLI_DATA, "%s: %zu complaints about %zu orders, of %zu found; %s", source->name, source->complaints, source->wrong,
                        source->found, none);
    }
    if (source->found == 0) {
        cli_warn("%s holds no orders: %s", source->name, none);
        return CLI_DONE;
    }
    int code = CLI_DONE;
    if (s->options->to_kafka)
        code = send_all(s);
    else if (fwrite(s->text.data, 1, s->text.size, stdout) != s->text.size)
        code = CLI_UNAVAILABLE; /* cli_flush says why */
    if (code == CLI_DONE)
        tell(s, source->found);
    return code;
}

/* As the natural key needs it (order_key.h): said before a file is read. */
static int name_check(const char *option, const char *name)
{
    const char *p = name != NULL ? name : "";
    while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("._-", *p) != NULL))
        p++;
    if (name != NULL && p > name && *p == '\0')
        return CLI_DONE;
    return cli_fail(CLI_USAGE, "import shopify orders %s: %s; see: primaflow import shopify orders --help", option,
                    name == NULL ? "which shop is it? The JSON does not say" : "a name is letters, digits, '.', '_' and '-'");
}

static int read_file(struct sink *s, const char *name)
{
    struct shopify_source source;
    const bool is_stdin = strcmp(name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(name, "re");
    if (in == NULL)
        return cli_fail(CLI_DATA, "%s: %s", name, strerror(errno));
    shopify_source_init(&source, is_stdin ? "stdin" : name, "orders", "order");
    int rc = shopify_source_read(&source, in, take, s);
    if (!is_stdin)
        (void)fclose(in);
    return rc == 0 ? deliver(s, &source) : CLI_DATA;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct sink s = {
        .cli = cli,
        .options = o,
        .order_options = {
            .channel = o->channel, .store = o->store, .gift_wrap_sku = o->gift_wrap_sku, .ignore_fulfilments = o->ignore_fulfilments}};
    int code = name_check("--store", o->store);
    if (code == CLI_DONE)
        code = name_check("--channel", o->channel);
    if (code == CLI_DONE && o->to_kafka)
        code = events_maker_new(cli, TOPIC, &s.maker);
    if (code != CLI_DONE)
        return code;
    spool_init(&s.spool);
    buf_init(&s.text, OUTPUT_BYTES_MAX);
    code = read_file(&s, args->words[0]);
    spool_release(&s.spool);
    buf_release(&s.text);
    events_maker_free(s.maker);
    return code;
}

const struct command command_import_shopify_orders = {
    .name = "import shopify orders",
    .synopsis = "FILE|-",
    .summary = "Shopify's order JSON as events of " TOPIC ", all or nothing",
    .help =
        "FILE is what Shopify's REST Admin API answers (GET /orders.json?status=any, /orders/ID.json) or its webhooks bring: {\"orders\": "
        "[...]},\n"
        "{\"order\": {...}}, one bare order, or one a line. Printed are events, one a line, as `primaflow produce " TOPIC "` takes them.\n"
        "The REST order has no transactions: put the answer of /orders/ID/transactions.json into the order as \"transactions\", and "
        "payments\n"
        "are known one by one. Else they are told from financial_status, payment_gateway_names and the totals.\n\n"
        "  primaflow import shopify orders orders.json --store uk | less\n"
        "  primaflow import shopify orders orders.json --store uk --to-kafka\n"
        "  curl ... | primaflow import shopify orders - --store uk --to-kafka --json\n\n"
        "Every order is read before the first is sent; all go in one Kafka transaction. What does not fit is said with file, line and "
        "JSON\n"
        "path. Amounts are never corrected: an order that does not add up in Shopify is flagged by the worker. The same file gives the "
        "same\n"
        "events again: what was posted comes back as a duplicate. Once goods were sent, the lines' locations are those that they were "
        "sent\n"
        "from; for orders that were posted before, --ignore-fulfilments leaves them as they were.\n"
        "Exit 65: something does not fit, nothing was sent or printed.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
