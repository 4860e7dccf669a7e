/* What a refund takes of its order, in some fifteen bytes a part: the reservation's bytes, which go
 * into Redis with the request, and from which the ledger's record is written after it.
 *
 * Format, version 1: version byte · amount taken off the account · parts: count, then kind, name,
 * quantity, gross, taxes (count, then rate and tax each) · tenders: count, then kind, gateway,
 * payment, amount each · taken: count, then number, mark, units each. A name is as in
 * ledger_place.h: of a line number and mark (3 bytes); of a charge number, code, line_id; of
 * something owed number, mark, edit_id; of the order nothing but its rates. Texts have their length
 * before them, one more than it, 0 for NULL. Numbers as in base/varint.h, amounts and quantities
 * zigzag. Behind it whoever packs may go on with bytes of its own. Pure functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_PACK_H
#define PRIMAFLOW_LEDGER_PACK_H

#include "base/buf.h"
#include "domain/ledger/ledger_place.h"

/* Appends it. `credit` names places of `balance`. 0; -ENOMEM: `out` is full, and is as it was. */
__attribute__((warn_unused_result)) int ledger_pack(const struct ledger_balance *balance,
                                                    const struct credit *credit,
                                                    const struct credit_tender tenders[],
                                                    size_t tender_count, struct buf *out);

/* ... of an edit that took units away without money. */
__attribute__((warn_unused_result)) int ledger_pack_taken(const struct ledger_entry *entry,
                                                          const struct ledger_taken taken[],
                                                          size_t count, struct buf *out);

/* ... of a record, whose places have their names already: what ledger_unpack gave, or the ledger. */
__attribute__((warn_unused_result)) int ledger_pack_again(const struct ledger_credit *credit,
                                                          struct buf *out);

/* Of *ret_credit parts, tenders, taken, amount, tax and account; state open, and no text of who it
 * is: keys and currency are the caller's to fill in. In the arena. *ret_used: bytes that it was; the
 * rest is whose who packed. 0; -EBADMSG: not such bytes, or of another version; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_unpack(const char *bytes, size_t size,
                                                      struct arena *arena,
                                                      struct ledger_credit *ret_credit,
                                                      size_t *ret_used);

#endif
