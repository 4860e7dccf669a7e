/* The totals and what they are compared with; see order_sale.h. */
#include "order_sale.h"

/* What the channel states must be what its parts come to; NULL: not stated. */
static bool differs(const struct sale *sale, const struct money_set *stated, int64_t sum)
{
    return stated != NULL && sale_pick(sale->money, stated) != sum;
}

void sale_check_totals(struct sale *sale, const struct order_event *event,
                       const struct channel_rules *channel, struct flags *flags)
{
    struct exact *x = &sale->exact;
    struct sale_proof *proof = &sale->proof;
    int64_t shipping = 0, others = 0, discounts = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        proof->lines = exact_add(x, proof->lines, sale->lines[i].price.amount);
        proof->discounts = exact_add(x, proof->discounts, sale->lines[i].price.discount);
    }
    for (size_t i = 0; i < sale->charge_count; i++) {
        const struct sale_charge *charge = &sale->charges[i];
        int64_t *sum = charge->shipping != NULL ? &shipping : &others;
        *sum = exact_add(x, *sum, sale_net_of_discount(x, &charge->price));
        discounts = exact_add(x, discounts, charge->price.discount);
    }
    for (size_t i = 0; i < sale->tender_count; i++)
        proof->tenders = exact_add(x, proof->tenders, sale->tenders[i].amount);
    proof->charges = exact_add(x, shipping, others);
    proof->outstanding = sale_pick(sale->money, &event->totals.outstanding);
    if (proof->outstanding >=
        sale->promised) /* else the channel does not count it as outstanding */
        proof->outstanding = exact_subtract(x, proof->outstanding, sale->promised);

    const int64_t subtotal = exact_subtract(x, proof->lines, proof->discounts);
    const int64_t total =
        exact_add(x, exact_add(x, subtotal, proof->charges), proof->tax_included ? 0 : proof->tax);
    proof->difference = exact_subtract(x, total, exact_add(x, proof->tenders, proof->outstanding));
    const int64_t tolerance = channel->tolerate_total ? proof->tolerance : 0;
    /* More was taken than is due, and all else is right: the customer is owed money. */
    const bool is_excess =
        proof->difference < -tolerance && proof->outstanding == 0 &&
        exact_distance(x, total, sale_pick(sale->money, &event->totals.total)) <= tolerance;
    if (is_excess)
        flag_raise(flags, PF_E_payment_excess, 0);
    if ((!is_excess && exact_distance(x, proof->difference, 0) > tolerance) ||
        exact_distance(x, total, sale_pick(sale->money, &event->totals.total)) > tolerance ||
        differs(sale, event->totals.subtotal, subtotal) ||
        differs(sale, event->totals.discounts, exact_add(x, proof->discounts, discounts)) ||
        differs(sale, event->totals.shipping, shipping) ||
        differs(sale, event->totals.charges, others))
        flag_raise(flags, PF_E_total_mismatch, 0);
}
