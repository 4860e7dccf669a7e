/* primaflow import shopify refunds: Shopify's refund JSON as our events. */
#include "commands.h"
#include "import_run.h"
#include "import_refund_kind.h"
#include "kafka/topics.h"
#include "shopify_refund.h"

static const struct import_options defaults = {.channel = "shopify"};

static const struct arg args_table[] = {
    IMPORT_ARG_STORE,
    IMPORT_ARG_CHANNEL("shopify"),
    IMPORT_ARG_GIFT_WRAP,
    {"--currency", ARG_TEXT, offsetof(struct import_options, currency), "CODE",
     "the shop's currency, for refunds that do not tell it", 0, 0},
    IMPORT_ARG_SKIP_BAD("refunds"),
    IMPORT_ARG_TO_KAFKA("send to refunds.raw instead of printing"),
};

static const struct import_kind refunds = {
    .topic = topic_refunds_raw,
    .form = &shopify_refunds_form,
    .make = shopify_refund_event,
    .tallies = IMPORT_REFUND_TALLIES,
};

static int refunds_run(struct cli *cli, const struct args *args)
{
    const struct import_options *o = args->options;
    const struct shopify_refund_options wanted = {.channel = o->channel,
                                                  .store = o->store,
                                                  .gift_wrap_sku = o->gift_wrap_sku,
                                                  .currency = o->currency};
    const int code = import_currency_check(&shopify_refunds_form, o->currency, false);
    return code == CLI_DONE ? import_run(cli, args, &refunds, &wanted) : code;
}

const struct command command_import_shopify_refunds = {
    .name = "import shopify refunds",
    .synopsis = "FILE|-",
    .summary = "convert Shopify's refund JSON to events of refunds.raw, all or nothing",
    .help =
        "FILE is what Shopify's REST Admin API answers (GET /orders/ID/refunds.json) or its "
        "webhooks bring: {\"refunds\": [...]}, {\"refund\": {...}}, one\n"
        "bare refund, or one a line; or whole orders, as import shopify orders takes them: then "
        "each order's refunds[] are imported. The same\n"
        "refund by either way is the same event. Printed are events, one a line, as `primaflow "
        "produce refunds.raw` takes them.\n\n"
        "  primaflow import shopify refunds orders.json --store uk | less\n"
        "  primaflow import shopify refunds refunds.json --store uk --to-kafka\n"
        "  curl ... | primaflow import shopify refunds - --store uk --to-kafka --json\n\n"
        "Edits of an order stand among its refunds; they are imported as edits, by the rule that "
        "import shopify orders has. A refund of money\n"
        "alone needs its order: whether it pays back an edit, only the order tells. A refund "
        "without \"transactions\" (a copy inside an order's\n"
        "webhook) waits in the worker for a copy that has them.\n"
        "Every refund is read before the first is sent; all go in one Kafka transaction. What does "
        "not fit is said with file, line, refund,\n"
        "order and JSON path. Amounts are never corrected: a refund whose parts miss its money is "
        "stopped by the worker. The same file gives\n"
        "the same events again: what was credited comes back as a duplicate.\n"
        "One refund that does not fit holds back the file, unless --skip-bad FILE is given: then "
        "the others go, and FILE has those that did\n"
        "not, one a line with the reasons under \"primaflow\"; one that stood in an order stands "
        "in it there, too. Correct and import it in its\n"
        "turn; it holds people's data.\n"
        "Exit 65: something does not fit; without --skip-bad nothing was sent or printed.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = refunds_run,
};
