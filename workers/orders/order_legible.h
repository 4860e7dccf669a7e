/* Whether somebody can read where an order goes: Prima holds Latin-1, and a name or address of which
 * that shows little ("[U+6E0B][U+8C37]") finds no door. E-mail and telephone are no matter: they are
 * not what goods are delivered by. Pure: any thread. */
#ifndef PRIMAFLOW_ORDER_LEGIBLE_H
#define PRIMAFLOW_ORDER_LEGIBLE_H

#include "domain/events/order_event.h"

/* The first of name and address, of delivery and invoice, of which more letters are lost than
 * shown: "delivery address", for the flag's sentence. NULL: all can be read. */
const char *order_illegible_part(const struct order_event *event);

#endif
