/* Records of stock, and of orders on their way, as bytes: against what fastavro made, a stock event's identity F, and what each
 * kind of event must have.
 *
 * The golden vectors were computed by a program of its own (Python, from the definition in
 * codec/identity.h and the schema's JSON). They never change: Redis and committed results hold
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec_support.h"
#include "domain/events/order_status.h"
#include "domain/events/stock_event.h"
#include "domain/events/stock_level.h"
#include "domain/events/stock_reservation.h"
#include "domain/events/stock_result.h"

enum { ARENA = 1 << 20 };

static const struct pair {
    const char *record, *json, *hex;
    const struct bound_record *bound;
} pairs[] = {
    {"StockEvent", "stock_full.json", "stock_full.hex", &stock_event_record},
    {"StockReservation", "reservation_full.json", "reservation_full.hex",
     &stock_reservation_record},
    {"StockLevel", "level_full.json", "level_full.hex", &stock_level_record},
    {"StockResult", "stock_result_full.json", "stock_result_full.hex", &stock_result_record},
    {"OrderStatus", "status_full.json", "status_full.hex", &order_status_record},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* From JSON to bytes and back, and through the struct: no field is lost or misplaced. */
static void test_fastavro(void **state)
{
    struct codec *codec = *state;
    for (size_t i = 0; i < PAIRS; i++) {
        print_message("  %s\n", pairs[i].record);
        struct buf theirs, ours, again;
        struct arena *arena = arena_new(ARENA);
        json_t *json = codec_test_json(pairs[i].json);
        codec_test_hex(pairs[i].hex, &theirs);
        codec_test_frame(codec, pairs[i].record, json, &ours);
        assert_int_equal(ours.size, theirs.size);
        assert_memory_equal(ours.data, theirs.data, ours.size);

        struct codec_fault fault;
        json_t *back = codec_to_json(codec, theirs.data, theirs.size, &fault);
        assert_non_null(back);
        assert_true(json_equal(json, back));

        void *value = arena_alloc(arena, pairs[i].bound->size);
        assert_int_equal(
            codec_test_decode(codec, pairs[i].bound, theirs.data, theirs.size, arena, value),
            PF_OK);
        buf_init(&again, ARENA);
        assert_int_equal(codec_encode(codec, pairs[i].bound, value, &again), 0);
        assert_int_equal(again.size, theirs.size);
        assert_memory_equal(again.data, theirs.data, again.size);
        json_decref(back);
        json_decref(json);
        buf_release(&again);
        buf_release(&ours);
        buf_release(&theirs);
        arena_free(arena);
    }
}

static void decode(struct codec *codec, const struct pair *pair, struct arena *arena,
                   void *ret_value)
{
    struct buf bytes;
    codec_test_hex(pair->hex, &bytes);
    assert_int_equal(
        codec_test_decode(codec, pair->bound, bytes.data, bytes.size, arena, ret_value), PF_OK);
    buf_release(&bytes);
}

/* Fields and enums lie where their names say. */
static void test_fields(void **state)
{
    struct arena *arena = arena_new(ARENA);
    struct stock_event e;
    struct stock_reservation r;
    struct stock_level l;
    struct stock_result s;
    decode(*state, &pairs[0], arena, &e);
    assert_int_equal(e.kind, STOCK_ADJUSTMENT);
    assert_int_equal(e.scope, STOCK_SCOPE_RANGE);
    assert_true(e.token == 7 && e.has_began_at && e.began_at == 1795514400123);
    assert_int_equal(e.matrix.count, 3);
    assert_string_equal(e.matrix.items[2], "M");
    assert_true(e.available == -3 && e.count == 1200 && e.checksum == -6148914691236517205);
    assert_true(e.partition == 5 && e.level == -1 && e.quantity == -2);
    decode(*state, &pairs[1], arena, &r);
    assert_string_equal(r.depot, "");
    assert_string_equal(r.depots.items[1], "D2");
    assert_int_equal(r.state, RESERVATION_ALLOCATED);
    assert_true(r.units == 3 && r.allocated_units == 2 && r.has_allocated_at &&
                r.allocated_at == 1795514400123);
    assert_string_equal(r.taken.items[1].sku, "GIFT-SET");
    assert_true(r.taken.items[1].units == 2);
    decode(*state, &pairs[2], arena, &l);
    assert_int_equal(l.reason, LEVEL_STALE_CAP);
    assert_true(l.level == 5 && l.taken == -2 && l.as_of == 1795514400123);
    decode(*state, &pairs[3], arena, &s);
    assert_int_equal(s.outcome, SNAPSHOT_INCOMPLETE);
    assert_int_equal(s.why, SNAPSHOT_FAULT_SUPERSEDED);
    assert_true(s.rows == 1199 && s.older == 9 && s.missing == 2 && s.delivery.offset == 99001);
    arena_free(arena);
}

static void identity_of(struct codec *codec, const json_t *json, char *ret_text)
{
    uint8_t identity[CODEC_IDENTITY_SIZE];
    struct stock_event event;
    struct arena *arena = arena_new(ARENA);
    struct buf bytes;
    codec_test_frame(codec, "StockEvent", json, &bytes);
    assert_int_equal(
        codec_test_decode(codec, &stock_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    codec_identity(codec, &stock_event_record, &event, identity);
    (void)digest_hex(identity, sizeof identity, ret_text);
    buf_release(&bytes);
    arena_free(arena);
}

static void test_golden(void **state)
{
    static const struct {
        const char *file, *identity;
    } rows[] = {
        {"stock_full.json", "01a4e256a31a3385402adab8dc0d47fa879637214c9ac7110ec0e03b3ca2533af8"},
        {"stock_row.json", "014c0ecdee78af295e487ef1ce1e3e0b435e76e4430f1038d46ac6df8546f93a5e"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].file);
        char text[2 * CODEC_IDENTITY_SIZE + 1];
        json_t *json = codec_test_json(rows[i].file);
        identity_of(*state, json, text);
        assert_string_equal(text, rows[i].identity);
        json_decref(json);
    }
}

/* A warehouse that sends a count again, at another time and in other words, says nothing new. */
static void test_changes(void **state)
{
    static const struct {
        const char *path, *value;
        bool same;
    } rows[] = {
        {"event_id", "\"e-78\"", true},     {"reason", "null", true},
        {"at", "1795514398501", true},      {"quantity", "-1", false},
        {"number", "\"WMS-77-2\"", false},  {"kind", "\"count\"", false},
        {"depot", "\"D2\"", false},         {"matrix", "[\"RED\"]", false},
        {"product", "\"TROUSERS\"", false}, {"company", "\"02\"", false},
    };
    json_t *full = codec_test_json("stock_full.json");
    char before[2 * CODEC_IDENTITY_SIZE + 1], after[2 * CODEC_IDENTITY_SIZE + 1];
    identity_of(*state, full, before);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].path);
        json_t *changed = json_deep_copy(full);
        codec_test_set(changed, rows[i].path, rows[i].value);
        identity_of(*state, changed, after);
        assert_int_equal(strcmp(before, after) == 0, rows[i].same);
        json_decref(changed);
    }
    json_decref(full);
}

/* Each kind of event, and each of its fields taken away or spoilt. */
static void test_lacks(void **state)
{
    static const struct {
        const char *kind, *path, *value, *lacks; /* path NULL: as it is */
    } rows[] = {
        {"row", NULL, NULL, NULL},
        {"row", "depot", "null", NULL}, /* of all depots together */
        {"row", "company", "\"\"", "company"},
        {"row", "snapshot", "null", "snapshot"},
        {"row", "began_at", "null", "began_at"},
        {"row", "began_at", "-1", "began_at"},
        {"row", "product", "\"\"", "product"},
        {"row", "matrix", "[\"1\",\"2\",\"3\",\"4\",\"5\"]", "matrix"},
        {"row", "available", "null", "available"},
        {"end", NULL, NULL, NULL},
        {"end", "product", "null", NULL},
        {"end", "count", "0", NULL}, /* none in this partition */
        {"end", "snapshot", "\"\"", "snapshot"},
        {"end", "began_at", "null", "began_at"},
        {"end", "partition", "null", "partition"},
        {"end", "partition", "-1", "partition"},
        {"end", "count", "null", "count"},
        {"end", "count", "-1", "count"},
        {"end", "checksum", "null", "checksum"},
        {"channel_level", NULL, NULL, NULL},
        {"channel_level", "channel", "null", "channel"},
        {"channel_level", "store", "null", "store"},
        {"channel_level", "location", "\"\"", "location"},
        {"channel_level", "sku", "null", "sku"},
        {"channel_level", "level", "null", "level"},
        {"channel_level", "at", "null", "at"},
        {"count", "quantity", "0", NULL},
        {"count", "quantity", "-1", "quantity"},
        {"count", "number", "\"\"", "number"},
        {"adjustment", NULL, NULL, NULL},
        {"adjustment", "quantity", "null", "quantity"},
        {"adjustment", "number", "null", "number"},
        {"adjustment", "product", "null", "product"},
        {"adjustment", "depot", "null", "depot"},
        {"adjustment", "at", "null", "at"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s without %s\n", rows[i].kind, rows[i].path == NULL ? "-" : rows[i].path);
        char kind[40];
        struct stock_event event;
        struct arena *arena = arena_new(ARENA);
        struct buf bytes;
        json_t *json = codec_test_json("stock_full.json");
        (void)snprintf(kind, sizeof kind, "\"%s\"", rows[i].kind);
        codec_test_set(json, "kind", kind);
        if (rows[i].path != NULL)
            codec_test_set(json, rows[i].path, rows[i].value);
        codec_test_frame(*state, "StockEvent", json, &bytes);
        assert_int_equal(
            codec_test_decode(*state, &stock_event_record, bytes.data, bytes.size, arena, &event),
            PF_OK);
        const char *lacks = stock_event_lacks(&event);
        if (rows[i].lacks == NULL)
            assert_null(lacks);
        else {
            assert_non_null(lacks);
            assert_string_equal(lacks, rows[i].lacks);
        }
        buf_release(&bytes);
        json_decref(json);
        arena_free(arena);
    }
}

static int open_codec(void **state)
{
    *state = codec_test_open("schemas");
    return 0;
}

static int close_codec(void **state)
{
    codec_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fastavro), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_changes),
        cmocka_unit_test(test_lacks),
    };
    return cmocka_run_group_tests_name("codec_stock", tests, open_codec, close_codec);
}
