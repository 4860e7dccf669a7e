/* What the results of every flow are made of. In the arena; points into it and into constants. Pure
 * functions: any thread. */
#ifndef PRIMAFLOW_RESULT_PARTS_H
#define PRIMAFLOW_RESULT_PARTS_H

#include "base/arena.h"
#include "domain/events/order_result.h"
#include "domain/flags/flags.h"

/* "topic/partition/offset" taken apart. -EINVAL: it is none; -ENOMEM. */
__attribute__((warn_unused_result)) int result_delivery_read(const char *text, struct arena *arena,
                                                             struct result_delivery *ret_delivery);

/* ... of one that may be absent: NULL and "" leave *ret_delivery as it is. */
__attribute__((warn_unused_result)) int result_delivery_add(
    const char *text, struct arena *arena, const struct result_delivery **ret_delivery);
/* ... of one that came with the record: what is no delivery is left out, for anybody may have written it.
 * -ENOMEM. */
__attribute__((warn_unused_result)) int result_origin_add(
    const char *text, struct arena *arena, const struct result_delivery **ret_delivery);

/* The names of flags, the first of them and whose turn it is. */
struct result_codes {
    const char *first; /* "ok": none */
    const char **items;
    size_t count;
    const char *owner; /* NULL: nobody's work */
};
/* Of `flags`; where there are none at all (NULL), of the one code `own`. -ENOMEM. */
__attribute__((warn_unused_result)) int result_codes_list(const struct flags *flags,
                                                          enum pf_error own, struct arena *arena,
                                                          struct result_codes *ret_codes);

#endif
