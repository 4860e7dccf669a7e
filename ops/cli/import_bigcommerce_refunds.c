/* primaflow import bigcommerce refunds: BigCommerce's refund JSON as our events. */
#include "bigcommerce_refund.h"
#include "commands.h"
#include "import_refund_kind.h"
#include "import_run.h"
#include "kafka/topics.h"

#include <math.h>

static const struct import_options defaults = {.channel = "bigcommerce"};

static const struct arg args_table[] = {
    IMPORT_ARG_STORE,
    IMPORT_ARG_CHANNEL("bigcommerce"),
    {"--currency", ARG_TEXT, offsetof(struct import_options, currency), "CODE",
     "the currency of all amounts, which the JSON does not tell (required)", 0, 0},
    {"--prices-ex-tax", ARG_FLAG, offsetof(struct import_options, prices_ex_tax), NULL,
     "the shop's prices are without tax, as its orders' are", 0, 0},
    {"--tax-rate", ARG_TEXT, offsetof(struct import_options, tax_rate), "RATE",
     "the rate of tax that is paid back alone (items TAX), such as 0.2 for 20 %", 0, 0},
    IMPORT_ARG_SKIP_BAD("refunds"),
    IMPORT_ARG_TO_KAFKA("send to refunds.raw instead of printing"),
};

static const struct import_kind refunds = {
    .topic = topic_refunds_raw,
    .form = &bigcommerce_refunds_form,
    .make = bigcommerce_refund_event,
    .tallies = IMPORT_REFUND_TALLIES,
};

static int rate_read(const char *text, int64_t *ret_ppm)
{
    char *end = NULL;
    const double rate = text != NULL ? strtod(text, &end) : 0;
    *ret_ppm = -1;
    if (text == NULL)
        return CLI_DONE;
    if (*text == '\0' || *end != '\0' || !(rate >= 0 && rate <= 10))
        return cli_fail(CLI_USAGE,
                        "import bigcommerce refunds --tax-rate: '%s' is not a rate from 0 to 10, "
                        "such as 0.2 for 20 %%; see: primaflow import bigcommerce refunds --help",
                        text);
    *ret_ppm = llround(rate * 1e6);
    return CLI_DONE;
}

static int refunds_run(struct cli *cli, const struct args *args)
{
    const struct import_options *o = args->options;
    struct bigcommerce_refund_options wanted = {.channel = o->channel,
                                                .store = o->store,
                                                .currency = o->currency,
                                                .prices_ex_tax = o->prices_ex_tax};
    int code = import_currency_check(&bigcommerce_refunds_form, o->currency, true);
    if (code == CLI_DONE)
        code = rate_read(o->tax_rate, &wanted.tax_rate_ppm);
    return code == CLI_DONE ? import_run(cli, args, &refunds, &wanted) : code;
}

const struct command command_import_bigcommerce_refunds = {
    .name = "import bigcommerce refunds",
    .synopsis = "FILE|-",
    .summary = "convert BigCommerce's refund JSON to events of refunds.raw, all or nothing",
    .help =
        "FILE is what BigCommerce's V3 API answers (GET /v3/orders/payment_actions/refunds, or "
        "/v3/orders/payment_actions/refunds/ID): {\"data\":\n"
        "[...]}, {\"data\": {...}}, one bare refund, or one a line. Printed are events, one a "
        "line, as `primaflow produce refunds.raw` takes them.\n"
        "BigCommerce says of units alone how many came back, not for how much, and one total_tax "
        "for all items. One item has what the others\n"
        "leave of the total; for several, put the answer of /v2/orders/ID/products into the refund "
        "as \"products\": then it is shared by prices.\n\n"
        "  primaflow import bigcommerce refunds refunds.json --store uk --currency GBP | less\n"
        "  primaflow import bigcommerce refunds refunds.json --store uk --currency GBP "
        "--to-kafka\n\n"
        "Every refund is read before the first is sent; all go in one Kafka transaction. What does "
        "not fit is said with file, line, refund,\n"
        "order and JSON path. Amounts are never corrected: a refund whose parts miss its money is "
        "stopped by the worker. The same file gives\n"
        "the same events again: what was credited comes back as a duplicate.\n"
        "One refund that does not fit holds back the file, unless --skip-bad FILE is given: then "
        "the others go, and FILE has those that did\n"
        "not, one a line with the reasons under \"primaflow\". Correct and import it in its turn; "
        "it holds people's data.\n"
        "Exit 65: something does not fit; without --skip-bad nothing was sent or printed.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = refunds_run,
};
