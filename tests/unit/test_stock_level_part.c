/* A partition from its records to its messages, with deaths before and behind transactions, and
 * transactions that are aborted: each read has one result, each bad row one dead letter, no version is
 * doubled, and the levels at rest are those of a worker that never died. */
#include "test_order_support.h"

#include "codec_support.h"
#include "domain/events/stock_result.h"
#include "domain/events/stock_state.h"
#include "domain/stock/stock_key.h"
#include "kafka/headers.h"
#include "kafka/topics.h"
#include "level_part.h"
#include "level_restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA = 16 << 20,
    HISTORIES = 300,
    READS = 6,
    SKUS = 3,
    DEPOTS = 2,
    LOG_MAX = 200,
    KAFKA_MAX = 4000,
    RESERVATIONS = 10
};

static const char *const keys[SKUS] = {"TSHIRT:RED:M", "SKU00002", "SKU00003"},
                         *const products[SKUS] = {"TSHIRT", "SKU00002", "SKU00003"},
                         *const depots[DEPOTS] = {"01", "S1"};
static const char *tshirt_codes[] = {"RED", "M"};
static const int64_t began = 1796000000000, minute = 60000;

static uint64_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % sides;
}

/* ---- Kafka ---- */

struct stored {
    const char *topic;
    char key[200], place[200], taken_to[24];
    size_t key_size;
    char *value; /* NULL: tombstone */
    size_t value_size;
    int64_t offset; /* of input */
};

struct world {
    struct codec *codec;
    struct order_rules *rules;
    struct bundle_index bundles;
    struct level_rules level_rules;
    struct arena *arena;
    struct stored log[LOG_MAX];               /* stock.snapshots */
    struct stored reservations[RESERVATIONS]; /* stock.reservations */
    size_t log_count, ended, bad;
    struct stored kafka[KAFKA_MAX]; /* what is committed, of all topics that are written */
    size_t kafka_count;
    int64_t committed; /* of stock.snapshots */
    struct level_part *part;
    struct level_restore restore;
    size_t position, reservation; /* that are read */
    size_t deaths, aborts;
    int64_t now;
};

static void *copied(const void *bytes, size_t size)
{
    void *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void encode_into(struct world *w, struct stored *s, const struct bound_record *record,
                        const void *value)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    assert_int_equal(codec_encode(w->codec, record, value, &out), 0);
    s->value = copied(out.data, out.size);
    s->value_size = out.size;
    buf_release(&out);
}

/* ---- what comes ---- */

static struct stored *log_add(struct world *w, const char *key)
{
    assert_true(w->log_count < LOG_MAX);
    struct stored *s = &w->log[w->log_count];
    *s = (struct stored){.topic = topic_stock_snapshots, .offset = (int64_t)w->log_count * 3};
    s->key_size = (size_t)snprintf(s->key, sizeof s->key, "%s", key);
    w->log_count++;
    return s;
}

static void log_row(struct world *w, struct stock_event *event, size_t sku, size_t depot,
                    struct stock_sum *sum)
{
    char key[100];
    (void)snprintf(key, sizeof key, "01/%s", keys[sku]);
    event->kind = STOCK_ROW;
    event->product = products[sku];
    event->matrix.items = tshirt_codes;
    event->matrix.count = sku == 0 ? 2 : 0;
    event->depot = depots[depot];
    event->has_available = true;
    event->available = dice(6);
    stock_sum_add(sum, keys[sku], event->depot, event->available, NULL);
    encode_into(w, log_add(w, key), &stock_event_record, event);
}

/* Something that cannot be read, in the middle of the read, as Kafka has it. */
static void log_garbage(struct world *w)
{
    struct stored *s = log_add(w, "01/BROKEN");
    s->value = copied("\xC3\x01garbage", 9);
    s->value_size = 9;
    w->bad++;
}

enum fate { FATE_COMPLETE, FATE_SHORT, FATE_ENDLESS, FATES };

static void log_read(struct world *w, size_t number, enum fate fate)
{
    char id[30];
    struct stock_sum sum = {0};
    (void)snprintf(id, sizeof id, "01/%zu", number);
    struct stock_event event = {.company = "01",
                                .snapshot = id,
                                .token = 1 + (int64_t)number / 3,
                                .has_began_at = true,
                                .began_at = began + (int64_t)number * minute,
                                .scope = dice(2) == 0 ? STOCK_SCOPE_WHOLE : STOCK_SCOPE_CHOSEN};
    int64_t garbage = 0;
    for (size_t i = 0; i < SKUS * DEPOTS; i++) {
        if (dice(4) > 0 || i == 0)
            log_row(w, &event, i / DEPOTS, i % DEPOTS, &sum);
        if (dice(8) == 0) {
            log_garbage(w);
            garbage++;
        }
    }
    w->ended++;
    if (fate == FATE_ENDLESS)
        return;
    event.kind = STOCK_END;
    event.has_partition = event.has_count = event.has_checksum = true;
    event.count = sum.count + garbage + (fate == FATE_SHORT);
    event.checksum = stock_sum_value(&sum);
    event.product = event.depot = NULL;
    event.matrix.count = 0;
    event.has_available = false;
    encode_into(w, log_add(w, "01"), &stock_event_record, &event);
}

static void make_reservation(struct world *w, size_t at)
{
    struct stored *s = &w->reservations[at];
    const size_t sku = dice(SKUS), order = dice(4);
    struct reservation_taken taken = {"1001", "SKU00002", 1};
    struct stock_reservation r = {.order = "01/orders/shopify/uk/1",
                                  .company = "01",
                                  .channel = "shopify",
                                  .store = "uk",
                                  .order_id = "1",
                                  .sku = keys[sku],
                                  .depot = "01",
                                  .units = 1 + dice(3),
                                  .version = 1 + (int64_t)at,
                                  .taken = {&taken, dice(2)}};
    *s = (struct stored){.topic = topic_stock_reservations, .offset = (int64_t)at * 2};
    s->key_size = (size_t)snprintf(s->key, sizeof s->key, "01/%s/01/01/orders/shopify/uk/%zu",
                                   keys[sku], order);
    if (dice(4) > 0)
        encode_into(w, s, &stock_reservation_record, &r);
}

/* ---- the part ---- */

static struct kafka_record record_of(struct stored *s, struct kafka_header headers[2])
{
    struct kafka_record r = {.topic = s->topic,
                             .offset = s->offset,
                             .timestamp_ms = began,
                             .key = s->key,
                             .key_size = s->key_size,
                             .value = s->value,
                             .value_size = s->value_size};
    if (s->place[0] == '\0')
        return r;
    headers[0] = (struct kafka_header){HEADER_STOCK_PLACE, s->place, strlen(s->place)};
    headers[1] = (struct kafka_header){HEADER_TAKEN_TO, s->taken_to, strlen(s->taken_to)};
    r.headers = headers;
    r.header_count = 2;
    return r;
}

static void hear_reservation(struct world *w)
{
    struct stored *s = &w->reservations[w->reservation++];
    const struct kafka_record r = record_of(s, NULL);
    assert_true(level_restore_reservation(&w->restore, &r));
    level_part_heard_to(w->part, s->offset + 1);
}

static void begin(struct world *w)
{
    const struct level_part_settings settings = {
        .maker = {.codec = w->codec, .group = "primaflow.stock", .topic = topic_stock_snapshots},
        .rules = &w->level_rules,
        .read_timeout_ms = 10 * minute,
        .skus_max = 1 + dice(3)};
    w->part = level_part_new(&settings);
    w->restore = (struct level_restore){.codec = w->codec, .state = level_part_state(w->part)};
    for (size_t i = 0; i < w->kafka_count; i++) {
        struct kafka_header headers[2];
        const struct kafka_record r = record_of(&w->kafka[i], headers);
        if (strcmp(r.topic, topic_stock_rows) == 0)
            assert_true(level_restore_rows(&w->restore, &r));
        else if (strcmp(r.topic, topic_stock_levels) == 0)
            assert_true(level_restore_level(&w->restore, &r));
    }
    w->reservation = 0;
    while (w->reservation < RESERVATIONS &&
           w->reservations[w->reservation].offset < w->restore.taken_to)
        hear_reservation(w);
    level_part_restored(w->part, w->now);
    w->position = 0;
    while (w->position < w->log_count && w->log[w->position].offset < w->committed)
        w->position++;
}

static void die(struct world *w)
{
    level_part_free(w->part);
    w->deaths++;
    begin(w);
}

static void store(struct world *w, const struct kafka_message *m)
{
    assert_true(w->kafka_count < KAFKA_MAX);
    struct stored *s = &w->kafka[w->kafka_count++];
    *s = (struct stored){.topic = strcmp(m->topic, topic_stock_rows) == 0      ? topic_stock_rows
                                  : strcmp(m->topic, topic_stock_levels) == 0  ? topic_stock_levels
                                  : strcmp(m->topic, topic_stock_results) == 0 ? topic_stock_results
                                                                               : "dlq",
                         .key_size = m->key_size,
                         .value = m->value == NULL ? NULL : copied(m->value, m->value_size),
                         .value_size = m->value_size,
                         .offset = -1};
    assert_true(m->key_size < sizeof s->key);
    memcpy(s->key, m->key, m->key_size);
    for (size_t i = 0; i < m->header_count; i++) {
        const struct kafka_header *h = &m->headers[i];
        if (strcmp(h->name, HEADER_STOCK_PLACE) == 0)
            memcpy(s->place, h->value, h->size);
        else if (strcmp(h->name, HEADER_TAKEN_TO) == 0)
            memcpy(s->taken_to, h->value, h->size);
        else if (strcmp(h->name, HEADER_DLQ_OFFSET) == 0) {
            memcpy(s->taken_to, h->value, h->size);
            s->offset = strtoll(s->taken_to, NULL, 10);
        }
    }
    if (m->place_key != NULL && strcmp(s->topic, topic_stock_levels) == 0)
        assert_memory_equal(m->place_key, s->place, m->place_key_size);
}

/* A transaction: it is committed, aborted, or the worker dies before or behind it. */
static void transact(struct world *w, bool dies)
{
    struct batch batch = {.count = 0};
    const struct collected got = level_part_collect(w->part, 1, &batch, w->now);
    const unsigned fate = dies ? dice(6) : 5;
    if (fate == 0) {
        die(w);
    } else if (fate == 1) {
        level_part_aborted(w->part);
        w->aborts++;
    } else {
        for (size_t i = 0; i < batch.count; i++)
            store(w, batch.messages[i]);
        if (got.count > 0) {
            assert_true(got.next > w->committed);
            w->committed = got.next;
        }
        if (fate == 2)
            die(w);
        else if (got.count > 0 || batch.count > 0)
            level_part_committed(w->part, got.count, w->now);
    }
    free(batch.messages);
}

static void read_one(struct world *w)
{
    struct kafka_record r = record_of(&w->log[w->position++], NULL);
    level_part_record(w->part, &r, w->now);
}

static bool is_at_rest(const struct world *w)
{
    return w->position == w->log_count && w->reservation == RESERVATIONS &&
           !level_part_has_output(w->part) && !level_part_look(w->part).has_settled;
}

static void run(struct world *w, bool dies)
{
    while (!is_at_rest(w)) {
        const unsigned what = dice(dies ? 24 : 20);
        if (what < 16 && w->position < w->log_count)
            read_one(w);
        else if (what < 18 && w->reservation < RESERVATIONS)
            hear_reservation(w);
        else if (what < 20)
            transact(w, dies && (w->position < w->log_count || dice(3) == 0));
        else if (what == 23 && dice(4) == 0)
            die(w);
    }
}

/* The last read has perhaps no end, and what came behind its first row waits for it. */
static void run_out(struct world *w, bool dies)
{
    run(w, dies);
    w->now += 20 * minute;
    level_part_tick(w->part, w->now);
    run(w, false);
}

/* ---- worlds ---- */

static void world_begin(struct world *w, struct order_rules *rules, struct codec *codec)
{
    *w = (struct world){.codec = codec, .rules = rules, .now = began + 60 * minute};
    bundle_index_make(&w->bundles, rules);
    w->level_rules = (struct level_rules){rules, &w->bundles};
    for (size_t i = 0; i < READS; i++)
        log_read(w, i, i == 0 ? FATE_COMPLETE : (enum fate)dice(FATES));
    for (size_t i = 0; i < RESERVATIONS; i++)
        make_reservation(w, i);
    begin(w);
}

static void world_end(struct world *w)
{
    level_part_free(w->part);
    for (size_t i = 0; i < w->log_count; i++)
        free(w->log[i].value);
    for (size_t i = 0; i < RESERVATIONS; i++)
        free(w->reservations[i].value);
    for (size_t i = 0; i < w->kafka_count; i++)
        free(w->kafka[i].value);
    bundle_index_release(&w->bundles);
}

/* ---- what it must be ---- */

static void decode(const struct world *w, const struct stored *s, const struct bound_record *record,
                   void *ret)
{
    struct codec_fault fault;
    assert_int_equal(codec_decode(w->codec, record, s->value, s->value_size, w->arena, ret, &fault),
                     0);
}

static void check_results(const struct world *w)
{
    char seen[READS][30];
    size_t results = 0, letters = 0;
    for (size_t i = 0; i < w->kafka_count; i++) {
        const struct stored *s = &w->kafka[i];
        if (strcmp(s->topic, topic_stock_results) == 0) {
            struct stock_result result;
            decode(w, s, &stock_result_record, &result);
            for (size_t k = 0; k < results; k++)
                assert_string_not_equal(seen[k], result.snapshot);
            assert_true(results < READS);
            (void)snprintf(seen[results++], sizeof seen[0], "%s", result.snapshot);
            assert_int_equal(result.outcome == SNAPSHOT_INCOMPLETE,
                             result.why != SNAPSHOT_FAULT_NONE);
        } else if (strcmp(s->topic, "dlq") == 0) {
            for (size_t k = 0; k < i; k++)
                assert_false(strcmp(w->kafka[k].topic, "dlq") == 0 &&
                             w->kafka[k].offset == s->offset);
            letters++;
        }
    }
    assert_int_equal(results, w->ended);
    assert_int_equal(letters, w->bad);
}

static const struct stored *last_of(const struct world *w, const struct stored *like, size_t below)
{
    while (below-- > 0)
        if (strcmp(w->kafka[below].topic, topic_stock_levels) == 0 &&
            w->kafka[below].key_size == like->key_size &&
            memcmp(w->kafka[below].key, like->key, like->key_size) == 0)
            return &w->kafka[below];
    return NULL;
}

static void check_versions(const struct world *w)
{
    for (size_t i = 0; i < w->kafka_count; i++) {
        const struct stored *s = &w->kafka[i], *before = last_of(w, s, i);
        struct stock_level level, was = {.version = 0};
        if (strcmp(s->topic, topic_stock_levels) != 0 || s->value == NULL)
            continue;
        decode(w, s, &stock_level_record, &level);
        if (before != NULL && before->value != NULL)
            decode(w, before, &stock_level_record, &was);
        assert_int_equal(level.version, was.version + 1);
    }
}

/* A read of the whole ends the same, however often it was begun anew. */
static void check_outcomes(const struct world *w, const struct world *calm)
{
    for (size_t i = 0; i < calm->kafka_count; i++)
        for (size_t k = 0; k < w->kafka_count; k++) {
            struct stock_result result, its;
            if (strcmp(calm->kafka[i].topic, topic_stock_results) != 0 ||
                strcmp(w->kafka[k].topic, topic_stock_results) != 0)
                continue;
            decode(calm, &calm->kafka[i], &stock_result_record, &result);
            decode(w, &w->kafka[k], &stock_result_record, &its);
            if (strcmp(result.snapshot, its.snapshot) != 0 || result.scope != STOCK_SCOPE_WHOLE)
                continue;
            assert_int_equal(result.outcome, its.outcome);
            assert_int_equal(result.why, its.why);
            assert_int_equal(result.rows, its.rows);
            /* which of the two is not known any more of a SKU's other rows */
            assert_int_equal(result.changed + result.unchanged, its.changed + its.unchanged);
            assert_int_equal(result.missing, its.missing);
        }
}

/* Levels at rest of both, and rows. */
static size_t check_same(const struct world *w, const struct world *calm)
{
    size_t levels = 0;
    for (size_t i = 0; i < calm->kafka_count; i++) {
        const struct stored *s = &calm->kafka[i];
        if (strcmp(s->topic, topic_stock_levels) != 0 || last_of(calm, s, calm->kafka_count) != s)
            continue;
        const struct stored *other = last_of(w, s, w->kafka_count);
        struct stock_level level, its;
        assert_non_null(other);
        assert_int_equal(s->value == NULL, other->value == NULL);
        if (s->value == NULL)
            continue;
        decode(calm, s, &stock_level_record, &level);
        decode(w, other, &stock_level_record, &its);
        assert_int_equal(level.level, its.level);
        levels++;
    }
    const struct sku_table *a = &level_part_state(w->part)->rows.table,
                           *b = &level_part_state(calm->part)->rows.table;
    for (size_t i = 0; i < SKUS * DEPOTS; i++) {
        const uint32_t x = sku_table_find(a, "01", keys[i / DEPOTS]),
                       y = sku_table_find(b, "01", keys[i / DEPOTS]);
        const uint32_t r = x == 0 ? 0 : sku_table_row(a, x, depots[i % DEPOTS]),
                       q = y == 0 ? 0 : sku_table_row(b, y, depots[i % DEPOTS]);
        assert_int_equal(r == 0 ? 0 : sku_row_began(&a->rows[r]),
                         q == 0 ? 0 : sku_row_began(&b->rows[q]));
        if (r != 0 && q != 0)
            assert_int_equal(a->rows[r].available, b->rows[q].available);
    }
    return levels;
}

static struct codec *open_codec(void)
{
    static const struct bound_record *const records[] = {
        &stock_event_record, &stock_state_record, &stock_level_record, &stock_reservation_record,
        &stock_result_record};
    char message[300] = "";
    struct codec *codec = NULL;
    assert_int_equal(codec_open("schemas", NULL, codec_test_limits, &codec, message), 0);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_int_equal(codec_check(codec, records[i], message), 0);
    return codec;
}

static void test_histories(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct codec *codec = open_codec();
    struct world *w = calloc(2, sizeof *w), *calm = w + 1;
    size_t deaths = 0, aborts = 0, levels = 0;
    assert_non_null(w);
    for (unsigned h = 0; h < HISTORIES; h++) {
        seed = h + 1;
        world_begin(calm, rules, codec);
        run_out(calm, false);
        seed = h + 1;
        world_begin(w, rules, codec);
        run_out(w, true);
        w->arena = calm->arena = arena_new(ARENA);
        check_results(calm);
        check_results(w);
        check_versions(w);
        check_outcomes(w, calm);
        levels += check_same(w, calm);
        deaths += w->deaths;
        aborts += w->aborts;
        arena_free(w->arena);
        world_end(w);
        world_end(calm);
    }
    print_message("  %zu deaths, %zu aborts, %zu levels\n", deaths, aborts, levels);
    assert_true(deaths > HISTORIES && aborts > HISTORIES && levels > HISTORIES);
    free(w);
    codec_close(codec);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
