/* From the book of refunds to the rows and sums of the report; see refund_report.h. */
#include "core/refund_report.h"

#include "domain/money/exact.h"
#include "refund_dates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void row_fill(const struct order_rules *rules, int64_t now_ms, struct refund_row *row)
{
    const struct refund_case *r = row->refund;
    const int64_t from_ms = r->has_money ? r->money.went_at : row->standing.since_ms;
    struct refund_dates dates;
    row->age_ms = from_ms < now_ms ? now_ms - from_ms : 0;
    if (!r->has_money || r->money.back_minor == 0 ||
        refund_dates_read(rules_company(rules, r->company), from_ms, now_ms, &dates) != 0)
        return; /* days run from when the customer has been repaid */
    row->has_days_left = dates.has_days_left;
    row->days_left = dates.days_left;
}

static int row_compare(const void *a_, const void *b_)
{
    const struct refund_row *a = a_, *b = b_;
    if (a->has_days_left != b->has_days_left)
        return a->has_days_left ? -1 : 1;
    if (a->has_days_left && a->days_left != b->days_left)
        return a->days_left < b->days_left ? -1 : 1;
    if (a->age_ms != b->age_ms)
        return a->age_ms > b->age_ms ? -1 : 1;
    return strcmp(a->refund->natural, b->refund->natural);
}

static void count_closed(struct refund_report *report, const struct refund_standing *s)
{
    if (s->place == REFUND_CREDITED)
        report->credited++;
    else if (s->outcome == OUTCOME_COUNT)
        report->discarded++;
    else
        report->settled[s->outcome]++;
}

/* ---- sums ---- */

static int sum_compare(const void *a_, const void *b_)
{
    const struct refund_sum *a = a_, *b = b_;
    return a->owner != b->owner ? (a->owner < b->owner ? -1 : 1) : strcmp(a->currency, b->currency);
}

static struct refund_sum *sum_of(struct refund_report *report, enum pf_owner owner,
                                 const char *currency)
{
    for (size_t i = 0; i < report->sum_count; i++)
        if (report->sums[i].owner == owner && strcmp(report->sums[i].currency, currency) == 0)
            return &report->sums[i];
    struct refund_sum *more = realloc(report->sums, (report->sum_count + 1) * sizeof *report->sums);
    if (more == NULL)
        return NULL;
    report->sums = more;
    struct refund_sum *sum = &more[report->sum_count++];
    *sum = (struct refund_sum){.owner = owner};
    (void)snprintf(sum->currency, sizeof sum->currency, "%s", currency);
    return sum;
}

static int sum_add(struct refund_report *report, const struct refund_row *row)
{
    const struct refund_case *r = row->refund;
    struct exact exact = {0};
    struct refund_sum *sum =
        sum_of(report, refund_owner(&row->standing), r->has_money ? r->money.currency : "");
    if (sum == NULL)
        return -ENOMEM;
    sum->count++;
    sum->back_minor = exact_add(&exact, sum->back_minor, r->money.back_minor);
    sum->pending_minor = exact_add(&exact, sum->pending_minor, r->money.pending_minor);
    sum->is_too_large |= exact.overflow;
    return 0;
}

/* ---- days ---- */

static void count_days(struct refund_report *report, const struct refund_row *row)
{
    if (!row->has_days_left)
        report->uncounted++;
    else if (row->days_left < 0)
        report->late++;
    else if (row->days_left <= FLOW_DAYS_FEW)
        report->few++;
    else
        report->many++;
}

static bool is_wanted(const struct refund_report_options *options, const struct refund_row *row)
{
    return !options->has_days_max || (row->has_days_left && row->days_left <= options->days_max);
}

int refund_rows_make(const struct order_rules *rules, const struct refund_report_options *options,
                     struct refund_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        struct refund_row *row = &report->rows[i];
        if (row->standing.place == REFUND_CREDITED || row->standing.place == REFUND_SETTLED) {
            count_closed(report, &row->standing);
            continue;
        }
        row_fill(rules, options->now_ms, row);
        count_days(report, row);
        if (!is_wanted(options, row))
            continue;
        if (sum_add(report, row) != 0)
            return -ENOMEM;
        report->rows[count++] = *row;
    }
    report->row_count = count;
    if (count > 0)
        qsort(report->rows, count, sizeof *report->rows, row_compare);
    if (report->sum_count > 0)
        qsort(report->sums, report->sum_count, sizeof *report->sums, sum_compare);
    return 0;
}
