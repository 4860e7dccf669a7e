/* What people read about a held order; see order_summary.h. The same words go to Prima's hold
 * narrative and into the result. */
#include "order_summary.h"

struct amounts { /* texts of the proof */
    char lines[MONEY_TEXT_MAX], discounts[MONEY_TEXT_MAX], charges[MONEY_TEXT_MAX],
        tax[MONEY_TEXT_MAX], expected[MONEY_TEXT_MAX], tenders[MONEY_TEXT_MAX],
        outstanding[MONEY_TEXT_MAX], difference[MONEY_TEXT_MAX], tolerance[MONEY_TEXT_MAX];
};

static void format_amounts(const struct order_summary *s, struct amounts *a)
{
    const struct {
        int64_t minor;
        char *text;
    } rows[] = {
        {s->proof.lines, a->lines},
        {s->proof.discounts, a->discounts},
        {s->proof.charges, a->charges},
        {s->proof.tax, a->tax},
        {s->proof.tax_expected, a->expected},
        {s->proof.tenders, a->tenders},
        {s->proof.outstanding, a->outstanding},
        {s->proof.difference, a->difference},
        {s->proof.tolerance, a->tolerance},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        (void)money_digits((struct money){rows[i].minor, s->currency}, rows[i].text);
}

/* " (line 2)", " (line 2 and 3 more)", "". */
static void add_place(struct buf *out, const char *what, const struct flag *flag)
{
    if (flag->at == 0)
        return;
    buf_printf(out, " (%s %u", what, flag->at);
    if (flag->count > 1)
        buf_printf(out, " and %u more", flag->count - 1);
    buf_text(out, ")");
}

static void add_flag(struct buf *out, const struct order_summary *s, const struct flag *flag,
                     const struct amounts *a)
{
    switch (flag->code) {
    case PF_E_tax_mismatch:
        buf_printf(out, "tax is %s, by the configured rates %s, tolerance %s", a->tax, a->expected,
                   a->tolerance);
        add_place(out, "line", flag);
        break;
    case PF_E_total_mismatch:
        if (s->proof.difference == 0)
            buf_text(out, "the parts balance, but the channel states another total");
        else
            buf_printf(out,
                       "lines %s - discounts %s + charges %s%s%s, but tenders %s + outstanding %s: "
                       "difference %s",
                       a->lines, a->discounts, a->charges, s->proof.tax_included ? "" : " + tax ",
                       s->proof.tax_included ? "" : a->tax, a->tenders, a->outstanding,
                       a->difference);
        break;
    case PF_E_payment_excess:
        buf_printf(out, "%s was taken, too much by %s", a->tenders,
                   *a->difference == '-' ? a->difference + 1 : a->difference);
        break;
    case PF_E_payment_contradicts:
        buf_printf(out, "the channel calls the order paid, and %s outstanding", a->outstanding);
        break;
    case PF_E_payment_pending:
        buf_printf(out, "%s is not paid", a->outstanding);
        break;
    case PF_E_unknown_sku:
        buf_text(out, "product unknown, posted as miscellaneous item");
        add_place(out, "line", flag);
        break;
    case PF_E_depot_unmapped:
        buf_text(out, "location without depot");
        add_place(out, "line", flag);
        break;
    case PF_E_tax_rate_unmapped:
        buf_text(out, "tax rate not configured");
        add_place(out, "line", flag);
        break;
    case PF_E_payment_unmapped:
        buf_text(out,
                 flag->at == 0 ? "payment terms not mapped" : "payment not mapped and left out");
        add_place(out, "payment", flag);
        break;
    case PF_E_charge_unmapped:
        buf_text(out, "charge not mapped");
        add_place(out, "charge", flag);
        break;
    case PF_E_tax_not_ours:
        buf_text(out, "the channel says that it pays the tax itself");
        add_place(out, "line", flag);
        break;
    case PF_E_address_illegible:
        buf_text(out, "a name or address is mostly of letters that Prima cannot show");
        break;
    case PF_E_customer_ambiguous:
        buf_text(out, "several accounts match the customer");
        break;
    case PF_E_customer_unknown_outcome:
        buf_text(out, "whether the customer's account was created is not known: look for it by the "
                      "order's CustomerRef");
        break;
    case PF_E_customer_unmapped:
        buf_text(out, "no customer, and no account configured for that");
        break;
    default:
        buf_text(out, pf_error_info(flag->code)->meaning);
        break;
    }
}

const char *order_summary_narrative(const struct order_summary *s, struct arena *arena)
{
    struct amounts amounts;
    struct buf text;
    buf_init(&text, 8 * 1024); /* each flag comes to less than 1 KiB */
    format_amounts(s, &amounts);
    for (size_t i = 0; i < s->flags.count; i++) {
        if (i > 0)
            buf_text(&text, "; ");
        add_flag(&text, s, &s->flags.items[i], &amounts);
    }
    if (s->flags.count == 0 && s->proof.tax != s->proof.tax_expected)
        buf_printf(&text, "tax is %s, by the configured rates %s: within the tolerance of %s",
                   amounts.tax, amounts.expected, amounts.tolerance);
    const char *copy = text.failed ? NULL : arena_text(arena, text.data, text.size);
    buf_release(&text);
    return copy;
}
