/* A dead letter as a line of a file, byte for byte, and back.
 *
 *     {"letter": "orders.raw.dlq/0/17", "topic": "orders.raw.dlq", "partition": 0, "offset": 17,
 *      "timestamp_ms": 1795000000000, "key": {"base64": "..."}, "value": {"base64": "..."},
 *      "headers": [["traceparent", {"base64": "..."}], ["traceparent", null], ...], "sha256": "..."}
 *
 * null is absent; headers keep their order, and their repetitions. The digest is over all of that, each
 * piece with its size: a line that was changed is refused (an edit is for `dlq edit`). It has the customer's
 * data. One thread. */
#ifndef PRIMAFLOW_OPS_LETTER_FILE_H
#define PRIMAFLOW_OPS_LETTER_FILE_H

#include "base/buf.h"
#include "core/dead_letter.h"

#include <jansson.h>

/* A new reference; NULL: no memory. */
json_t *letter_file_line(const struct kafka_record *record);

/* A record that a line holds; owned: letter_line_release. */
struct letter_line {
    struct kafka_record record;
    struct buf bytes;
    char topic[TOPIC_NAME_MAX];
    struct dead_letter letter;
};

/* 0; -EINVAL with `ret_why` (what is wrong, never a value); -ENOMEM. On failure nothing is to be released. */
__attribute__((warn_unused_result)) int letter_file_read(const json_t *line,
                                                         struct letter_line *ret_line,
                                                         char ret_why[static 300]);
void letter_line_release(struct letter_line *line);

#endif
