/* primaflow report shadow: what a shadow would have posted, and how it compares with what Prima has. */
#include "report_shadow.h"

#include "broker.h"
#include "commands.h"
#include "events.h"
#include "order_key.h"
#include "order_rules.h"
#include "prima_search.h"
#include "runtime/headers.h"

#include "base/clock.h"

#include <errno.h>

enum { ARENA_MAX = 4 * 1024 * 1024, DAY_MS = 86400000, COMPANIES_MAX = 64, HEADER_MAX = 500 };

struct options {
    int64_t since_ms, list, page_size;
    bool no_prima;
};

static const struct options defaults = {.since_ms = 0, .list = 50, .page_size = 100};

static const struct arg args_table[] = {
    {"--since", ARG_TIME, offsetof(struct options, since_ms), "TIME", "only what the shadow published since; default: all", 0, 0},
    {"--list", ARG_INT, offsetof(struct options, list), "N", "rows of each list, at most (50); counts are always whole", 0, 100000},
    {"--page-size", ARG_INT, offsetof(struct options, page_size), "N", "documents of one question to Prima (100)", 1, 10000},
    {"--no-prima", ARG_FLAG, offsetof(struct options, no_prima), NULL, "do not compare: only what the shadow says", 0, 0},
};

struct reading {
    struct book *book;
    struct codec *codec;
    const struct order_rules *rules;
    int64_t first_ms, last_ms;
    int64_t unreadable;
};

/* ---- what the shadow published ---- */

static const char *header_text(const struct broker_record *record, const char *name, char text[static HEADER_MAX])
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0 && record->headers[i].value != NULL) {
            (void)snprintf(text, HEADER_MAX, "%.*s", (int)record->headers[i].size, (const char *)record->headers[i].value);
            return text;
        }
    return NULL;
}

static int take_result(struct reading *r, const struct broker_record *record, struct arena *arena)
{
    struct order_result result;
    struct codec_fault fault = {0};
    int rc = codec_decode(r->codec, &order_result_record, record->value, record->value_size, arena, &result, &fault);
    if (rc == -EAGAIN && codec_fetch(r->codec, record->value, record->value_size) == 0)
        rc = codec_decode(r->codec, &order_result_record, record->value, record->value_size, arena, &result, &fault);
    if (rc != 0) {
        r->unreadable++;
        return 0;
    }
    return book_enter_result(r->book, &result);
}

/* The order's number follows from its key and today's channels.yaml; without a key (bytes that nobody could read) there is no order. */
static int take_dead_letter(struct reading *r, const struct broker_record *record, struct arena *arena)
{
    char code[HEADER_MAX], natural[HEADER_MAX];
    struct order_key_parts parts;
    const char *name = header_text(record, HEADER_CODE, code);
    const enum pf_error found = name != NULL ? pf_error_find(name) : PF_OK;
    const bool is_keyed = header_text(record, HEADER_IDEMPOTENCY_KEY, natural) != NULL && order_key_split(natural, arena, &parts) == 0;
    const struct channel_rules *channel = is_keyed ? rules_channel(r->rules, parts.channel, parts.store) : NULL;
    if (channel == NULL)
        return book_enter_dead_letter(r->book, found, NULL, NULL, NULL, NULL);
    const char *number = arena_printf(arena, "%s%s", channel->prefix, parts.order_id);
    return number == NULL ? -ENOMEM : book_enter_dead_letter(r->book, found, natural, parts.company, number, parts.order_id);
}

static int record_take(void *user, const struct broker_record *record)
{
    struct reading *r = user;
    const bool is_dead = strstr(record->topic, ".dlq") != NULL;
    if (r->first_ms == 0 || record->timestamp_ms < r->first_ms)
        r->first_ms = record->timestamp_ms;
    if (record->timestamp_ms > r->last_ms)
        r->last_ms = record->timestamp_ms;
    if (!is_dead && record->value == NULL)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    const int rc = is_dead ? take_dead_letter(r, record, arena) : take_result(r, record, arena);
    arena_free(arena);
    return rc;
}

static int read_topics(const struct cli *cli, const struct options *o, struct reading *r)
{
    static const char *const topics[] = {"shadow.orders.results", "shadow.orders.raw.dlq"};
    const struct broker_range range = {
        .from = o->since_ms > 0 ? BROKER_FROM_TIME : BROKER_FROM_BEGINNING, .from_value = o->since_ms, .partition = -1};
    struct broker_message message = {""};
    const int rc = broker_read(cli->config, topics, 2, &range, record_take, r, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return cli_fail(CLI_DATA, "more than %d orders: too many for one report; say --since", BOOK_ORDERS_MAX);
    if (rc == -ENOENT)
        return cli_fail(broker_exit_code(rc), "%s; the shadow's topics are made by: primaflow topics create --shadow", message.text);
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "%s", message.text);
    if (r->unreadable > 0)
        cli_warn("%lld results could not be read and are not counted: is schema.folder of this version?", (long long)r->unreadable);
    return CLI_DONE;
}

/* ---- what Prima has ---- */

static void meet(void *user, const char *company, const struct prima_document *document)
{
    book_meet(user, company, document);
}

/* A day further than the orders' own: another integration may have dated an order on the other side of midnight. */
static void day_from(const char *date, int64_t days, char text[static CLOCK_TEXT_MAX])
{
    int64_t ms;
    if (clock_parse(date, &ms) < 0)
        ms = 0;
    (void)clock_format(ms + days * DAY_MS, text);
    text[10] = '\0';
}

static size_t companies_of(const struct book *book, const char *companies[static COMPANIES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < book->order_count; i++) {
        size_t k = 0;
        while (k < count && strcmp(companies[k], book->orders[i]->company) != 0)
            k++;
        if (k == count && count < COMPANIES_MAX && book->orders[i]->would_post)
            companies[count++] = book->orders[i]->company;
    }
    return count;
}

/* True: compared; else ret_why says why not. */
static bool ask_prima(const struct cli *cli, const struct options *o, struct book *book, struct config_message *ret_why)
{
    const char *companies[COMPANIES_MAX];
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    const size_t count = companies_of(book, companies);
    day_from(book->date_from, -1, from);
    day_from(book->date_to, 1, to);
    (void)snprintf(ret_why->text, sizeof ret_why->text, "%s", o->no_prima ? "--no-prima" : "nothing would be posted");
    if (o->no_prima || count == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (prima_search(cli->config, companies[i], from, to, (int)o->page_size, meet, book, ret_why) != 0)
            return false;
    return true;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct config_message why = {""};
    void *rules = NULL;
    struct book *book = calloc(1, sizeof *book);
    if (book == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    book_init(book, (size_t)o->list);
    struct reading reading = {.book = book};
    int code = events_codec_open(cli, &reading.codec);
    if (code == CLI_DONE && order_rules_load(cli->config, &rules, &why) != 0)
        code = cli_fail(CLI_CONFIG, "%s", why.text);
    reading.rules = rules;
    if (code == CLI_DONE)
        code = read_topics(cli, o, &reading);
    if (code == CLI_DONE) {
        const bool compared = ask_prima(cli, o, book, &why);
        const struct shadow_report report = {book, reading.first_ms, reading.last_ms, (size_t)o->list, compared, compared ? "" : why.text};
        if (cli->json)
            shadow_report_json(&report);
        else
            shadow_report_text(&report);
        if (!compared && !o->no_prima && book->date_from[0] != '\0')
            code = CLI_UNAVAILABLE; /* the report says why */
    }
    if (rules != NULL)
        order_rules_free(rules);
    codec_close(reading.codec);
    book_release(book);
    free(book);
    return code;
}

const struct command command_report_shadow = {
    .name = "report shadow",
    .synopsis = "",
    .summary = "what a shadow would have posted, compared with what Prima has",
    .help = "Reads shadow.orders.results and shadow.orders.raw.dlq, then asks Prima (OrderSearch, page by page) for the documents of the "
            "days that\n"
            "the orders are of. An order's amounts are those of the very request that would have been posted.\n"
            "  equal      currency, net, tax, gross and lines are the same, to the penny\n"
            "  different  both sides, and whose it is: finance (money) or ecommerce (lines)\n"
            "  lacking    would be posted, and Prima does not have it\n"
            "  never seen Prima has it under a number of these channels, and no event of it was read\n"
            "Amounts in --json are minor units. Nothing personal is shown. Nothing is written anywhere.\n"
            "Exit 69: not compared, because Prima did not answer or does not offer OrderSearch; the rest is shown. --no-prima: on purpose.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = run,
};
