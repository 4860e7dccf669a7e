/* One tender in the event's words; see shopify_tenders.h. */
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
static void put_method(struct shopify_import *o, json_t *tender, const char *name)
{
    char method[64];
    size_t size = 0;
    if (name == NULL || strlen(name) >= sizeof method) {
        shopify_put_text(o, tender, "method", name);
        return;
    }
    for (; name[size] != '\0'; size++)
        method[size] = (char)(name[size] == ' '                        ? '_'
                              : name[size] >= 'A' && name[size] <= 'Z' ? name[size] - 'A' + 'a'
                                                                       : name[size]);
    method[size] = '\0';
    shopify_put(o, tender, "method", json_string(method));
}

/* Which gift card: its id, or the end of its code. */
static void put_voucher(struct shopify_import *o, const struct shopify_at *transaction,
                        json_t *tender)
{
    const struct shopify_at receipt = shopify_field(transaction, "receipt");
    char id[64];
    if (!json_is_object(receipt.json))
        return;
    const char *last = shopify_text(o->r, &receipt, "gift_card_last_characters");
    if (shopify_id(o->r, &receipt, "gift_card_id", id))
        shopify_put(o, tender, "voucher_number", json_string(id));
    else if (last != NULL)
        shopify_put(o, tender, "voucher_number", json_sprintf("**** %s", last));
}

json_t *shopify_tender_json(struct shopify_import *o, const struct shopify_tender *t)
{
    static const char *const states[] = {NULL, "pending", "authorized", "captured", "voided"};
    const struct shopify_at details = shopify_field(&t->at, "payment_details");
    const char *card = shopify_text(o->r, &details, "credit_card_company"),
               *wallet = shopify_text(o->r, &details, "credit_card_wallet");
    json_t *tender = json_object();
    shopify_put_text(o, tender, "transaction_id", t->id[0] != '\0' ? t->id : NULL);
    shopify_put(o, tender, "kind", json_string(kind_of(t->gateway, card != NULL, wallet != NULL)));
    shopify_put_text(o, tender, "gateway", t->gateway);
    put_method(o, tender, wallet != NULL ? wallet : card);
    shopify_put(o, tender, "amount", shopify_money_json(o->r, t->amount));
    shopify_put(o, tender, "status", json_string(states[t->state]));
    shopify_copy_text(o, &t->at, "authorization", tender, "authorization");
    put_voucher(o, &t->at, tender);
    shopify_copy_time(o, &t->at, "processed_at", tender, "processed_at");
    if (shopify_flag(o->r, &t->at, "test", false))
        shopify_put(o, tender, "test", json_true());
    return tender;
}
