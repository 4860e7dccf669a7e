/* The simulated Kafka cluster: logs with transactions, committed offsets, a consumer group for each
 * flow, with static members. It outlives every process. */
#ifndef PRIMAFLOW_SIM_BROKER_H
#define PRIMAFLOW_SIM_BROKER_H

#include "kafka/kafka.h"
#include "sim.h"

enum { TOPICS = 24, PARTITIONS = 4, SESSION_MS = 3000, TOPIC_NAME = 160 };

enum txn_state { TXN_OPEN, TXN_COMMITTED, TXN_ABORTED };
struct txn {
    struct txn *next;
    enum txn_state state;
    int producer; /* a process' number */
    int64_t began_ms;
    bool touched[TOPICS][PARTITIONS];
    bool moves[TOPICS][PARTITIONS]; /* offsets: whoever asks for them waits until it has ended */
};

struct log_record {
    const struct txn *txn; /* NULL: of no transaction */
    bool is_marker;
    char *key, *value;
    size_t key_size, value_size;
    struct kafka_header *headers;
    size_t header_count;
    int64_t wall_ms;
};

struct log_partition {
    struct log_record **records;
    size_t count, room;
    int64_t committed; /* of the group; -1: none */
};

struct log_topic {
    char name[TOPIC_NAME];
    int partition_count;
    struct log_partition partitions[PARTITIONS];
};

struct broker {
    struct log_topic topics[TOPICS];
    int topic_count;
    struct txn *txns;
    int64_t producer_epoch[SIM_PROCESSES];
    int64_t down_until_ms;
};
extern struct broker broker;

void broker_begin(void);
void broker_end(void);
void broker_add_topic(const char *name, int partitions);
struct log_topic *broker_topic(const char *name); /* one that there is not ends the simulation */
int64_t broker_stable_end(const struct log_partition *p);
int64_t broker_ms(const struct log_record *r); /* when it was written, in virtual time */
/* The offset of the first record that is younger than that: of who lags. */
int64_t broker_age_end(const struct log_partition *p, int64_t ms);
/* Where the reader of committed records at `offset` goes on; NULL: nothing is there yet. */
const struct log_record *broker_read(const struct log_partition *p, int64_t *offset);
int64_t broker_append(const struct kafka_message *message, struct txn *txn); /* its offset */
struct txn *broker_txn_begin(int producer);
void broker_txn_end(struct txn *txn, enum txn_state state); /* of an open one */
void broker_fence(int producer); /* ends what it left open; its former epochs write nothing */
bool broker_offset_is_stable(const struct log_topic *t, int32_t partition);
bool broker_is_up(void);
/* In a coroutine: until it is up, that long at most. */
bool broker_wait(int64_t ms);
void broker_tick(void); /* times out transactions */
void record_of(const struct log_topic *t, int32_t partition, int64_t offset,
               const struct log_record *from, struct kafka_record *ret_record);

/* ---- group.c ---- */
struct kafka_consumer;
void group_begin(void);
void group_join(struct kafka_consumer *c);
void group_leave(struct process *p);
bool group_takes(const struct kafka_consumer *c); /* offsets, under the generation it has */
int64_t group_member_epoch(const struct process *p);
void group_answered(struct kafka_consumer *c); /* a revoke: it joins anew */
void group_shake(const struct process *p);     /* a rebalance for no reason that a worker knows */
void group_expel(struct process *p);           /* as if its heartbeats had been lost */
bool group_is_settled(const struct process *p);
bool group_has(const struct process *p, size_t *ret_partitions);
bool group_is_empty(const struct process *p);

enum consumer_state { CONSUMER_JOINING, CONSUMER_STABLE, CONSUMER_REVOKING, CONSUMER_CLOSED };
struct kafka_consumer {
    struct process *process;
    struct kafka_consumer_hooks hooks;
    char topics[TOPICS][TOPIC_NAME];
    size_t topic_count;
    enum consumer_state state;
    int32_t generation, assigned_generation; /* of the group; when it took its partitions */
    int64_t member_epoch;
    bool closing;
    bool owes_answer; /* to its last assignment: until then it hears of no revoke */
    /* events that wait to be served */
    bool has_assign, has_revoke, is_lost, is_fenced;
    struct kafka_place places[TOPICS * PARTITIONS];
    size_t place_count;
    struct kafka_queue *queues;
};
struct kafka_queue {
    struct kafka_queue *next;
    struct kafka_consumer *consumer; /* NULL: of a tail (tail.c) */
    struct process *process;
    int64_t lag_ms, looks_at_ms;
    struct log_topic *topic;
    int32_t partition;
    int64_t position, said_end;
};

/* ---- tail.c ---- */
void tail_lags(struct kafka_queue *q); /* there is more, which it does not see yet */

#endif
