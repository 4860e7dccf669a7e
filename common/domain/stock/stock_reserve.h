/* What an order takes from stock, and what of that Prima has taken off its own figure.
 *
 * Three pure steps, each of which depends on what is known now and not on the order in which it came
 * to be known:
 *   1. want: of the newest version of the order's event, units by stock key and depot;
 *   2. have: of its document in Prima (the ledger's entry), units that Prima's figure no longer has,
 *      and since when;
 *   3. reserve: both together as reservations, and against those that were published before, what is
 *      to be written.
 *
 * What counts
 *   - Units after edits of lines that are picked, bundles taken apart by bundles.yaml or by the
 *     channel's own parts, with the products and depots that the orders worker gives them
 *     (domain/goods). A gift card, a tip, a service: nothing. A SKU of no shape cannot be reserved,
 *     for nobody knows whose stock it is: a gap, which is told.
 *   - A line whose location is not named, or not mapped, is netted at the channel's online_depot;
 *     without one, at every depot that its locations' orders are taken from (depot "", `depots`).
 *   - Nothing: a cancelled order, one that was taken back with all its money, a test, one from before
 *     the cut-over, one that a person discarded.
 *   - Goods handed over at a till have left the shelf, but Prima's figure has them still until the
 *     order is posted: netted until then like any other, else a refresh would show them again. Not
 *     where till_stock says in_prima: there Prima books what tills sell by itself, its figure is the
 *     truth from the start, and netting would count the goods twice.
 *   - Allocation by prima.allocates: on_post, when it was posted; on_release, when a held one was
 *     released; on_despatch, when it was despatched, but of goods handed over when it was posted, for
 *     nobody asks Prima about those again.
 *   - The version that Prima's document is of: what was posted counts, by the document's products and
 *     depots, whatever the mappings say today. Another one (an amendment that is not in Prima yet; or
 *     the document is of a version whose event has not come): its units, and those that Prima has are
 *     part of them: more units are netted until the document has them; fewer units stay off Prima's
 *     figure until somebody acts there, so they stay netted until a read shows it.
 *
 * A version that is older than what was seen changes nothing; of two with one number the one that
 * came later counts, and a cancellation stays. Units saturate; nothing here is negative.
 *
 * Records are published in full, each replacing the last of its key. One that is not wanted any more
 * is written with 0 units first (so that `taken` is given back) and then ended by a tombstone; one
 * whose units Prima has stays until stock_claim_is_over. A tombstone changes no running total.
 *
 * In the caller's arena; texts of the event, the rules and the entry are copied. Pure: any
 * thread. */
#ifndef PRIMAFLOW_STOCK_RESERVE_H
#define PRIMAFLOW_STOCK_RESERVE_H

#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/events/stock_reservation.h"
#include "domain/mappings/stock_rules.h"

/* ---- 1: what the order wants ---- */

struct stock_row {             /* one stock key at one depot */
    const char *sku;           /* stock key */
    const char *depot;         /* "": one of `depots` */
    struct rules_texts depots; /* of depot "" */
    int64_t units;
};

struct stock_taken {     /* what one SKU of the channel lowered itself by at one location */
    const char *sku_key; /* stock key, of a bundle its part's */
    const char *location, *sku;
    int64_t units;
};

enum stock_gap_kind {
    STOCK_GAP_SKU,      /* no SKU, or of no shape: no reservation is possible */
    STOCK_GAP_LOCATION, /* its location is not in depots.yaml: netted as if it named none */
    STOCK_GAP_DEPOT,    /* no location, and no depot that could serve it: netted nowhere */
    STOCK_GAP_KEY,      /* product and codes are too long for a stock key */
    STOCK_GAP_KINDS
};
extern const char *const stock_gap_texts[]; /* for people, with the remedy */

struct stock_gap {
    size_t line; /* of the event, from 1 */
    enum stock_gap_kind kind;
};

struct stock_want {
    int64_t version;
    bool cancelled; /* or taken back, a test, from before the cut-over: for good */
    bool handed_over;
    struct stock_row *rows; /* by stock key, then depot; each once */
    size_t count;
    struct stock_taken *taken;
    size_t taken_count;
    struct stock_gap *gaps;
    size_t gap_count;
};

/* 0; -EINVAL: the event contradicts itself, with *ret_detail a sentence without values; -ENOENT: its
 * channel is not in channels.yaml; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_want(const struct order_event *event,
                                                   const struct order_rules *rules,
                                                   struct arena *arena, struct stock_want *ret_want,
                                                   const char **ret_detail);

/* ---- 2: what Prima has ---- */

struct stock_fate { /* of the order in Prima, as far as it is known; times in ms since 1970 UTC */
    const struct ledger_entry *entry; /* its document; NULL: none is known */
    bool held;                        /* it was posted on hold */
    bool has_released_at, has_despatched_at;
    int64_t released_at, despatched_at;
    bool discarded; /* a person ended it without a document */
};

struct stock_have {
    int64_t version; /* that the document is of; INT64_MIN: no document */
    bool discarded;
    bool allocated;
    int64_t allocated_at;
    struct stock_row *rows; /* as of stock_want */
    size_t count;
};

/* `handed_over` as the event says. 0; -ENOENT; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_have(const struct stock_fate *fate, bool handed_over,
                                                   const struct order_rules *rules,
                                                   struct arena *arena,
                                                   struct stock_have *ret_have);

/* ---- 3: the reservations ---- */

/* What the maker remembers of one order. */
struct stock_order {
    struct stock_want want;         /* of the newest version; version INT64_MIN: none was seen */
    struct stock_have have;         /* newest */
    int64_t since;                  /* when the order was first seen, ms since 1970 UTC */
    struct stock_reservation *rows; /* published, and not ended */
    size_t count;
};

struct stock_change {
    const struct stock_reservation *reservation;
    bool ends; /* write it, then its tombstone */
};

struct stock_reserve_key { /* who the order is */
    const char *order, *company, *channel, *store, *order_id;
};

/* `before` NULL: nothing is remembered; `want` NULL, `have` NULL: no news of it; at least one is
 * given. *ret_after is to be remembered; changes are written in their order, none: nothing is new.
 * Without a version of the event nothing is reserved, whatever Prima has. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int stock_reserve(
    const struct stock_reserve_key *key, const struct stock_order *before,
    const struct stock_want *want, const struct stock_have *have, int64_t now, struct arena *arena,
    struct stock_order *ret_after, struct stock_change **ret_changes, size_t *ret_change_count);

#endif
