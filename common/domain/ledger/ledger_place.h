/* The places of a credit by their names, and back: an index holds for one balance, a name for as
 * long as the order lives.
 *
 * A line is named by its number and its mark, a charge by code, line_id and how many of those are
 * before it, something owed by its edit and its line, the order as a whole by its rates.
 *
 * Invariants
 *   - A line and what edits left owed of it are one pool: what a credit wants of one of them and is
 *     not there any more is taken of the others, units, net and each tax for itself. So whether
 *     credits fit does not depend on the order in which they and edits are put together.
 *   - What is in none of them stays with the place that was named, where ledger_reserve refuses it.
 * Pure functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_PLACE_H
#define PRIMAFLOW_LEDGER_PLACE_H

#include "domain/events/ledger_credit.h"
#include "domain/ledger/ledger_change.h"

/* 24 bits of a digest of the line's id, product, matrix codes and bundle; never 0. */
int32_t ledger_line_mark(const struct ledger_line *line);

/* The parts of a record by the places of this balance. Of a record with state open or credited, or
 * of a reservation. 0; -ENOENT: a place is not there any more; -ERANGE: too large to be added;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_place(const struct ledger_credit *credit,
                                                     const struct ledger_balance *balance,
                                                     struct arena *arena,
                                                     struct credit *ret_credit);

/* What a place is called: *ret_part without quantity, gross and taxes. Texts are the entry's. */
void ledger_name_place(const struct ledger_balance *balance, size_t place,
                       struct ledger_credit_part *ret_part);

/* Units that an edit took away, by the lines of this entry, for ledger_owe. 0; -ENOENT; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_place_taken(const struct ledger_credit *owed,
                                                           const struct ledger_entry *entry,
                                                           struct arena *arena,
                                                           struct ledger_taken **ret_taken);

#endif
