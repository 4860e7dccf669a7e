/* A decided refund as Prima's NewCreditNote.
 *
 * VatInclusive and the price's basis are those of orders (prima.price_vat, prima.price_basis). An
 * amount is never converted by a rate: gross and tax of each part are known, and their difference is
 * the net. A total that no unit price divides goes out as two lines whose prices differ by one minor
 * unit, so that sum(quantity x Price) + sum(ChargeValue) + (sum(TaxValue), unless VatInclusive) =
 * payments, to the minor unit. An amount for a line without a unit has quantity 0 and is its price.
 * An amount for the whole order is a charge. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_NOTE_H
#define PRIMAFLOW_REFUND_NOTE_H

#include "base/buf.h"
#include "domain/flags/flags.h"
#include "domain/mappings/order_rules.h"
#include "refund_dates.h"
#include "refund_money.h"
#include "refund_shares.h"

struct refund_note {
    const struct refund_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    const struct ledger_balance *balance; /* its places, whatever is left of them */
    const struct refund_shares *shares;
    const struct refund_money *money;
    int64_t account; /* taken off the account */
    /* what of the note's gross takes back no tax, for it became store credit; the ledger's tax is
     * used up all the same */
    int64_t gross, untaxed;
    const struct refund_dates *dates;
    const char *credit_number;
    bool restocks; /* the note puts goods back; else the warehouse's receipt does */
};

/* The tax of a part, as the note has it. */
int64_t refund_note_tax(struct exact *x, const struct refund_note *note,
                        const struct credit_part *part);

/* Whether this kind of tender, or what stands for it, is in payments.yaml: NULL, it is not. */
const struct payment_rule *refund_tender_rule(const struct order_rules *rules,
                                              const struct channel_rules *channel,
                                              enum tender_kind kind, const char *gateway,
                                              const char *method);

/* Flags what of the note is not mapped: refund_tender_unmapped, refund_charge_unmapped,
 * restock_depot_unmapped. */
void refund_note_check(const struct refund_note *note, struct flags *flags);

/* Appends the request. 0; -ENOMEM; -ERANGE: an amount is too large; -EINVAL: a number that Prima does
 * not take, or an empty note. */
__attribute__((warn_unused_result)) int refund_note_write(const struct refund_note *note,
                                                          struct arena *arena, struct buf *out);

#endif
