/* Refunds without a credit note: why, whose turn it is, how old, how much, and how many days are
 * left for the note where a law counts them.
 *
 * The topics tell, and Redis corrects them: what a person has adopted or discarded is in no topic of
 * refunds. One thread. */
#ifndef PRIMAFLOW_OPS_REFUND_REPORT_H
#define PRIMAFLOW_OPS_REFUND_REPORT_H

#include "core/context.h"
#include "core/refund_book.h"

struct refund_report_options {
    int64_t since_ms;  /* wall: how far back the topics are read */
    int64_t now_ms;    /* wall */
    bool has_days_max; /* rows and sums of refunds with at most so many days left alone */
    int32_t days_max;
};

struct refund_row {
    const struct refund_case *refund;
    struct refund_standing standing;
    int64_t age_ms; /* since its money went back; of what cannot be read, since it came */
    bool has_days_left;
    int32_t days_left; /* below 0: late by so many */
};

/* What is open of one owner in one currency. */
struct refund_sum {
    enum pf_owner owner;
    char currency[4]; /* "": amounts that nobody could read */
    int64_t count, back_minor, pending_minor;
    bool is_too_large; /* the amounts cannot be added up */
};

struct refund_report {
    struct refund_book book;
    struct refund_row *rows; /* the fewest days left first, then the oldest */
    size_t row_count;
    struct refund_sum *sums; /* by owner, then by currency */
    size_t sum_count;
    /* of all without a note, shown or not, by how many days are left for it */
    int64_t many, few, late, uncounted;
    int64_t credited, settled[OUTCOME_COUNT],
        discarded;           /* the others, that need no note any more */
    int64_t unnamed;         /* dead letters that name no refund: nobody could read them */
    char redis_why_not[400]; /* it was not asked, and what people decided is missing; "" */
};

/* *ret_report is large: release it whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind refund_report_make(
    struct ops *ops, const struct refund_report_options *options, struct refund_report *ret_report,
    struct ops_error *ret_error);
void refund_report_release(struct refund_report *report);

/* refund_rows.c: of the rows, one for each refund and each with its standing, keeps those that have no
 * note and as few days left as `options` say, in order, and adds up what is open. `rules`: for the
 * days of companies. 0; -ENOMEM. Pure. */
__attribute__((warn_unused_result)) int refund_rows_make(
    const struct order_rules *rules, const struct refund_report_options *options,
    struct refund_report *report);

#endif
