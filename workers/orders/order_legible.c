/* What Latin-1 leaves of names and addresses; see order_legible.h. */
#include "order_legible.h"

#include "order_customer.h"
#include "prima/latin1.h"

static bool is_lost(const char *const texts[], size_t count)
{
    struct latin1_weight weight = {0};
    for (size_t i = 0; i < count; i++)
        latin1_weigh(texts[i], &weight);
    return weight.replaced > weight.shown;
}

static bool name_is_lost(const struct prima_address *address)
{
    const char *const names[] = {address->forename, address->surname};
    return is_lost(names, sizeof names / sizeof *names);
}

static bool lines_are_lost(const struct prima_address *address)
{
    return is_lost(address->lines, sizeof address->lines / sizeof *address->lines);
}

const char *order_illegible_part(const struct order_event *event)
{
    if (event->shipping_address == NULL && event->billing_address == NULL)
        return NULL; /* handed over: nothing has to be found */
    const struct prima_address delivery = order_delivery_address(event, NULL),
                               invoice = order_invoice_address(event, NULL);
    return lines_are_lost(&delivery)  ? "delivery address"
           : name_is_lost(&delivery)  ? "name for delivery"
           : lines_are_lost(&invoice) ? "invoice address"
           : name_is_lost(&invoice)   ? "name on the invoice"
                                      : NULL;
}
