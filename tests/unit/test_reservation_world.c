/* The world of the maker of reservations; see test_reservation_world.h. */
#include "test_reservation_world.h"

#include "base/clock.h"
#include "domain/events/ledger_credit.h"
#include "domain/stock/stock_key.h"
#include "flow/flow.h"
#include "kafka/topics.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1 << 20, WORLD_ARENA = 256 << 20, AN_HOUR = 3600 * 1000 };

static const char *write_companies(const char *allocates)
{
    char text[200];
    (void)snprintf(text, sizeof text, "companies:\n  - {company: \"01\", allocates: %s}\n",
                   allocates);
    return support_mappings_copy("companies.yaml", text);
}

void world_begin(struct world *world, const char *allocates)
{
    char message[300], folder[300];
    *world = (struct world){.codec = codec_test_open("schemas"),
                            .arena = arena_new(WORLD_ARENA),
                            .began_ms = clock_wall_ms() - AN_HOUR};
    assert_non_null(world->arena);
    for (size_t i = 0; reservation_records[i] != NULL; i++)
        assert_int_equal(codec_check(world->codec, reservation_records[i], message), 0);
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s", write_companies(allocates));
    world->rules = support_rules((const char *const[]){folder, NULL});
    world_kill(world);
}

void world_end(struct world *world)
{
    reservation_outbox_end(&world->maker.outbox, false);
    reservation_maker_release(&world->maker);
    for (size_t i = 0; i < world->kept_count; i++) {
        free(world->kept[i].key);
        free(world->kept[i].value);
    }
    support_rules_free(world->rules);
    codec_close(world->codec);
    arena_free(world->arena);
}

/* ---- records ---- */

struct world_record world_bytes(struct world *world, enum reservation_source source,
                                const char *key, const void *value, size_t size)
{
    static const char *const topics[] = {topic_orders_raw, topic_orders_results,
                                         topic_orders_ledger, topic_stock_confirmed};
    const int64_t offset = world->offset++;
    return (struct world_record){
        .source = source,
        .record = {.topic = topics[source],
                   .partition = WORLD_PARTITION,
                   .offset = offset,
                   .timestamp_ms = world->began_ms + offset,
                   .key = key == NULL ? NULL : arena_text(world->arena, key, strlen(key)),
                   .key_size = key == NULL ? 0 : strlen(key),
                   .value = value == NULL ? NULL : arena_text(world->arena, value, size),
                   .value_size = size}};
}

static struct world_record encode(struct world *world, enum reservation_source source,
                                  const char *key, const struct bound_record *bound,
                                  const void *value)
{
    struct buf bytes;
    buf_init(&bytes, VALUE_MAX);
    assert_int_equal(codec_encode(world->codec, bound, value, &bytes), 0);
    const struct world_record record = world_bytes(world, source, key, bytes.data, bytes.size);
    buf_release(&bytes);
    return record;
}

struct world_record world_event(struct world *world, const struct order_event *event)
{
    const char *key =
        arena_printf(world->arena, "01/%s/%s/%s", event->channel, event->store, event->order_id);
    return encode(world, RESERVATION_OF_ORDERS, key, &order_event_record, event);
}

struct world_record world_version(struct world *world, int64_t version, int64_t shoes,
                                  int64_t shirts)
{
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(arena);
    event->source_version = version;
    event->event_time = WORLD_BEGAN + 1000 * version;
    event->kind = shoes + shirts == 0 ? ORDER_CANCELLED : ORDER_EDITED;
    event->has_cancelled_at = event->kind == ORDER_CANCELLED;
    event->lines.items[0].has_current_quantity = event->lines.items[1].has_current_quantity = true;
    event->lines.items[0].current_quantity = (int32_t)shoes;
    event->lines.items[1].current_quantity = (int32_t)shirts;
    event->lines.items[0].quantity = (int32_t)shoes;
    event->lines.items[1].quantity = (int32_t)shirts;
    const struct world_record record = world_event(world, event);
    arena_free(arena);
    return record;
}

struct world_record world_result(struct world *world, int outcome, int64_t version)
{
    const struct order_result result = {.outcome = outcome,
                                        .code = "ok",
                                        .key = WORLD_NATURAL,
                                        .company = "01",
                                        .channel = "shopify",
                                        .store = "uk",
                                        .order_id = "1001",
                                        .identity = "",
                                        .goods = "",
                                        .money = "",
                                        .source_version = version,
                                        .delivery = {topic_orders_raw, WORLD_PARTITION, 0},
                                        .source = {topic_orders_raw, WORLD_PARTITION, 0}};
    return encode(world, RESERVATION_OF_RESULTS, WORLD_KEY, &order_result_record, &result);
}

struct world_record world_entry(struct world *world, int64_t version, int32_t shoes, int32_t shirts)
{
    static const char *codes[] = {"RED", "M"};
    struct ledger_line lines[] = {
        {.line_id = "L1", .number = 1, .product = "SKU00001", .depot = "01", .quantity = shoes},
        {.line_id = "L2",
         .number = 2,
         .product = "TSHIRT",
         .matrix_codes = {codes, 2},
         .depot = "01",
         .quantity = shirts}};
    const struct ledger_entry entry = {.key = WORLD_NATURAL,
                                       .company = "01",
                                       .channel = "shopify",
                                       .store = "uk",
                                       .order_id = "1001",
                                       .order_number = "W1001",
                                       .document = "W1001",
                                       .version = version,
                                       .currency = "GBP",
                                       .identity = "",
                                       .goods = "",
                                       .payment = "",
                                       .source_version = version,
                                       .order_date = "2026-11-18",
                                       .posted_at = WORLD_BEGAN + 500 * version,
                                       .lines = {lines, 2}};
    return encode(world, RESERVATION_OF_LEDGER, WORLD_KEY, &ledger_entry_record, &entry);
}

struct world_record world_discard(struct world *world, int64_t at)
{
    const struct ledger_credit credit = {.key = "",
                                         .order = WORLD_KEY,
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "1001",
                                         .refund_id = "",
                                         .state = CREDIT_UNPOSTED,
                                         .outcome = "discarded",
                                         .currency = "",
                                         .at = at};
    return encode(world, RESERVATION_OF_LEDGER, WORLD_KEY "/", &ledger_credit_record, &credit);
}

/* ---- what happens ---- */

void world_hear(struct world *world, const struct world_record *record)
{
    world->maker.rules = world->rules;
    assert_int_equal(reservation_hear(&world->maker, record->source, &record->record), 0);
}

static struct world_kept *find_kept(struct world *world, const struct kafka_message *m)
{
    for (size_t i = 0; i < world->kept_count; i++)
        if (world->kept[i].topic == m->topic && world->kept[i].key_size == m->key_size &&
            memcmp(world->kept[i].key, m->key, m->key_size) == 0)
            return &world->kept[i];
    assert_true(world->kept_count < WORLD_KEYS_MAX);
    struct world_kept *kept = &world->kept[world->kept_count++];
    *kept = (struct world_kept){
        .topic = m->topic, .key = strndup(m->key, m->key_size), .key_size = m->key_size};
    return kept;
}

/* Where a reservation stands is where a snapshot's row of its product stands. */
static void check_place(const struct kafka_message *m)
{
    char row[300];
    const char *place = m->place_key != NULL ? m->place_key : m->key;
    const size_t size = m->place_key != NULL ? m->place_key_size : m->key_size;
    if (m->topic != topic_stock_reservations) {
        assert_null(m->place_key);
        return;
    }
    struct arena *arena = arena_new(1 << 16);
    struct stock_reservation_key parts;
    assert_int_equal(stock_key_split(m->key, m->key_size, arena, &parts), 0);
    const int length = snprintf(row, sizeof row, "%s/%s", parts.company, parts.sku);
    assert_int_equal((size_t)length, size);
    assert_memory_equal(place, row, size);
    arena_free(arena);
}

void world_commit(struct world *world)
{
    struct batch batch = {0};
    reservation_outbox_take(&world->maker.outbox, &batch);
    for (size_t i = 0; i < batch.count; i++) {
        const struct kafka_message *m = batch.messages[i];
        struct world_kept *kept = find_kept(world, m);
        check_place(m);
        free(kept->value);
        kept->value = NULL;
        kept->size = m->value_size;
        world->written++;
        world->tombstones += m->value == NULL;
        if (m->value == NULL)
            continue;
        kept->value = malloc(m->value_size);
        assert_non_null(kept->value);
        memcpy(kept->value, m->value, m->value_size);
    }
    reservation_outbox_end(&world->maker.outbox, true);
    free(batch.messages);
}

void world_kill(struct world *world)
{
    reservation_outbox_end(&world->maker.outbox, false);
    reservation_maker_release(&world->maker);
    world->maker = (struct reservation_maker){
        .codec = world->codec, .rules = world->rules, .limit = &world->limit};
    for (size_t i = 0; i < world->kept_count; i++) {
        const struct world_kept *k = &world->kept[i];
        const struct kafka_record record = {.topic = topic_stock_orders,
                                            .partition = WORLD_PARTITION,
                                            .key = k->key,
                                            .key_size = k->key_size,
                                            .value = k->value,
                                            .value_size = k->size};
        if (k->topic == topic_stock_orders)
            assert_int_equal(reservation_remember(&world->maker, &record), 0);
    }
}

/* ---- what readers have ---- */

static int compare_kept(const void *a, const void *b)
{
    const struct world_kept *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

static void write_one(struct world *world, const struct world_kept *kept, struct arena *arena,
                      struct buf *out)
{
    struct stock_reservation r;
    assert_int_equal(codec_test_decode(world->codec, &stock_reservation_record, kept->value,
                                       kept->size, arena, &r),
                     PF_OK);
    assert_string_equal(r.order_id, "1001");
    buf_printf(out, "%s@%s %lld", r.sku, r.depot, (long long)r.units);
    for (size_t i = 0; i < r.depots.count; i++)
        buf_printf(out, " %s", r.depots.items[i]);
    if (r.state == RESERVATION_ALLOCATED && r.allocated_at >= world->began_ms)
        buf_printf(out, " of %lld since record %lld", (long long)r.allocated_units,
                   (long long)(r.allocated_at - world->began_ms));
    else if (r.state == RESERVATION_ALLOCATED)
        buf_printf(out, " of %lld at %lld", (long long)r.allocated_units,
                   (long long)(r.allocated_at - WORLD_BEGAN));
    for (size_t i = 0; i < r.taken.count; i++)
        buf_printf(out, ", %s/%s %lld", r.taken.items[i].location, r.taken.items[i].sku,
                   (long long)r.taken.items[i].units);
    buf_text(out, "; ");
}

const char *world_reservations(struct world *world)
{
    const struct world_kept *sorted[WORLD_KEYS_MAX];
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct buf out;
    size_t count = 0;
    buf_init(&out, VALUE_MAX);
    for (size_t i = 0; i < world->kept_count; i++)
        if (world->kept[i].topic == topic_stock_reservations && world->kept[i].value != NULL)
            sorted[count++] = &world->kept[i];
    qsort(sorted, count, sizeof *sorted, compare_kept);
    for (size_t i = 0; i < count; i++)
        write_one(world, sorted[i], arena, &out);
    const char *text = arena_text(world->arena, out.data, out.size);
    buf_release(&out);
    arena_free(arena);
    return text;
}

size_t world_count(const struct world *world, const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < world->kept_count; i++)
        count += world->kept[i].topic == topic && world->kept[i].value != NULL;
    return count;
}
