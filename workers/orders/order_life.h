/* An order's later versions: its money, and what a version means for people whose money or goods
 * are other ones than those of the document that Prima has (flow.h). Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_LIFE_H
#define PRIMAFLOW_ORDER_LIFE_H

#include "flow/flow.h"

/* Sums by how far the money has come. Neither gateways nor ids: one way of export has them, and
 * another lacks them. */
void order_money(const void *event, struct flow_money *ret_money);

/* PF_E_payment_lost: money that the document counts is gone (void, expired, charged back, failed).
 * What a refund or an edit paid back is not lost. */
enum pf_error order_money_moved(const void *event, const char *summary, size_t size,
                                struct arena *arena, const char **ret_detail);

/* PF_E_units_cancelled_after_posting: all that differs is that units are taken back, and nothing has
 * left yet: somebody may pick them. Else PF_E_order_amended. */
enum pf_error order_goods_moved(const struct codec *codec, const void *former,
                                const char *former_why, const void *event, struct arena *arena,
                                const char **ret_detail);

#endif
