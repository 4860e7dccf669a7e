/* The customer of an order; see order_customer.h. */
#include "order_customer.h"

#include "base/digest.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>

int order_normalise_email(const char *email, struct arena *arena, const char **ret_email)
{
    *ret_email = NULL;
    if (email == NULL)
        return 0;
    while (isspace((unsigned char)*email))
        email++;
    size_t size = strlen(email);
    while (size > 0 && isspace((unsigned char)email[size - 1]))
        size--;
    const char *at = memchr(email, '@', size);
    if (at == NULL || at == email || at == email + size - 1 ||
        memchr(at + 1, '@', (size_t)(email + size - at - 1)) != NULL)
        return 0;
    char *copy = arena_text(arena, email, size);
    if (copy == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    *ret_email = copy;
    return 0;
}

/* ---- addresses ---- */

/* `company`: where the address names none. */
static struct prima_address pack_address(const struct order_address *address,
                                         const struct order_customer *customer, const char *company,
                                         const char *email)
{
    static const struct order_address nowhere = {0};
    static const struct order_customer nobody = {0};
    const struct order_address *a = address != NULL ? address : &nowhere;
    const struct order_customer *c = customer != NULL ? customer : &nobody;
    const bool named = !text_is_empty(a->surname) || !text_is_empty(a->forename);
    struct prima_address packed = {
        .title = named ? a->title : c->title,
        .forename = named ? a->forename : c->forename,
        .surname = named ? a->surname : c->surname,
        .post_code = a->postcode,
        .country = a->country_code,
        .email = email != NULL ? email : c->email, /* Prima may match by it */
        .phone = !text_is_empty(a->phone) ? a->phone : c->phone,
        .mobile = c->mobile,
    };
    const char *const lines[] = {!text_is_empty(a->company) ? a->company : company,
                                 a->line1,
                                 a->line2,
                                 a->line3,
                                 a->city,
                                 a->region};
    size_t used = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!text_is_empty(lines[i]))
            packed.lines[used++] = lines[i];
    return packed;
}

struct prima_address order_delivery_address(const struct order_event *event, const char *email)
{
    return pack_address(event->shipping_address != NULL ? event->shipping_address
                                                        : event->billing_address,
                        event->customer, NULL, email);
}

struct prima_address order_invoice_address(const struct order_event *event, const char *email)
{
    return pack_address(
        event->billing_address != NULL ? event->billing_address : event->shipping_address,
        event->customer, event->business != NULL ? event->business->name : NULL, email);
}

/* ---- who ---- */

/* A guest's reference: the same for the same address, and not readable. */
static const char *email_reference(const struct channel_rules *channel, const char *email,
                                   struct arena *arena)
{
    uint8_t hash[DIGEST_SIZE];
    char hex[2 * DIGEST_SIZE + 1];
    digest_sha256(email, strlen(email), hash);
    (void)digest_hex(hash, 10, hex);
    return TEXT_JOIN(arena, channel->prefix, "-E", hex);
}

/* A business buys on its company's account, whoever of it ordered; a person's account is known by
 * id and address. */
static int seek(const struct order_event *event, const struct channel_rules *channel,
                const char *id, const char *email, struct arena *arena,
                struct order_customer_plan *plan)
{
    const char *address = email != NULL ? email : "";
    const bool is_business = event->business != NULL && !text_is_empty(event->business->company_id);
    if (is_business) {
        plan->our_ref = TEXT_JOIN(arena, channel->prefix, "-B", event->business->company_id);
        plan->fact.channel_customer = TEXT_JOIN(arena, channel->channel, "/", channel->store,
                                                "/business/", event->business->company_id);
        plan->fact.email = "";
    } else {
        plan->our_ref = text_is_empty(id) ? email_reference(channel, address, arena)
                                          : TEXT_JOIN(arena, channel->prefix, "-C", id);
        plan->fact.channel_customer =
            text_is_empty(id) ? ""
                              : TEXT_JOIN(arena, channel->channel, "/", channel->store, "/", id);
        plan->fact.email = address;
    }
    if (plan->our_ref == NULL || plan->fact.channel_customer == NULL)
        return -ENOMEM;
    plan->fact.kind = FACT_CUSTOMER;
    plan->fact.customer = (struct prima_customer){.customer_ref = plan->our_ref,
                                                  .address = order_invoice_address(event, email)};
    return 0;
}

static const char *configured(const char *account, const struct channel_rules *channel,
                              struct flags *flags)
{
    if (account != NULL)
        return account;
    flag_raise(flags, PF_E_customer_unmapped, 0);
    return channel->account_unresolved != NULL ? channel->account_unresolved : "";
}

int order_customer_plan(const struct order_event *event, const struct order_rules *rules,
                        const struct channel_rules *channel, bool is_pos, struct arena *arena,
                        struct flags *flags, struct order_customer_plan *ret_plan)
{
    struct order_customer_plan plan = {0};
    const bool by_us = rules_settings(rules)->customers_by_us;
    const bool is_business = event->business != NULL && !text_is_empty(event->business->company_id);
    const char *id = event->customer != NULL ? event->customer->customer_id : NULL;
    const bool is_guest = text_is_empty(id) && !is_business;
    const char *email = NULL;
    int r =
        event->customer != NULL ? order_normalise_email(event->customer->email, arena, &email) : 0;

    if (is_pos && channel->account_pos != NULL && !is_business)
        plan.account = channel->account_pos;
    else if (is_guest && channel->guests == GUESTS_ACCOUNT)
        plan.account = configured(channel->account_guest, channel, flags);
    else if (is_guest &&
             email == NULL) /* nothing to match by: strangers must not become one account */
        plan.account = configured(is_pos ? NULL : channel->account_guest, channel, flags);
    else {
        if (r == 0)
            r = seek(event, channel, id, email, arena, &plan);
        if (!by_us)
            plan.account = "";
    }
    if (r == 0)
        *ret_plan = plan;
    return r;
}

const char *order_customer_account(const struct fact *fact, const struct channel_rules *channel,
                                   struct flags *flags)
{
    if (fact->state == FACT_KNOWN)
        return fact->account;
    flag_raise(
        flags,
        fact->state == FACT_AMBIGUOUS ? PF_E_customer_ambiguous : PF_E_customer_unknown_outcome, 0);
    return channel->account_unresolved != NULL ? channel->account_unresolved : "";
}
