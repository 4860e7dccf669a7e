/* How a refund's money went back: one movement for each provider. A declined one failed; what was
 * paid beside the providers was, as somebody says. */
#include "bigcommerce_parts.h"

#include <string.h>

/* How money goes back, by provider as BigCommerce names it. What is not here is "other":
 * payments.yaml knows the provider. */
static const struct {
    const char *provider, *kind;
} provider_kinds[] = {
    {"storecredit", "store_credit"},
    {"giftcertificate", "gift_card"},
    {"giftcertificates", "gift_card"},
    {"cod", "cash"},
    {"cash", "cash"},
    {"bankdeposit", "bank_transfer"},
    {"stripe", "card"},
    {"stripev3", "card"},
    {"braintree", "card"},
    {"authorizenet", "card"},
    {"bigcommerce_payments", "card"},
    {"squarev2", "card"},
    {"adyenv3", "card"},
    {"paypal", "wallet"},
    {"paypalexpress", "wallet"},
    {"braintree.paypal", "wallet"},
    {"paypalcommerce", "wallet"},
    {"amazonpay", "wallet"},
};

static const char *kind_of(const char *provider)
{
    for (size_t i = 0; provider != NULL && i < sizeof provider_kinds / sizeof *provider_kinds; i++)
        if (strcmp(provider_kinds[i].provider, provider) == 0)
            return provider_kinds[i].kind;
    return "other";
}

static void payment_read(struct bigcommerce_refunding *f, const struct import_at *at)
{
    char id[64];
    int64_t minor = 0;
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a payment; export the refund again");
        return;
    }
    import_need(f->r, at, "amount");
    const bool declined = import_flag(f->r, at, "is_declined", false);
    const char *provider = import_text(f->r, at, "provider_id");
    const bool has_id = import_id(f->r, at, "transaction_id", id) || import_id(f->r, at, "id", id);
    if (!bigcommerce_minor(f, at, "amount", false, &minor))
        return;
    const struct import_refund_transaction t = {
        .type = "refund",
        .status = declined ? "failed" : "succeeded",
        .kind = kind_of(provider),
        .id = has_id ? id : NULL,
        .gateway = provider,
        .is_offline = import_flag(f->r, at, "offline", false),
        .amount = bigcommerce_money(minor),
        .has_time = true,
        .processed_ms = f->created_ms,
    };
    (void)import_refund_transaction(&f->out, &t);
}

void bigcommerce_payments(struct bigcommerce_refunding *f)
{
    const struct import_at list = import_field(f->refund, "payments");
    const size_t count = import_count(f->r, &list);
    for (size_t i = 0; i < count; i++) {
        const struct import_at payment = import_item(&list, i);
        payment_read(f, &payment);
    }
}
