/* What an OK to an order is worth that does not name the order.
 *
 * All that is known of a reply to an order is RequestStatus and RequestError. A Prima that says
 * which order it took (Data with our number) makes an answer without that suspect: another
 * request's, or a proxy's. A Prima that never says it is right all the same, and must not cost one lookup per order. So it is learned, in each process: once an order was named, an OK without a
 * name is asked about, for good; as long as none was, so it is until CONFIRMED_ENOUGH of them were
 * found in Prima, one after the other. prima.unnamed_ok decides otherwise. One thread at a time. */
#ifndef PRIMAFLOW_PRIMA_UNNAMED_OK_H
#define PRIMAFLOW_PRIMA_UNNAMED_OK_H

#include <stdbool.h>
#include <stddef.h>

enum unnamed_ok_policy { UNNAMED_OK_LEARNED, UNNAMED_OK_ASKED, UNNAMED_OK_TRUSTED };

enum { UNNAMED_OK_OPEN_MAX = 64, UNNAMED_OK_NUMBER_MAX = 64, UNNAMED_OK_CONFIRMED_ENOUGH = 3 };

struct unnamed_ok {
    enum unnamed_ok_policy policy;
    bool is_distrusted; /* this Prima names orders, or an OK without a name was not true */
    int confirmed;
    size_t next;
    char open[UNNAMED_OK_OPEN_MAX]
             [UNNAMED_OK_NUMBER_MAX]; /* orders that were asked about, the last ones; "": none */
};

void unnamed_ok_init(struct unnamed_ok *u, enum unnamed_ok_policy policy);

/* Is an OK that names no order a yes? */
bool unnamed_ok_is_trusted(const struct unnamed_ok *u);

void unnamed_ok_named(struct unnamed_ok *u); /* an OK came that names its order */
void unnamed_ok_came(
    struct unnamed_ok *u,
    const char *order_number); /* one without a name, not trusted: it will be asked about */
void unnamed_ok_asked(struct unnamed_ok *u, const char *order_number,
                      bool is_there); /* what Prima says of an order, whoever asked why */

#endif
