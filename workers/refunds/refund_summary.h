/* What was decided about a refund, in some eighty bytes that are stored before anything is sent:
 * from it alone the result and the ledger's record are written, then or after a crash, whatever the
 * mappings and the ledger say by that time; and while the note is under way it is the reservation of
 * what it takes.
 *
 * Format, version 1: version byte · bits (1 presentment money, 2 tax included, 4 a note was decided,
 * 8 its days are counted, 16 the ledger owes for it so far) · currency (3 letters) · the order's number, NULL where it is prefix and
 * order id · of a note: flags (flags_pack.h), RefundDate YYYYMMDD, PostDate less it, days left, proof:
 * lines, charges, order, tax, set-off, account, what the parts differ by, what the money that the
 * event tells differs by; remaining: gross, tax, rounding · what it takes (ledger_pack.h), to the
 * end. Numbers and texts as in base/varint.h; all but dates zigzag. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_SUMMARY_H
#define PRIMAFLOW_REFUND_SUMMARY_H

#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/refund_result.h"
#include "domain/flags/flags.h"
#include "domain/money/exact.h"
#include "flow/flow.h"
#include "refund_dates.h"

struct refund_summary {
    enum money_chosen money; /* of the order */
    bool tax_included;
    const struct currency *currency;
    const char *order_number; /* NULL: prefix and order id */
    bool has_note;            /* without it: takes alone */
    bool was_owed; /* without a note: the ledger has a record of it, which this one replaces */
    struct flags flags;
    int32_t refund_date, post_date; /* YYYYMMDD */
    bool has_days_left;
    int32_t days_left;
    struct credit_proof proof; /* its currency is the one above */
    int64_t money_told;        /* what the event said had gone back, in the order's money */
    struct credit_remaining remaining;
};

enum {
    REFUND_SUMMARY_MAX = 256 * 1024
}; /* some forty bytes a part: what is longer is no refund that anybody made */

/* Behind it ledger_pack's bytes are to be written. The proof must add up, or what is read is another
 * one. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_summary_write(const struct refund_summary *summary,
                                                             struct buf *out);

/* `ret_takes`: as ledger_unpack, with the currency; state owed where nothing but `taken` is in it.
 * 0; -EBADMSG: not such a summary, or of another version; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_summary_read(const char *bytes, size_t size,
                                                            struct arena *arena,
                                                            struct refund_summary *ret_summary,
                                                            struct ledger_credit *ret_takes);

/* flow.h: the ledger's `takes`. */
__attribute__((warn_unused_result)) int refund_takes(const char *summary, size_t size,
                                                     struct arena *arena,
                                                     struct ledger_credit *ret_credit);

/* flow.h: the ledger's `keeps`: the same, that takes nothing. */
__attribute__((warn_unused_result)) int refund_keeps(const char *summary, size_t size,
                                                     struct arena *arena, const char **ret_bytes,
                                                     size_t *ret_size);

/* flow.h: summary_outcome. Of one that cannot be read PF_E_defect, for nothing is known about it. */
enum outcome refund_summary_outcome(const char *bytes, size_t size,
                                    enum pf_error ret_codes[static 8], size_t *ret_code_count);

/* One sentence for people, without personal data: what was flagged, and where. "" when there is
 * nothing to say. In the arena; NULL: no memory. */
const char *refund_summary_narrative(const struct refund_summary *summary, struct arena *arena);

#endif
