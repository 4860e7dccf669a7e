/* What was decided about an order, in some sixty bytes that are stored before anything is sent:
 * from it alone the result is written, then or after a crash, whatever the mappings say by that
 * time.
 *
 * Format, version 1: version byte · bits (1 on hold, 2 presentment money, 4 tax included, 8
 * VatInclusive in Prima) · currency (3 letters) · date YYYYMMDD · flags: count, then code, at,
 * count each · proof: nine amounts · account: length, bytes · miscellaneous lines: count, then the
 * distance of each line's number to the one before. Version 2, of orders with bundles
 * (order_bundle.h), goes on: bundles: count, then for each line that was taken apart the distance
 * of its number, the lines of the request that it became, its mark, its miscellaneous components.
 * Other orders are written in version 1, which an older worker reads. Numbers and amounts as in
 * base/varint.h. A code is the first 16 bits of its name's
 * SHA-256, so that a new row in the catalogue moves none. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_SUMMARY_H
#define PRIMAFLOW_ORDER_SUMMARY_H

#include "base/arena.h"
#include "base/buf.h"
#include "order_bundle.h"
#include "domain/flags/flags.h"
#include "order_sale.h"
#include "flow/flow.h"

struct order_summary {
    bool hold;
    bool vat_inclusive; /* in Prima */
    enum money_chosen money;
    const struct currency *currency;
    int32_t date; /* OrderDate, YYYYMMDD */
    struct flags flags;
    struct sale_proof proof;
    char account[ACCOUNT_BYTES_MAX + 1]; /* "" : Prima chose */
    const uint32_t *misc_lines;          /* numbers of the event's lines, rising */
    size_t misc_count;
    bool is_taken_apart; /* as sale's: parents were left out, bundles taken apart */
    const struct sale_bundle *bundles;
    size_t bundle_count;
};

enum {
    SUMMARY_BYTES_MAX = 1024
}; /* flow.h's bound; an order with so many unknown SKUs or bundles that it does not fit is
      dead-lettered */

/* 0; -ENOMEM: longer than SUMMARY_BYTES_MAX; -EINVAL: the account is longer than 40 bytes. */
__attribute__((warn_unused_result)) int order_summary_write(const struct order_summary *summary,
                                                            struct buf *out);

/* 0; -EBADMSG: not such a summary, or of another version; -ENOMEM. */
__attribute__((warn_unused_result)) int order_summary_read(const char *bytes, size_t size,
                                                           struct arena *arena,
                                                           struct order_summary *ret_summary);

/* flow.h: summary_outcome. A summary that cannot be read: posted on hold with PF_E_defect, for
 * nothing is known about it. */
enum outcome order_summary_outcome(const char *bytes, size_t size,
                                   enum pf_error ret_codes[static 8], size_t *ret_code_count);

/* One sentence for people, without personal data: what was flagged, where, by how much. "" when
 * there is nothing to say. In the arena; NULL: no memory. */
const char *order_summary_narrative(const struct order_summary *summary, struct arena *arena);

#endif
