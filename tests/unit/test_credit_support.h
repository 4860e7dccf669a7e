/* An order of the ledger, and records of its refunds, as the tests of what remains creditable have
 * them. Everything asserts; everything lives in the arena. */
#ifndef PRIMAFLOW_TEST_CREDIT_SUPPORT_H
#define PRIMAFLOW_TEST_CREDIT_SUPPORT_H

#include "domain/events/ledger_credit.h"
#include "domain/ledger/ledger_balance.h"

struct ledger_tax *tax_of(struct arena *arena, int64_t rate, int64_t tax, int64_t credited);

/* 3 shoes for 30.00 (5.00 tax), a book for 10.00 at 0 %, carriage 3.60 (0.60), cash rounding -0.02:
 * 43.58, of that 5.60 tax, 10.00 on account. */
struct ledger_entry *an_entry(struct arena *arena);
/* Places of that entry: 0 and 1 lines, 2 and 3 charges, 4 the group of 20 %, 5 of 0 %. */
enum { SHOE, BOOK, CARRIAGE, CASH, AT_20, AT_0 };

/* Of that order, and without parts: K is 01/refunds/shopify/uk/<refund_id>. */
struct ledger_credit *a_record(struct arena *arena, const char *refund_id, enum credit_state state);
/* Adds a part with one rate, and gives it for more of its name. */
struct ledger_credit_part *take_of(struct arena *arena, struct ledger_credit *record,
                                   enum credit_place what, int32_t number, int32_t quantity,
                                   int64_t gross, int64_t rate_ppm, int64_t tax);
/* Units that an edit took away of a line. */
void take_away(struct arena *arena, struct ledger_credit *record, int32_t number, int32_t units);

/* One step after another, for tests that make them up: answer and state as above. */
void credit_begin(void);
void credit_step(const char *step, char answer[static 600], char state[static 400]);

#endif
