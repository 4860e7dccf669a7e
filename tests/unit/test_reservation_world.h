/* Kafka as the maker of reservations sees it, for tests: records of orders.raw, orders.results and
 * orders.ledger, made from structs; what it wrote, as a reader of committed records has it, one record
 * a key; a process that dies, and another one that remembers by what was committed. Everything
 * asserts. */
#ifndef PRIMAFLOW_TEST_RESERVATION_WORLD_H
#define PRIMAFLOW_TEST_RESERVATION_WORLD_H

#include "test_order_support.h"

#include "codec_support.h"
#include "domain/events/ledger_entry.h"
#include "reservation_maker.h"

enum { WORLD_KEYS_MAX = 512, WORLD_RECORDS_MAX = 64, WORLD_PARTITION = 3 };
#define WORLD_KEY "01/shopify/uk/1001"
#define WORLD_NATURAL "01/orders/shopify/uk/1001"
#define WORLD_BEGAN INT64_C(1795000000000)

struct world_record {
    enum reservation_source source;
    struct kafka_record record;
};

struct world {
    struct codec *codec;
    struct order_rules *rules;
    struct arena *arena; /* of the records */
    struct log_limit limit;
    struct reservation_maker maker;
    struct world_kept {
        const char *topic;
        char *key, *value;
        size_t key_size, size;
    } kept[WORLD_KEYS_MAX];
    size_t kept_count;
    size_t written, tombstones; /* committed messages */
    int64_t offset;             /* of the next record */
    int64_t began_ms;           /* wall: time of the first record, an hour ago */
};

/* By the example mappings, but for `allocates` of companies.yaml. */
void world_begin(struct world *world, const char *allocates);
void world_end(struct world *world);

/* ---- records; each has an offset and a time of its own, rising ---- */
struct world_record world_event(struct world *world, const struct order_event *event);
/* An event whose version and lines are these; 0 units: it is cancelled. Times rise with versions. */
struct world_record world_version(struct world *world, int64_t version, int64_t shoes,
                                  int64_t shirts);
struct world_record world_result(struct world *world, int outcome, int64_t version);
struct world_record world_entry(struct world *world, int64_t version, int32_t shoes,
                                int32_t shirts);
struct world_record world_discard(struct world *world, int64_t at);
struct world_record world_bytes(struct world *world, enum reservation_source source,
                                const char *key, const void *value, size_t size);

/* ---- what happens ---- */
void world_hear(struct world *world, const struct world_record *record);
void world_commit(struct world *world);
void world_kill(struct world *world); /* what was not committed is forgotten */

/* ---- what readers have ---- */
/* "sku@depot units/allocated@at taken; " by key, of what was committed; in the world's arena. */
const char *world_reservations(struct world *world);
size_t world_count(const struct world *world, const char *topic);

#endif
