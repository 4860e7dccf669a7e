/* Records of one topic's partition from when they are fetched until they are committed, in the order of
 * their offsets: heard first, settled then. They stay whole until the commit, so that a maker whose
 * memory is void (a partition beside theirs was given away) hears them anew. Embedded, zeroed;
 * reservation_input_release. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_INPUT_H
#define PRIMAFLOW_RESERVATION_INPUT_H

#include "kafka/kafka.h"

/* Above the records of a fetch; their bytes, so that large orders are few. */
enum { RESERVATION_RECORDS_MAX = 500, RESERVATION_INPUT_BYTES_MAX = 16 * 1024 * 1024 };

struct reservation_input {
    struct kafka_record *records;
    size_t begin, count, room; /* records[begin ..] */
    size_t heard;              /* the first ones */
    size_t bytes;
};

bool reservation_input_has_room(const struct reservation_input *input);
void reservation_input_add(struct reservation_input *input, struct kafka_record *record);
/* The first that was not heard yet; NULL: none. */
const struct kafka_record *reservation_input_next(const struct reservation_input *input);
const struct kafka_record *reservation_input_at(const struct reservation_input *input, size_t at);
void reservation_input_drop(struct reservation_input *input, size_t count); /* committed */
void reservation_input_release(struct reservation_input *input);

#endif
