/* primaflow import shopify orders: Shopify's order JSON as our events. */
#include "commands.h"
#include "import_run.h"
#include "kafka/topics.h"
#include "shopify_order.h"

static const struct import_options defaults = {.channel = "shopify"};

static const struct arg args_table[] = {
    IMPORT_ARG_STORE,
    IMPORT_ARG_CHANNEL("shopify"),
    IMPORT_ARG_GIFT_WRAP,
    {"--ignore-fulfilments", ARG_FLAG, offsetof(struct import_options, ignore_fulfilments), NULL,
     "ignore fulfilment locations for the lines' location", 0, 0},
    IMPORT_ARG_SKIP_BAD("orders"),
    IMPORT_ARG_TO_KAFKA("send to orders.raw instead of printing"),
};

static bool is_created(const json_t *event)
{
    return import_event_says(event, "kind", "created");
}

static bool is_edited(const json_t *event)
{
    return import_event_says(event, "kind", "edited");
}

static bool is_cancelled(const json_t *event)
{
    return import_event_says(event, "kind", "cancelled");
}

static const struct import_kind orders = {
    .topic = topic_orders_raw,
    .form = &shopify_orders_form,
    .make = shopify_order_make,
    .tallies = {{"created", "as placed", false, is_created},
                {"edited", "edited", false, is_edited},
                {"cancelled", "cancelled", false, is_cancelled},
                {"test", "of them tests", true, import_event_is_test}},
};

static int orders_run(struct cli *cli, const struct args *args)
{
    const struct import_options *o = args->options;
    const struct shopify_order_options wanted = {.channel = o->channel,
                                                 .store = o->store,
                                                 .gift_wrap_sku = o->gift_wrap_sku,
                                                 .ignore_fulfilments = o->ignore_fulfilments};
    return import_run(cli, args, &orders, &wanted);
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
    .run = orders_run,
};
