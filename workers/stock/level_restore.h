/* A partition's state out of the topics that it is kept in: stock.rows and stock.levels to their ends,
 * in any order of the two, then stock.reservations from its beginning. Records that cannot be read are
 * counted as refused, and left out: of them nothing is known that could be guessed. Loop thread. */
#ifndef PRIMAFLOW_LEVEL_RESTORE_H
#define PRIMAFLOW_LEVEL_RESTORE_H

#include "codec/codec.h"
#include "kafka/kafka.h"
#include "level_state.h"

struct level_restore {
    struct codec *codec;
    struct level_state *state;
    int64_t taken_to; /* the highest that a level tells of; 0: none does */
    int64_t read, refused;
    bool has_no_schema; /* the registry did not answer: what was read is worth nothing */
};

/* False: it is not what it should be. */
bool level_restore_rows(struct level_restore *restore, const struct kafka_record *record);
bool level_restore_level(struct level_restore *restore, const struct kafka_record *record);
/* Behind those; also while the state is kept up. */
bool level_restore_reservation(struct level_restore *restore, const struct kafka_record *record);

#endif
