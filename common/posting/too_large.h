/* A record of which something is larger than its topic takes (sizes.h): its dead letter, its result
 * or ledger entry, its way to a retry topic. It ends as a dead letter `record_too_large`. Where the
 * original fits into that, it is kept as it came; where it does not, the letter is cut: its value
 * is a small JSON text instead,
 *
 *   {"what": "dead letter", "instead_of": "avro_too_large", "topic": "orders.raw.dlq", "bytes":
 * 3145900, "limit": 2097152, "original": {"topic": "orders.raw", "partition": 3, "offset": 77,
 * "timestamp_ms": ..., "key_size": 1, "key_sha256": "...", "value_size": 3145728, "value_sha256":
 * "...", "header_count": 0, "headers_size": 0, "headers_sha256": "..."}}
 *
 * so that the original can be fetched where it still is, and known again. -1 stands for the size of
 * an absent key or value, whose digest is
 * "". The digest of the headers goes over each one's name, a zero byte, its size (4 bytes, the
 * first the highest; all ones: absent) and its value. What is not known any more once a result was
 * refused by the broker (key, value, headers) is left out. A key of more than 1 KiB is replaced by
 * "sha256:" and its digest. Of the headers, ours stay and `traceparent`. In a topic that takes less
 * than two or three kilobytes the letter says what, where and which value alone; a topic that does
 * not even take that is an infrastructure failure, and the record waits for it. Loop thread
 * only. */
#ifndef PRIMAFLOW_TOO_LARGE_H
#define PRIMAFLOW_TOO_LARGE_H

#include "posting/record.h"

struct too_large {
    const char *what;       /* "dead letter", "result", "ledger entry", "retry" */
    const char *topic;      /* that does not take it */
    const char *instead_of; /* code or outcome that is not told now, or "" */
    size_t bytes;
    int64_t limit; /* -1: the broker's, not known */
};

/* The first of the messages of a record, from this one on, that is larger than its topic takes;
 * out.count: all fit. */
size_t too_large_first(const struct record *r, size_t from);

bool too_large_fits(const struct worker *w, const struct kafka_message *message);

/* It ends as record_too_large, and says what was too large; of an arena that is full, the code
 * alone. */
void too_large_note(struct record *r, const char *what, const struct kafka_message *m,
                    const char *instead_of);

/* For people: "its result: 1873 bytes, orders.results takes 1000". */
void too_large_say(const struct too_large *why, char text[static 300]);

/* Makes a cut letter of a full one, whose memory need only last for this call. */
void too_large_cut(struct record *r, const struct kafka_message *full, const struct too_large *why,
                   struct outgoing *ret_out);

/* A record has settled, and this message of it does not fit after all, for a limit was lowered
 * meanwhile: its letter takes the place of all its messages. is_refused: a broker said so. False:
 * it is a cut letter already, and nothing smaller can be said. It may have to wait for Redis
 * (record.held) before it goes. */
bool too_large_replace(struct record *r, size_t message, bool is_refused);

#endif
