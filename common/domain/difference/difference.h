/* How two versions of one order differ, for the person who has to amend Prima's document.
 *
 * Invariants
 *   - Lists are sets: lines are matched by their id; carriage, charges, tenders, taxes and discounts
 *     by their id or, where one version lacks ids, by what they are. Their order never differs.
 *   - No personal data and no voucher or authorisation number: of a field that the schema marks
 *     "personal", or does not mark, only that it differs.
 *   - Bounded: DIFFERENCES_MAX of each part, texts of DIFFERENCE_TEXT_MAX bytes without control
 *     characters; the rest is counted. What is hostile in an event costs n log n.
 *   - Texts lie in the arena given, or are constant.
 * Pure, and the codec is the loop's: its thread. */
#ifndef PRIMAFLOW_DIFFERENCE_H
#define PRIMAFLOW_DIFFERENCE_H

#include "base/arena.h"
#include "codec/codec.h"
#include "domain/events/order_event.h"

enum { DIFFERENCES_MAX = 32, DIFFERENCE_TEXT_MAX = 96 };

/* Goods: what Prima's document was made from. Money: payments and how far they have come. */
enum difference_part { PART_GOODS, PART_MONEY, PART_REST, PART_COUNT };
extern const char *const difference_part_names[]; /* "goods", "money", "rest" */

enum difference_change { DIFFERENCE_CHANGED, DIFFERENCE_ADDED, DIFFERENCE_REMOVED };

struct difference {
    enum difference_change change;
    const char *where; /* "line 11 (SKU A-1)"; "" is the order itself */
    const char *field; /* "units", "delivery address"; of a list's item: "line", "tender" */
    const char *before, *after; /* NULL: absent, or not to be shown */
};

struct difference_list {
    struct difference items[DIFFERENCES_MAX];
    size_t count, more; /* `more`: found and not listed */
};

struct differences {
    struct difference_list parts[PART_COUNT];
};

/* `codec`: has checked order_event_record, and knows its marks. 0; -ENOMEM: the arena is full, and
 * what was found so far is not to be used. */
__attribute__((warn_unused_result)) int order_differences(const struct codec *codec,
                                                          const struct order_event *former,
                                                          const struct order_event *now,
                                                          struct arena *arena,
                                                          struct differences *ret_differences);

/* Does `now` differ in its goods only by units or lines that were taken away, with what follows for
 * their discounts, taxes and the totals? False also where the arena is full. */
bool order_only_takes_back(const struct codec *codec, const struct order_event *former,
                           const struct order_event *now, struct arena *arena);

/* One of them as a sentence without a full stop: "line 11 (SKU A-1): units from 3 to 2". NULL: the
 * arena is full. */
const char *difference_text(const struct difference *difference, struct arena *arena);

/* Those of one part in one line of at most `size_max` bytes: "...; ...; and 12 more". "" when there
 * is none. NULL: the arena is full. */
const char *differences_text(const struct difference_list *list, size_t size_max,
                             struct arena *arena);

#endif
