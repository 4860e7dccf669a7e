/* The next entry of an order: with a credit note applied, or with what an edit left owed.
 *
 * Invariants: the version grows by one; the refund id of a note is in the entry once, so that a note
 * is applied once; what is applied was reserved in the entry's balance, or is refused; everything
 * else stays as it was. The new entry lives in the arena and shares texts with the old one. Pure
 * functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_CHANGE_H
#define PRIMAFLOW_LEDGER_CHANGE_H

#include "domain/ledger/ledger_balance.h"

/* Money that went back, for the payment that it pays back. */
struct credit_tender {
    const char *parent_id;      /* the payment's transaction; NULL: not known */
    const char *kind, *gateway; /* gateway may be NULL */
    int64_t amount;
};

struct credit_note_posted {
    const char *refund_id, *document;
    int64_t posted_at; /* ms since 1970 UTC */
    const struct credit_tender *tenders;
    size_t tender_count;
};

/* 0; -EEXIST: a note of this refund is in the entry already; -ENOSPC: more than remains; -EBADMSG,
 * -ERANGE, -ENOMEM as ledger_balance_read and ledger_reserve. */
__attribute__((warn_unused_result)) int ledger_apply(const struct ledger_entry *entry,
                                                     const struct credit *credit,
                                                     const struct credit_note_posted *note,
                                                     struct arena *arena,
                                                     struct ledger_entry *ret_entry);

/* Units of one line that an edit took away. */
struct ledger_taken {
    size_t line; /* index into the entry's lines */
    int64_t units;
};

/* What is owed for them is the ledger's own share, of what remains; where fewer units remain, of
 * those. The row stays when all of it was credited, so that the same edit is not owed for again. 0; -EEXIST: this edit is in the entry already; -EBADMSG; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_owe(const struct ledger_entry *entry,
                                                   const char *edit_id, int64_t event_time,
                                                   const struct ledger_taken taken[], size_t count,
                                                   struct arena *arena,
                                                   struct ledger_entry *ret_entry);

/* An entry of its own that notes and edits are applied to in place, one after the other, with its
 * balance in step. It stays where it was opened, for the balance points into it. */
struct ledger_book {
    struct ledger_entry entry;
    struct ledger_balance balance;
    struct arena *arena;
};

/* A copy with room for so many notes and rows of what is owed. 0; -EBADMSG; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_book_open(const struct ledger_entry *entry,
                                                         size_t notes, size_t owed,
                                                         struct arena *arena,
                                                         struct ledger_book *ret_book);

/* As ledger_apply and ledger_owe, of at most as many as there is room for. After -EEXIST, -ENOSPC and
 * -ERANGE the book is as it was, after others it is of no use any more. */
__attribute__((warn_unused_result)) int ledger_book_apply(struct ledger_book *book,
                                                          const struct credit *credit,
                                                          const struct credit_note_posted *note);
__attribute__((warn_unused_result)) int ledger_book_owe(struct ledger_book *book,
                                                        const char *edit_id, int64_t event_time,
                                                        const struct ledger_taken taken[],
                                                        size_t count);

/* Whether a credit note of this refund is in the entry. */
bool ledger_has_credit(const struct ledger_entry *entry, const char *refund_id);

#endif
