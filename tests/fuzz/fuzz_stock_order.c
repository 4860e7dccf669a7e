/* What is remembered of an order, as stock.orders gives it back (reservation_pack.h): what can be read
 * is written again and means the same, a second time as the same bytes; and whatever it says, the
 * reservations that follow are none below 0, of the order's own company, and settle: asked again
 * nothing is new.
 *
 * Input: a StockOrder in Avro, without its frame. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reservation_pack.h"

#include "fuzz_target.h"

enum { SIZE_MAX_FUZZED = 16384, ARENA = 64 << 20 };

static const char head[] =
    "\xc3\x01\xa3\x3d\x5a\x5d\x59\x7b\xcb\x94"; /* the frame of today's schema */
static struct codec *codec;
static void *rules;

static void set_up(void)
{
    static const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 2000, .depth_max = 32};
    static const char *const settings[] = {"orders.mappings=ops/deploy/mappings"};
    static struct config *config;
    struct config_message message = {""};
    char why[300] = "";
    if (codec != NULL)
        return;
    FUZZ_CHECK(codec_open("schemas", NULL, limits, &codec, why) ==
               0); /* run in the source folder */
    FUZZ_CHECK(codec_check(codec, &stock_order_record, why) == 0);
    struct buf bytes;
    const struct stock_order_state nothing = {0};
    buf_init(&bytes, 1000);
    FUZZ_CHECK(codec_encode(codec, &stock_order_record, &nothing, &bytes) == 0);
    FUZZ_CHECK(memcmp(bytes.data, head, sizeof head - 1) == 0); /* or nothing would be read */
    buf_release(&bytes);
    FUZZ_CHECK(config_load(NULL, settings, 1, &config, &message) == 0);
    FUZZ_CHECK(order_rules_load(config, &rules, &message) == 0);
}

static void check_round_trip(const struct reservation_facts *facts,
                             const struct stock_reserve_key *key, struct arena *arena)
{
    struct reservation_facts again;
    struct buf once, twice;
    buf_init(&once, 2 * RESERVATION_BYTES_MAX);
    buf_init(&twice, 2 * RESERVATION_BYTES_MAX);
    const int r = reservation_pack(codec, facts, arena, &once);
    FUZZ_CHECK(r == 0 || r == -ENOSPC);
    if (r == 0) {
        FUZZ_CHECK(reservation_unpack(codec, once.data, once.size, key, arena, &again) == 0);
        FUZZ_CHECK(again.want.count == facts->want.count && again.count == facts->count &&
                   again.want.version == facts->want.version &&
                   again.gap_count == facts->gap_count &&
                   again.has_document == facts->has_document && again.hold == facts->hold);
        FUZZ_CHECK(reservation_facts_are_over(&again) == reservation_facts_are_over(facts));
        FUZZ_CHECK(reservation_pack(codec, &again, arena, &twice) == 0);
        FUZZ_CHECK(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    }
    buf_release(&once);
    buf_release(&twice);
}

static void check_settles(struct reservation_facts *facts, const struct stock_reserve_key *key,
                          struct arena *arena)
{
    struct stock_change *changes = NULL;
    size_t count = 0;
    FUZZ_CHECK(reservation_settle(key, facts, rules, 5, arena, &changes, &count) == 0);
    for (size_t i = 0; i < count; i++) {
        const struct stock_reservation *r = changes[i].reservation;
        FUZZ_CHECK(r->units >= 0 && r->allocated_units >= 0);
        FUZZ_CHECK(strcmp(r->company, key->company) == 0 && strcmp(r->order, key->order) == 0);
        FUZZ_CHECK(!changes[i].ends || r->units == 0);
    }
    FUZZ_CHECK(reservation_settle(key, facts, rules, 6, arena, &changes, &count) == 0);
    FUZZ_CHECK(count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "01/shopify/uk/1001";
    struct arena *arena = arena_new(ARENA);
    struct stock_reserve_key key;
    struct reservation_facts facts;
    struct buf bytes;
    set_up();
    buf_init(&bytes, 2 * SIZE_MAX_FUZZED);
    buf_append(&bytes, head, sizeof head - 1);
    buf_append(&bytes, data, size < SIZE_MAX_FUZZED ? size : SIZE_MAX_FUZZED);
    FUZZ_CHECK(reservation_key_read(name, strlen(name), arena, &key) == 0);
    const int r = reservation_unpack(codec, bytes.data, bytes.size, &key, arena, &facts);
    FUZZ_CHECK(r == 0 || r == -EBADMSG);
    if (r == 0) {
        check_round_trip(&facts, &key, arena);
        check_settles(&facts, &key, arena);
    }
    buf_release(&bytes);
    arena_free(arena);
    return 0;
}
