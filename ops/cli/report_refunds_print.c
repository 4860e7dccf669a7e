/* The report of refunds without a credit note, for people, for machines and for spreadsheets. */
#include "report_refunds_print.h"
#include "cli.h"

#include "base/clock.h"
#include "base/money.h"
#include "obs/metrics.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000 };

/* ---- text ---- */

static const char *age_text(int64_t age_ms, char text[static 32])
{
    if (age_ms >= 2 * (int64_t)DAY_MS)
        (void)snprintf(text, 32, "%" PRId64 " days", age_ms / DAY_MS);
    else
        (void)snprintf(text, 32, "%" PRId64 " h", age_ms / HOUR_MS);
    return text;
}

static const char *days_text(const struct refund_row *row, char text[static 32])
{
    if (!row->has_days_left)
        (void)snprintf(text, 32, "-");
    else if (row->days_left < 0)
        (void)snprintf(text, 32, "%" PRId32 " late", -row->days_left);
    else
        (void)snprintf(text, 32, "%" PRId32 " left", row->days_left);
    return text;
}

/* "12.00 GBP" into text; "?" of what nobody could read. */
static const char *amount_text(const char *name, int64_t minor, char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(name);
    if (currency == NULL)
        (void)snprintf(text, MONEY_TEXT_MAX, "?");
    else
        (void)money_format((struct money){minor, currency}, text);
    return text;
}

static void print_row(const struct refund_row *row)
{
    const struct refund_case *r = row->refund;
    char days[32], age[32], back[MONEY_TEXT_MAX], pending[MONEY_TEXT_MAX];
    printf("  %-9s %-8s %14s  %-28s %-10s  %s", days_text(row, days), age_text(row->age_ms, age),
           amount_text(r->money.currency, r->money.back_minor, back), refund_reason(&row->standing),
           pf_owner_name(refund_owner(&row->standing)), r->natural);
    if (r->order[0] != '\0')
        printf(", order %s",
               strrchr(r->order, '/') != NULL ? strrchr(r->order, '/') + 1 : r->order);
    if (r->money.pending_minor != 0)
        printf(", %s pending", amount_text(r->money.currency, r->money.pending_minor, pending));
    if (row->standing.place == REFUND_PARKED)
        printf(", parked: a person must tell whether Prima has its note");
    printf("\n");
}

static void print_sums(const struct refund_report *report)
{
    char back[MONEY_TEXT_MAX], pending[MONEY_TEXT_MAX];
    printf("\n");
    for (size_t i = 0; i < report->sum_count; i++) {
        const struct refund_sum *s = &report->sums[i];
        printf("  %-10s %6" PRId64 "  ", pf_owner_name(s->owner), s->count);
        if (s->is_too_large)
            printf("%s, too large to add up\n", s->currency);
        else if (s->currency[0] == '\0')
            printf("with amounts that nobody could read\n");
        else
            printf("%s gone back, %s pending\n", amount_text(s->currency, s->back_minor, back),
                   amount_text(s->currency, s->pending_minor, pending));
    }
}

static void print_closed(const struct refund_report *report)
{
    printf("\n%" PRId64 " have their credit note", report->credited);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (report->settled[i] > 0)
            printf(", %" PRId64 " need none (%s)", report->settled[i], refund_outcome_names[i]);
    if (report->discarded > 0)
        printf(", %" PRId64 " were discarded by a person", report->discarded);
    printf(".\n");
    if (report->unnamed > 0)
        printf("%" PRId64 " dead letters name no refund, because nobody could read them: see "
               "primaflow consume refunds.raw.dlq.\n",
               report->unnamed);
}

/* Of all, whether or not they are listed. */
static void print_near(const struct refund_report *report)
{
    if (report->few + report->late == 0)
        return;
    printf("%" PRId64 " of them %s %d days or fewer left for the note", report->few,
           report->few == 1 ? "has" : "have", FLOW_DAYS_FEW);
    printf(", %" PRId64 " %s late.\n", report->late, report->late == 1 ? "is" : "are");
}

static void print_head(const struct refund_report *report,
                       const struct refund_report_options *options)
{
    char at[CLOCK_TEXT_MAX];
    const int64_t all = report->many + report->few + report->late + report->uncounted;
    printf("Refunds without a credit note, %s: ", clock_format(options->now_ms, at));
    if (all == 0)
        printf("none.\nEvery refund that was read has its note, or needs none.\n");
    else
        printf("%" PRId64 "\n", all);
    print_near(report);
    if (all > 0 && options->has_days_max)
        printf("%s with %" PRId32 " days or fewer left:%s\n",
               report->row_count > 0 ? "Those" : "None", options->days_max,
               report->row_count > 0 ? "" : " nothing is urgent.");
}

void refund_report_text(const struct refund_report *report,
                        const struct refund_report_options *options)
{
    print_head(report, options);
    if (report->row_count > 0) {
        printf("\n  %-9s %-8s %14s  %-28s %-10s  %s\n", "days", "age", "gone back", "reason",
               "owner", "refund");
        for (size_t i = 0; i < report->row_count; i++)
            print_row(&report->rows[i]);
        print_sums(report);
    }
    print_closed(report);
}

/* ---- JSON ---- */

static json_t *row_json(const struct refund_row *row)
{
    const struct refund_case *r = row->refund;
    char since[CLOCK_TEXT_MAX], went[CLOCK_TEXT_MAX];
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s?, s:o, s:o, s:o}", "key", r->natural,
        "order_key", r->order, "refund_id", r->refund_id, "where",
        refund_place_name(row->standing.place), "reason", refund_reason(&row->standing), "owner",
        pf_owner_name(refund_owner(&row->standing)), "since",
        clock_format(row->standing.since_ms, since), "age_ms", (json_int_t)row->age_ms, "currency",
        r->has_money ? r->money.currency : NULL, "back_minor",
        r->has_money ? json_integer((json_int_t)r->money.back_minor) : json_null(), "pending_minor",
        r->has_money ? json_integer((json_int_t)r->money.pending_minor) : json_null(), "went_at",
        r->has_money ? json_string(clock_format(r->money.went_at, went)) : json_null());
}

static json_t *sum_json(const struct refund_sum *s)
{
    return json_pack(
        "{s:s, s:s?, s:I, s:o, s:o}", "owner", pf_owner_name(s->owner), "currency",
        s->currency[0] != '\0' ? s->currency : NULL, "count", (json_int_t)s->count, "back_minor",
        s->is_too_large ? json_null() : json_integer((json_int_t)s->back_minor), "pending_minor",
        s->is_too_large ? json_null() : json_integer((json_int_t)s->pending_minor));
}

void refund_report_json(const struct refund_report *report, int64_t now_ms)
{
    char at[CLOCK_TEXT_MAX];
    json_t *rows = json_array(), *sums = json_array(), *settled = json_object();
    for (size_t i = 0; i < report->row_count; i++) {
        json_t *row = row_json(&report->rows[i]);
        (void)json_object_set_new(
            row, "days_left",
            report->rows[i].has_days_left ? json_integer(report->rows[i].days_left) : json_null());
        (void)json_array_append_new(rows, row);
    }
    for (size_t i = 0; i < report->sum_count; i++)
        (void)json_array_append_new(sums, sum_json(&report->sums[i]));
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (report->settled[i] > 0)
            (void)json_object_set_new(settled, refund_outcome_names[i],
                                      json_integer((json_int_t)report->settled[i]));
    cli_print_json(
        json_pack("{s:s, s:o, s:o, s:{s:I, s:I, s:I, s:I}, s:{s:I, s:o, s:I, s:I}, s:b}", "as_of",
                  clock_format(now_ms, at), "refunds", rows, "sums", sums, "days_left", "many",
                  (json_int_t)report->many, "few", (json_int_t)report->few, "late",
                  (json_int_t)report->late, "uncounted", (json_int_t)report->uncounted, "others",
                  "credited", (json_int_t)report->credited, "settled", settled, "discarded",
                  (json_int_t)report->discarded, "unnamed_dead_letters",
                  (json_int_t)report->unnamed, "complete", report->redis_why_not[0] == '\0'),
        JSON_COMPACT);
}

/* ---- CSV ---- */

static const char *digits_text(const struct refund_case *r, int64_t minor,
                               char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = r->has_money ? currency_find(r->money.currency) : NULL;
    if (currency == NULL)
        text[0] = '\0';
    else
        (void)money_digits((struct money){minor, currency}, text);
    return text;
}

/* Nothing in a row needs quotes: keys are plain, all else is numbers and words of ours. */
void refund_report_csv(const struct refund_report *report)
{
    printf("refund,order,where,reason,owner,since,age_days,currency,gone_back,pending,days_left\n");
    for (size_t i = 0; i < report->row_count; i++) {
        const struct refund_row *row = &report->rows[i];
        const struct refund_case *r = row->refund;
        char since[CLOCK_TEXT_MAX], back[MONEY_TEXT_MAX], pending[MONEY_TEXT_MAX];
        printf("%s,%s,%s,%s,%s,%s,%" PRId64 ",%s,%s,%s,", r->natural, r->order,
               refund_place_name(row->standing.place), refund_reason(&row->standing),
               pf_owner_name(refund_owner(&row->standing)),
               clock_format(row->standing.since_ms, since), row->age_ms / DAY_MS,
               r->has_money ? r->money.currency : "", digits_text(r, r->money.back_minor, back),
               digits_text(r, r->money.pending_minor, pending));
        if (row->has_days_left)
            printf("%" PRId32, row->days_left);
        printf("\n");
    }
}

/* ---- metrics ---- */

void refund_report_metrics(const struct refund_report *report)
{
    static const struct {
        const char *name, *help;
    } metrics[METRIC_COUNT] = {
#define METRIC(id, kind, name, label, help) [METRIC_##id] = {name, help},
#include "obs/metrics.def"
#undef METRIC
    };
    const char *name = metrics[METRIC_open_notes].name;
    const struct {
        const char *left;
        int64_t count;
    } rows[] = {{"many", report->many},
                {"few", report->few},
                {"late", report->late},
                {"uncounted", report->uncounted}};
    printf("# HELP %s %s\n# TYPE %s gauge\n", name, metrics[METRIC_open_notes].help, name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf("%s{left=\"%s\"} %" PRId64 "\n", name, rows[i].left, rows[i].count);
}
