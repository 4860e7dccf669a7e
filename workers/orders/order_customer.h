/* Whose order it is: an account that configuration names, one that the runtime finds or creates, or
 * none, for Prima to find. Pure: any thread. */
#ifndef PRIMAFLOW_ORDER_CUSTOMER_H
#define PRIMAFLOW_ORDER_CUSTOMER_H

#include "domain/flags/flags.h"
#include "domain/mappings/order_rules.h"
#include "flow/flow.h"

struct order_customer_plan {
    const char *account; /* "" : Prima matches or creates by the order's details; NULL: by `fact` */
    struct fact fact;    /* FACT_CUSTOMER, when account is NULL */
    const char
        *our_ref; /* our reference, for CustomerRef; NULL for accounts that many customers share */
};

/* Raises customer_unmapped for a guest or a till without configured account. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int order_customer_plan(const struct order_event *event,
                                                            const struct order_rules *rules,
                                                            const struct channel_rules *channel,
                                                            bool is_pos, struct arena *arena,
                                                            struct flags *flags,
                                                            struct order_customer_plan *ret_plan);

/* The account by the fact's state; not known: a flag, and the account on which such orders wait. */
const char *order_customer_account(const struct fact *fact, const struct channel_rules *channel,
                                   struct flags *flags);

/* Where goods and invoice go. `email` as order_normalise_email has it; NULL: as it came. */
struct prima_address order_delivery_address(const struct order_event *event, const char *email);
struct prima_address order_invoice_address(const struct order_event *event, const char *email);

/* Trimmed and in lower case; NULL when it is no address. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int order_normalise_email(const char *email,
                                                              struct arena *arena,
                                                              const char **ret_email);

#endif
