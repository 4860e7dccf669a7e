/* What Prima says of a parked record's document: whether it has its number, and what that comes
 * to. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_PRIMA_H
#define PRIMAFLOW_OPS_PARKED_PRIMA_H

#include "core/parked_find.h"

struct parked_prima {
    enum { PARKED_UNTOLD, PARKED_FOUND, PARKED_ABSENT } number;
    char status[48];   /* PARKED_FOUND: "Despatched", ... or "" */
    char why_not[300]; /* PARKED_UNTOLD: it does not say */
    bool is_compared;  /* its sum was found */
    bool agrees;       /* ... and is the event's */
    char sum[40];      /* Prima's, "51.95 GBP"; "" */
    char own_sum[40];  /* the event's; "" not known */
    char why_not_compared[300];
};

/* Asks as the worker does. OPS_CONFIG: it cannot be asked as it is configured. */
__attribute__((warn_unused_result)) enum ops_kind parked_prima_ask(const struct parked_case *found,
                                                                   struct parked_prima *ret_prima,
                                                                   struct ops_error *ret_error);

/* Looks for an order's sum in OrderSearch, a day around its date. What keeps it from being
 * compared is said. */
void parked_prima_compare(const struct parked_case *found, struct parked_prima *prima);

#endif
