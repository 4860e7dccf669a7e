/* Lines that are parts of other lines (parent_line_id): a bundle that the channel sends as its line
 * and its parts. Where the parts are there, they are the goods and their parent is left out. Pure
 * functions: any thread. */
#ifndef PRIMAFLOW_LINE_PARENTS_H
#define PRIMAFLOW_LINE_PARENTS_H

#include "base/arena.h"
#include "domain/events/order_event.h"

enum {
    BUNDLE_PARTS_MAX = 500, /* of one line */
    BUNDLE_DEPTH_MAX = 8
};

struct line_parent {
    size_t parent; /* index of the line that this is a part of; SIZE_MAX: of none that is there */
    size_t part_count; /* more than 0: it is a parent, and left out */
    size_t depth;      /* 0: part of none */
};

/* Of lines that have units left, one for each. A gift card is no parent. *ret_parents NULL: no line
 * is a part. 0; -ENOMEM; -EINVAL: parts within parts without end, too deep, or too many, with
 * *ret_detail a sentence. */
__attribute__((warn_unused_result)) int line_parents_find(const struct order_line *const lines[],
                                                          size_t count, struct arena *arena,
                                                          struct line_parent **ret_parents,
                                                          const char **ret_detail);

#endif
