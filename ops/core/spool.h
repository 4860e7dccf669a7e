/* Records on their way into Kafka, gathered and checked before the first one is sent: all of them,
 * or none.
 *
 * Invariants: bytes held <= SPOOL_BYTES_MAX; a record is either wholly in the spool or not at all;
 * order is the order of adding. Embedded: spool_init / spool_release. One thread. */
#ifndef PRIMAFLOW_OPS_SPOOL_H
#define PRIMAFLOW_OPS_SPOOL_H

#include "base/buf.h"
#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "core/complaints.h"
#include "core/error.h"

#include <jansson.h>
#include <stdio.h>

enum { SPOOL_BYTES_MAX = 1 << 30 };

struct spool {
    struct buf bytes;
    struct spool_record *records;
    struct spool_header *headers;
    size_t count, room, header_count, header_room;
};

void spool_init(struct spool *spool);
void spool_release(struct spool *spool);
void spool_clear(struct spool *spool); /* empties, keeps the memory */

/* Copies a record (without topic). -ENOMEM: the spool is full. -EMSGSIZE: key, value and headers
 * are beyond KAFKA_RECORD_MAX. */
__attribute__((warn_unused_result)) int spool_add(struct spool *spool,
                                                  const struct kafka_record *record);

/* What a line of JSON becomes. Adds one record; 0, or a negative errno with `ret_why` filled (path
 * and reason, never a value). */
typedef int (*spool_line)(void *user, struct spool *spool, const json_t *line,
                          char ret_why[static 300]);

/* Reads JSON lines to the end, blank lines left out; `name` is what errors call the file. OPS_DONE:
 * every line is in the spool; else nothing may be sent. */
__attribute__((warn_unused_result)) enum ops_kind spool_read(struct spool *spool, FILE *in,
                                                             const char *name, spool_line line,
                                                             void *user,
                                                             struct complaints *ret_complaints,
                                                             struct ops_error *ret_error);

/* {"key": ..., "value": ..., "headers": {...}, "partition": N}: what `primaflow consume --raw`
 * prints, and bytes_json reads. A spool_line. */
int spool_raw_line(void *user, struct spool *spool, const json_t *line, char ret_why[static 300]);

/* Adds records [first, first + count) to the writer's open transaction. */
__attribute__((warn_unused_result)) int spool_put(const struct spool *spool, size_t first,
                                                  size_t count, const char *topic,
                                                  struct kafka_writer *producer,
                                                  struct kafka_words *ret_message);
/* Sends them in one transaction of their own. */
__attribute__((warn_unused_result)) int spool_send(const struct spool *spool, size_t first,
                                                   size_t count, const char *topic,
                                                   struct kafka_writer *producer,
                                                   struct kafka_words *ret_message);

#endif
