/* What a refund pays back beside goods: carriage, fees, and amounts for no line. */
#include "shopify_refund_parts.h"

#include <string.h>

static void carriage_read(struct shopify_refunding *f, const struct import_at *at)
{
    const struct import_at line = import_field(at, "shipping_line");
    struct import_part part = {.has_tax = false};
    char id[64];
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a refunded shipping line; export the refund again");
        return;
    }
    (void)shopify_money(f->r, at, "subtotal_amount_set", "subtotal_amount",
                        SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &part.amount);
    part.has_tax =
        shopify_money(f->r, at, "tax_amount_set", "tax_amount", SHOPIFY_POSITIVE, &part.tax);
    const bool has_line =
        import_id(f->r, at, "shipping_line_id", id) || import_id(f->r, &line, "id", id);
    shopify_refund_state(f, &part);
    import_refund_carriage(&f->out, has_line ? id : NULL, part);
}

static void carriage(struct shopify_refunding *f)
{
    const struct import_at list = import_field(f->refund, "refund_shipping_lines");
    const size_t count = import_count(f->r, &list);
    for (size_t i = 0; i < count; i++) {
        const struct import_at line = import_item(&list, i);
        carriage_read(f, &line);
    }
}

/* Their sum, as the order's charge is; where it is not told, what each of them says. */
static void fees(struct shopify_refunding *f)
{
    const struct import_at list = import_field(f->refund, "additional_fees");
    struct import_part part = {.has_tax = false};
    if (!shopify_money(f->r, f->refund, "total_additional_fees_set", NULL, SHOPIFY_POSITIVE,
                       &part.amount)) {
        const size_t count = import_count(f->r, &list);
        for (size_t i = 0; i < count; i++) {
            const struct import_at fee = import_item(&list, i);
            struct import_money amount;
            if (shopify_money(f->r, &fee, "amount_set", "amount", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                              &amount))
                part.amount = import_add(f->r, part.amount, amount);
        }
    }
    shopify_refund_state(f, &part);
    import_refund_charge(&f->out, "other", "additional_fees", NULL, part);
}

/* ---- adjustments ---- */

/* By kind; since the API of 2024-10 there is none any more, and all that is left are
 * discrepancies. */
static const char *adjustment_kind(const char *kind)
{
    static const char *const rows[][2] = {{"shipping_refund", "carriage"},
                                          {"refund_discrepancy", "discrepancy"},
                                          {"restocking_fee", "restocking_fee"}};
    for (size_t i = 0; kind != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i][0], kind) == 0)
            return rows[i][1];
    return kind == NULL ? "discrepancy" : "other";
}

static struct import_money without_sign(struct import_money a)
{
    return (struct import_money){a.shop < 0 ? -a.shop : a.shop,
                                 a.presentment < 0 ? -a.presentment : a.presentment};
}

/* Carriage that is told as a refunded shipping line, too, counts once: the line wins. A tax of 0 is no
 * statement: an amount's tax is then in nobody's words. */
static void adjustment_read(struct shopify_refunding *f, const struct import_at *at)
{
    struct import_part part = {.has_tax = false};
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not an adjustment; export the refund again");
        return;
    }
    const char *kind = adjustment_kind(import_text(f->r, at, "kind"));
    (void)shopify_money(f->r, at, "amount_set", "amount", SHOPIFY_SIGNED | SHOPIFY_NEEDED,
                        &part.amount);
    part.has_tax =
        shopify_money(f->r, at, "tax_amount_set", "tax_amount", SHOPIFY_SIGNED, &part.tax) &&
        !import_is_zero(part.tax);
    if (strcmp(kind, "carriage") == 0 && import_refund_has(&f->out, "carriage"))
        return;
    if (strcmp(kind, "carriage") == 0)
        f->stated.parts = import_add(f->r, f->stated.parts, without_sign(part.amount));
    else
        f->stated.adjustments = import_add(f->r, f->stated.adjustments, part.amount);
    import_refund_adjustment(&f->out, kind, part);
}

static void adjustments(struct shopify_refunding *f)
{
    const struct import_at list = import_field(f->refund, "order_adjustments");
    const size_t count = import_count(f->r, &list);
    for (size_t i = 0; i < count; i++) {
        const struct import_at adjustment = import_item(&list, i);
        adjustment_read(f, &adjustment);
    }
}

void shopify_refund_extras(struct shopify_refunding *f)
{
    carriage(f);
    fees(f);
    adjustments(f);
}
