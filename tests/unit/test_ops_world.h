/* Kafka, Redis and Prima for tests of ops/core, behind the headers of the real ones (--wrap): topics
 * in memory, answers by a script, and a trace of what was asked.
 *
 * world_reset() empties all of it; a test begins with that. Whatever fails in a fake fails the test. */
#ifndef PRIMAFLOW_TEST_OPS_WORLD_H
#define PRIMAFLOW_TEST_OPS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context.h"
#include "idempotency/key_credit.h"
#include "idempotency/key_parked.h"
#include "idempotency/key_view.h"
#include "prima/client.h"

enum { WORLD_HEADERS = 12 };
enum { WORLD_RECORDS = 96, WORLD_TOPICS = 64, WORLD_VIEWS = 8, WORLD_ANSWERS = 16 };

struct world_header {
    const char *name, *value; /* value NULL: absent */
};

/* A record of a topic; text values are put by world_text. Headers end with a name that is NULL. */
struct world_put {
    const char *topic, *key;
    const void *value; /* NULL: a tombstone */
    size_t size;
    int32_t partition;
    int64_t at_ms, offset; /* 0: the next one */
    struct world_header headers[WORLD_HEADERS];
};

struct world_topic { /* of the cluster, for kafka/admin.h */
    char name[80];
    int partitions, replicas;
    bool is_created; /* by the test's subject; the rest were there */
    size_t setting_count;
    struct kafka_setting settings[8];
};

struct world_answer { /* of Prima's, in order; the last one stays */
    enum prima_fate fate;
    int http_status;
    const char *order_status; /* or NULL */
    int64_t retry_after_ms, pages;
    const struct prima_document *documents;
    size_t document_count;
    const struct prima_product *products;
    size_t product_count;
};

struct world {
    /* what the fakes say */
    int read_rc, writer_rc, admin_rc, redis_rc, view_rc, register_rc;
    int spans_rc;           /* of kafka_spans */
    bool group_works;       /* kafka_group_is_empty: somebody is in it */
    int64_t end, committed; /* of every partition that is asked for */
    const char *fails_at;   /* a writer's call: "begin", "add 2", "commit"; with writer_rc */
    const char *refusal;    /* the message of what fails */
    const char *fails_read; /* only the reading of this topic fails; NULL: any, with read_rc */
    /* a record that is there once something was committed; NULL: none */
    const struct world_put *appears;
    int64_t appears_at_ms;
    const struct world_put *appears_at_pen; /* ... once kafka_writer_new_as was called */
    const char *keeps; /* what is committed to this topic can be read there; NULL: nothing can */
    int brokers, reads_until_ready;
    size_t memory_max; /* what is larger is not given; 0: all is */
    enum verdict amend_verdict;
    enum verdict credit_verdict;  /* of keys_credit_show and keys_credit_block */
    enum verdict unblock_verdict; /* 0: released */
    bool is_marker_gone;          /* SUSPECT: not because of a rebuild */
    bool is_block_lost;           /* keys_credit_block_again says ... */
    enum verdict again_verdict;   /* ... this; else known */
    bool is_blocked;              /* ... KNOWN: the order is being amended */
    /* of key_parked, by parked_word; what a look says, and what goes with other verdicts */
    enum verdict parked_verdicts[PARKED_DISCARD + 1];
    struct parked_view parked;
    enum verdict parked_again; /* of every PARKED_TAKE but the first; 0: the same */
    size_t parked_takes;
    int64_t parked_take_ms; /* how long the key is somebody's, where a release is BUSY or WAIT */
    struct redis_server server;
    struct world_answer answers[WORLD_ANSWERS];
    size_t answer_count;
    int64_t now_ms, slept_ms; /* clock_monotonic_ms moves by what was slept */

    /* what was asked */
    char trace[4000];         /* "read orders.raw | as primaflow.x | begin | add t key | commit" */
    const char *range_of;     /* only of readings that begin with this topic; NULL: any */
    struct kafka_range range; /* of the last read */
    char range_key[256];      /* its partition_of_key, "" none */
    char registered[200];     /* "OrderEvent of orders.raw": what the registry was last told */
    size_t writer_bytes;
    char *sent[WORLD_RECORDS]; /* values as texts, in order of adding, whether committed or not */
    size_t sent_size[WORLD_RECORDS], sent_count;
    int32_t added_partition;        /* of the first record of the last transaction */
    struct kafka_record last_added; /* its numbers and sizes; pointers are not to be followed */
    size_t last_header_count;
    char last_headers[1500]; /* "a=1 b=- " */
    char prima_asked[8][600];
    size_t prima_count;
    struct world_topic topics[WORLD_TOPICS];
    size_t topic_count;
};
extern struct world world;

void world_reset(void);
void world_release(void);

/* The configuration with these overrides (NULL at the end; or NULL), and what is opened by it; the
 * last one made is freed by world_release. */
struct ops *world_ops(const char *const overrides[]);

void world_put(const struct world_put *put);
void world_view(const char *natural, const struct key_view *view); /* what Redis has; else '\0' */
/* What is reserved in Redis of whichever order is asked for. */
void world_reserve(const char *natural, int64_t number, const void *summary, size_t size);
/* Lets go what was traced so far. */
void world_untrace(void);

/* A struct as framed bytes, into a topic. */
void world_put_struct(struct ops *ops, const struct world_put *put,
                      const struct bound_record *record, const void *of);

#endif
