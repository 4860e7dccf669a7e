/* A refund's later versions: its money, and what a version means for people whose money or goods are
 * other ones than those of the note that Prima has (flow.h). Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_LIFE_H
#define PRIMAFLOW_REFUND_LIFE_H

#include "flow/flow.h"

/* What has gone back, and nothing else: how far other money has come is no news. */
void refund_flow_money(const void *event, struct flow_money *ret_money);

/* PF_E_refund_money_failed_after_credit: less has gone back than when the note was posted.
 * PF_E_refund_more_money_after_credit: more. */
enum pf_error refund_flow_money_moved(const void *event, const char *summary, size_t size,
                                      struct arena *arena, const char **ret_detail);

/* PF_E_refund_amended. */
enum pf_error refund_goods_moved(const struct codec *codec, const void *former,
                                 const char *former_why, const void *event, struct arena *arena,
                                 const char **ret_detail);

#endif
