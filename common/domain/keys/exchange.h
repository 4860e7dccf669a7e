/* An exchange: what was sent for what came back is an order of its own, whose id names the first order
 * and the return: "450789469.5501". A '/' would end a part of a key (key_parts.h); of the characters that
 * a plain id may have, '.' is the one that channels' own ids have not.
 *
 * It is paid by what was set off, a payment of the gateway EXCHANGE_GATEWAY whose voucher_number is the
 * refund's id, and by money for the rest; in Prima that payment names the refund's credit note. */
#ifndef PRIMAFLOW_EXCHANGE_H
#define PRIMAFLOW_EXCHANGE_H

#define EXCHANGE_MARK "."
#define EXCHANGE_GATEWAY "exchange"

/* Between a channel's prefix and a refund's id: the number of its credit note, which is no order's. */
#define CREDIT_NUMBER_MARK "R"

#endif
