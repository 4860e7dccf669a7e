/* An order's entry and the records of its refunds, put together: what stands, what a person must
 * tell, what is kept for others.
 *
 * Invariants
 *   - The entry's own amounts count first (an import's), then the records in the order in which the
 *     ledger has them. A refund counts once, be it in the entry, in a record, in a reservation.
 *   - What an edit left owed stands before the note that was credited against it, wherever the edit's
 *     record has come to: a resend of the edit writes it anew.
 *   - What K itself left owed so far does not count: what it is decided to be now takes its place.
 *   - An edit that is not newer than the entry's version is contained in it, and nothing is owed for
 *     it.
 *   - A record that finds no room or no place in the entry makes nothing creditable: it is told as
 *     `misfit`, and all is kept.
 * Lives in the arena; points into entry and records. Pure functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_FOLD_H
#define PRIMAFLOW_LEDGER_FOLD_H

#include "domain/ledger/ledger_place.h"

struct ledger_fold {
    const char *key;                  /* K of the refund that was asked for, or NULL */
    const struct ledger_entry *entry; /* credited and owed applied; NULL: the order has none */
    const struct ledger_credit *own;  /* the record of K, whatever its state; NULL: none */
    /* that others than K keep until a person has told */
    const struct ledger_credit *const *open;
    size_t open_count;
    bool is_all_kept;    /* one of them keeps all that remains, or there is a misfit */
    bool is_unposted;    /* the order ended without a document, and has no entry */
    const char *outcome; /* ... how; NULL: not known */
    const struct ledger_credit *misfit;  /* the first; NULL: none */
    const struct ledger_credit *records; /* all of them */
    size_t record_count;
};

/* `entry`: the newest, or NULL. `records`: the newest of each key, by their places in the ledger, the
 * oldest first. `key`: K of the refund that is to be decided; NULL: of none. 0; -EBADMSG: the entry
 * itself does not add up; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_fold(const struct ledger_entry *entry,
                                                    const struct ledger_credit records[],
                                                    size_t count, const char *key,
                                                    struct arena *arena,
                                                    struct ledger_fold *ret_fold);

/* What others than K keep of the order. */
struct ledger_kept {
    const struct credit *credits; /* of the fold's entry: reserving them one after the other fits */
    size_t count;
    bool is_all; /* nothing is left for anybody else */
    /* what is kept without room or place for it; NULL: none. is_all, then. */
    const struct ledger_credit *misfit;
    /* An edit of the order, or an earlier delivery of K itself, has left something owed that the records do
     * not have yet: ledger_has_owed. False by ledger_keep, which knows of none. */
    bool is_unread, is_own_unread;
};

/* The records have what this edit left owed (its `key`, `source_version` and `taken`), or what has taken
 * its place since. */
bool ledger_has_owed(const struct ledger_fold *fold, const struct ledger_credit *owed);

/* What is open, and what is reserved in Redis (each with its `key`): of one refund the larger of both,
 * once; nothing of it when the ledger has it as credited. The fold must have an entry. 0; -EBADMSG: it does not add up;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_keep(const struct ledger_fold *fold,
                                                    const struct ledger_credit reserved[],
                                                    size_t count, struct arena *arena,
                                                    struct ledger_kept *ret_kept);

#endif
