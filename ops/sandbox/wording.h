/* What Prima says when it refuses: prose, whose wording nobody outside has a list of. So there are
 * several, and tests draw from all of them. Constant data: any thread. */
#ifndef SANDBOX_WORDING_H
#define SANDBOX_WORDING_H

#include "base/buf.h"

enum wording {
    WORDING_EXISTS,
    WORDING_CUSTOMER_EXISTS,
    WORDING_CREDIT_EXISTS,
    WORDING_NO_SUCH_ORDER,
    WORDING_NO_SUCH_CREDIT,
    WORDING_UNKNOWN_PRODUCT,
    WORDING_UNKNOWN_DEPOT,
    WORDING_UNKNOWN_CUSTOMER,
    WORDING_PERIOD_CLOSED,
    WORDING_OFF_BALANCE,
    WORDING_INVALID,
    WORDING_BUSY,
    WORDING_REFUSED,
    WORDING_COUNT
};

enum wording_style { WORDING_PLAIN, WORDING_FOREIGN, WORDING_RANDOM, WORDING_STYLE_COUNT };

/* Appends the text; `detail` (a number, a product) takes its place in it. The random style draws
 * from all of a wording's texts. */
void wording_append(struct buf *out, enum wording wording, enum wording_style style,
                    const char *detail);

/* "plain" ... → style, "exists" ... → wording; -EINVAL: none of that name. */
__attribute__((warn_unused_result)) int wording_style_find(const char *name,
                                                           enum wording_style *ret_style);
__attribute__((warn_unused_result)) int wording_find(const char *name, enum wording *ret_wording);
const char *wording_style_name(enum wording_style style);

#endif
