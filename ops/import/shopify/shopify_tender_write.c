/* One tender in the event's words; see shopify_tenders.h. */
#include "shopify_means.h"
#include "shopify_tenders.h"

#include <stdio.h>
#include <string.h>

/* How money was given, by gateway as Shopify names it. What is not here and has no card is "other":
 * payments.yaml knows the gateway. */
static const struct {
    const char *gateway, *kind;
} gateway_kinds[] = {
    {"gift_card", "gift_card"},
    {"shopify_store_credit", "store_credit"},
    {"cash", "cash"},
    {"Cash on Delivery (COD)", "cash"},
    {"Bank Deposit", "bank_transfer"},
    {"bank_deposit", "bank_transfer"},
    {"shopify_payments", "card"},
    {"stripe", "card"},
    {"paypal", "wallet"},
    {"amazon_payments", "wallet"},
};

static const char *kind_of(const char *gateway, bool has_card, bool has_wallet)
{
    if (has_wallet)
        return "wallet";
    for (size_t i = 0; gateway != NULL && i < sizeof gateway_kinds / sizeof *gateway_kinds; i++)
        if (strcmp(gateway_kinds[i].gateway, gateway) == 0)
            return gateway_kinds[i].kind;
    return has_card ? "card" : "other";
}

/* "American Express" → "american_express": one spelling for payments.yaml. What is longer than any
 * such name stays as it is. */
static void put_method(struct import_reader *r, json_t *tender, const char *name)
{
    char method[64];
    size_t size = 0;
    if (name == NULL || strlen(name) >= sizeof method) {
        import_put_text(r, tender, "method", name);
        return;
    }
    for (; name[size] != '\0'; size++)
        method[size] = (char)(name[size] == ' '                        ? '_'
                              : name[size] >= 'A' && name[size] <= 'Z' ? name[size] - 'A' + 'a'
                                                                       : name[size]);
    method[size] = '\0';
    import_put(r, tender, "method", json_string(method));
}

/* Which gift card: its id, or the end of its code. */
void shopify_put_voucher(struct import_reader *r, const struct import_at *transaction,
                         json_t *tender)
{
    const struct import_at receipt = import_field(transaction, "receipt");
    char id[64];
    if (!json_is_object(receipt.json))
        return;
    const char *last = import_text(r, &receipt, "gift_card_last_characters");
    if (import_id(r, &receipt, "gift_card_id", id))
        import_put(r, tender, "voucher_number", json_string(id));
    else if (last != NULL)
        import_put(r, tender, "voucher_number", json_sprintf("**** %s", last));
}

void shopify_put_means(struct import_reader *r, const struct import_at *transaction,
                       const char *gateway, json_t *tender)
{
    const struct import_at details = import_field(transaction, "payment_details");
    const char *card = import_text(r, &details, "credit_card_company"),
               *wallet = import_text(r, &details, "credit_card_wallet");
    import_put_text(r, tender, "kind", kind_of(gateway, card != NULL, wallet != NULL));
    import_put_text(r, tender, "gateway", gateway);
    put_method(r, tender, wallet != NULL ? wallet : card);
}

json_t *shopify_tender_json(struct shopify_import *o, const struct shopify_tender *t)
{
    static const char *const states[] = {NULL, "pending", "authorized", "captured", "voided"};
    json_t *tender = json_object();
    import_put_text(o->r, tender, "transaction_id", t->id[0] != '\0' ? t->id : NULL);
    shopify_put_means(o->r, &t->at, t->gateway, tender);
    import_put(o->r, tender, "amount", import_money_json(o->r, t->amount));
    import_put(o->r, tender, "status", json_string(states[t->state]));
    import_copy_text(o->r, &t->at, "authorization", tender, "authorization");
    if (t->voucher != NULL)
        import_put(o->r, tender, "voucher_number", json_string(t->voucher));
    else
        shopify_put_voucher(o->r, &t->at, tender);
    import_copy_time(o->r, &t->at, "processed_at", tender, "processed_at");
    if (import_flag(o->r, &t->at, "test", false))
        import_put(o->r, tender, "test", json_true());
    return tender;
}
