/* Kafka without Kafka: what the stream asks of kafka/ is answered from tables, and noted in
 * `trace`. A sibling of the adapter behind the same headers, linked in its place. One thread. */
#ifndef PRIMAFLOW_TEST_STREAM_KAFKA_H
#define PRIMAFLOW_TEST_STREAM_KAFKA_H

#include "kafka/admin.h"
#include "kafka/kafka.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

enum { PARTITIONS_MAX = 16, RECORDS_MAX = 100, INCOMING_MAX = 100 };

/* What was asked for, a word each: "assign orders.raw/0@5 commit[r5 r6] orders.raw/0@7". */
extern char trace[8000];
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Fails with both texts unless `trace` is this; then it is empty. */
void traced(const char *name, const char *expected);

struct fake_partition {
    char topic[160];
    int32_t partition;
    int64_t low, high, stable; /* stable -1: as high */
    int64_t committed;
    int64_t lag_position;
    struct kafka_record incoming[INCOMING_MAX]; /* fetched next */
    size_t incoming_count;
    int64_t end; /* behind those, its end is seen there; -1: it is not */
    enum kafka_obstacle obstacle;
    const char *words;
};

struct fake_record { /* lies in a topic, for those who read it whole */
    char topic[160], key[300], *value;
    bool is_tombstone;
    int64_t timestamp_ms;
    struct kafka_header headers[12];
    size_t header_count;
};

struct fake_kafka {
    struct fake_partition partitions[PARTITIONS_MAX];
    size_t partition_count;
    struct fake_record records[RECORDS_MAX];
    size_t record_count;
    bool cooperative, lost, closing, group_is_empty;
    int32_t generation;
    int64_t session_ms, message_max;
    const char *commits; /* how the next transactions end: "ok abort size:1 message:0 fenced" */
    const char *failing; /* of these functions the next call fails: "committed bounds*2"; NULL */
    int assign_result;
    const char *gone; /* a topic that Kafka has not any more, or NULL */
    struct kafka_group_look look;
    int64_t topic_bytes, retention_ms; /* max.message.bytes and retention.ms of each topic */
    bool is_closed;                    /* the consumer */
    const char *trouble, *broken; /* ... what is wrong with its connections; with the producer */
    struct kafka_consumer_hooks hooks;
    bool knows_other_topics;
    int64_t reading_ms; /* so long a record that is read takes */
};
extern struct fake_kafka kafka;

/* Whether this call is to fail, as `failing` says; then with a message. */
bool kafka_fails(const char *name, char message[KAFKA_TEXT_MAX]);

void kafka_begin(void); /* empty, all well */
void kafka_end_of_test(void);
struct fake_partition *kafka_has(const char *topic, int32_t partition, int64_t low, int64_t high,
                                 int64_t committed);
struct fake_partition *kafka_find(const char *topic, int32_t partition); /* NULL: none */
/* A record that the next fetch brings; its offset is the partition's next one, and said. */
void kafka_brings(struct fake_partition *p, int64_t offset, int64_t timestamp_ms);
/* A record in a topic that is read whole; "name=value" headers end with NULL. */
struct fake_record *kafka_holds(const char *topic, const char *key, const char *value,
                                const char *const headers[]);
/* The last record's value under this key, or "" . */
const char *kafka_last(const char *topic, const char *key);

#endif
