/* Orders remembered, and what is written of them; see reservation_maker.h. */
#include "reservation_maker.h"

#include "base/clock.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/keys/key_parts.h"
#include "domain/ledger/ledger_key.h"
#include "domain/stock/stock_key.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 128 * 1024 * 1024 };

const struct bound_record *const reservation_records[] = {
    &order_event_record,       &order_result_record,
    &ledger_entry_record,      &ledger_credit_record,
    &stock_reservation_record, &stock_confirmation_record,
    &stock_order_record,       NULL};

struct hearing { /* one record */
    struct reservation_maker *maker;
    const struct kafka_record *record;
    struct arena *arena;
    int64_t now; /* the record's time, ms since 1970 UTC; never in the future */
    const char *topic_key;
    struct stock_reserve_key key;
    bool is_kept;
    struct reservation_facts facts;
};

/* ---- who the order is ---- */

static int order_is(struct hearing *h, const char *company, const char *channel, const char *store,
                    const char *order_id)
{
    if (!key_is_plain(company) || !key_is_plain(channel) || !key_is_plain(store) ||
        !key_is_plain(order_id))
        return -EINVAL;
    h->topic_key = key_of_topic(h->arena, company, channel, store, order_id);
    if (h->topic_key == NULL)
        return -ENOMEM;
    return reservation_key_read(h->topic_key, strlen(h->topic_key), h->arena, &h->key);
}

/* Of an event whose channel is not known its record's key has the company, if it is the order's. */
static int order_is_by_record(struct hearing *h, const struct order_event *event)
{
    struct stock_reserve_key key;
    const int r = reservation_key_read(h->record->key, h->record->key_size, h->arena, &key);
    if (r < 0)
        return r;
    if (strcmp(key.channel, event->channel) != 0 || strcmp(key.store, event->store) != 0 ||
        strcmp(key.order_id, event->order_id) != 0)
        return -EINVAL;
    return order_is(h, key.company, key.channel, key.store, key.order_id);
}

/* What is known of it. */
static int recall(struct hearing *h)
{
    const struct kept_order *kept =
        reservation_keep_find(&h->maker->keep, h->topic_key, strlen(h->topic_key));
    h->is_kept = kept != NULL;
    h->facts = reservation_facts_none();
    return kept == NULL ? 0
                        : reservation_unpack(h->maker->codec, kept_order_bytes(kept), kept->size,
                                             &h->key, h->arena, &h->facts);
}

/* ---- what is written ---- */

static int put_reservation(struct hearing *h, const struct stock_change *change, struct buf *value)
{
    struct reservation_outbox *outbox = &h->maker->outbox;
    const struct stock_reservation *r = change->reservation;
    const char *key = stock_key_of_reservation(h->arena, r->company, r->sku, r->depot, r->order);
    if (key == NULL)
        return -ENOMEM;
    const size_t size = strlen(key), place = stock_key_place(key, size);
    buf_clear(value);
    int result = codec_encode(h->maker->codec, &stock_reservation_record, r, value);
    if (result == 0)
        result = reservation_outbox_add(outbox, topic_stock_reservations, key, size, place,
                                        value->data, value->size);
    if (result == 0 && change->ends)
        result =
            reservation_outbox_add(outbox, topic_stock_reservations, key, size, place, NULL, 0);
    return result;
}

/* More is taken than Prima has, as far as is known. */
static bool is_open(const struct reservation_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->rows[i].units > facts->rows[i].allocated_units)
            return true;
    return false;
}

static struct kept_marks marks_of(const struct reservation_facts *facts)
{
    struct kept_marks marks = {.day = (int32_t)(facts->changed_at / KEPT_DAY_MS),
                               .is_open = is_open(facts),
                               .is_over = reservation_facts_are_over(facts)};
    for (size_t i = 0; i < facts->gap_count; i++)
        marks.gaps |= (uint8_t)(1 << facts->gaps[i].what);
    return marks;
}

static int put_order(struct hearing *h, struct buf *value)
{
    const size_t size = strlen(h->topic_key);
    buf_clear(value);
    int r = reservation_pack(h->maker->codec, &h->facts, h->arena, value);
    if (r == 0)
        r = reservation_outbox_add(&h->maker->outbox, topic_stock_orders, h->topic_key, size, size,
                                   value->data, value->size);
    return r < 0 ? r
                 : reservation_keep_put(&h->maker->keep, h->topic_key, size, value->data,
                                        value->size, marks_of(&h->facts));
}

/* Without a look at what follows: nothing does. */
static int write_order(struct hearing *h)
{
    struct buf value;
    const size_t before = h->maker->outbox.count;
    buf_init(&value, 2 * RESERVATION_BYTES_MAX);
    const int r = put_order(h, &value);
    if (r < 0)
        reservation_outbox_truncate(&h->maker->outbox, before);
    buf_release(&value);
    return r;
}

/* All of it, or nothing. */
static int write_news(struct hearing *h)
{
    struct stock_change *changes = NULL;
    struct buf value;
    const size_t before = h->maker->outbox.count;
    size_t count = 0;
    buf_init(&value, 2 * RESERVATION_BYTES_MAX);
    int r =
        reservation_settle(&h->key, &h->facts, h->maker->rules, h->now, h->arena, &changes, &count);
    if (r == -ENOENT) { /* the channel was taken out of the mappings: what is known is kept */
        reservation_gap_tell(h->maker->limit, RESERVATION_GAP_channel, h->key.order, h->record,
                             NULL);
        r = 0;
    }
    for (size_t i = 0; i < count && r == 0; i++)
        r = put_reservation(h, &changes[i], &value);
    if (r == 0)
        r = put_order(h, &value);
    if (r < 0)
        reservation_outbox_truncate(&h->maker->outbox, before);
    buf_release(&value);
    return r;
}

/* ---- the event ---- */

static void tell(struct hearing *h, enum reservation_gap_kind kind, const char *detail)
{
    reservation_gap_tell(h->maker->limit, kind, h->key.order, h->record, detail);
}

static void tell_gaps(struct hearing *h)
{
    unsigned told = 0;
    for (size_t i = 0; i < h->facts.gap_count; i++)
        if ((told >> h->facts.gaps[i].what & 1) == 0) {
            told |= 1U << h->facts.gaps[i].what;
            tell(h, (enum reservation_gap_kind)(int)h->facts.gaps[i].what, NULL);
        }
}

static int find_order(struct hearing *h, const struct order_event *event)
{
    const struct channel_rules *channel =
        rules_channel(h->maker->rules, event->channel, event->store);
    return channel == NULL
               ? order_is_by_record(h, event)
               : order_is(h, channel->company, event->channel, event->store, event->order_id);
}

static int hear_event(struct hearing *h, const struct order_event *event)
{
    const char *detail = NULL;
    bool is_new = false;
    int r = find_order(h, event);
    if (r == -EINVAL) {
        const bool is_unmapped =
            rules_channel(h->maker->rules, event->channel, event->store) == NULL;
        tell(h, is_unmapped ? RESERVATION_GAP_channel : RESERVATION_GAP_contradiction,
             is_unmapped ? NULL : "channel, store and order_id are to be letters, digits, '._-'");
        return 0;
    }
    if (r == 0)
        r = recall(h);
    if (r < 0)
        return r;
    r = reservation_hear_event(&h->facts, event, h->record->offset, h->maker->rules, h->arena,
                               &is_new, &detail);
    if (r == -EINVAL) {
        tell(h, RESERVATION_GAP_contradiction, detail);
        return 0;
    }
    if (r < 0 && r != -ENOENT)
        return r;
    if (is_new)
        tell_gaps(h);
    return is_new ? write_news(h) : 0;
}

/* ---- results and ledger ---- */

/* Nobody remembers it, and it is old. */
static bool is_past(const struct hearing *h)
{
    return !h->is_kept && h->now < clock_wall_ms() - RESERVATION_OLD_MS;
}

static int hear_result(struct hearing *h, const struct order_result *result)
{
    const struct result_delivery *from = &result->delivery;
    int r = order_is(h, result->company, result->channel, result->store, result->order_id);
    if (r == 0)
        r = recall(h);
    if (r < 0)
        return r;
    if (strcmp(from->topic, topic_orders_raw) == 0 && from->partition != h->record->partition)
        tell(h, RESERVATION_GAP_misplaced, NULL);
    return !is_past(h) && reservation_hear_result(&h->facts, result) ? write_news(h) : 0;
}

static int hear_entry(struct hearing *h, const struct ledger_entry *entry)
{
    int r = order_is(h, entry->company, entry->channel, entry->store, entry->order_id);
    if (r == 0)
        r = recall(h);
    if (r < 0 || is_past(h))
        return r;
    r = reservation_hear_entry(&h->facts, entry, h->now, h->arena);
    return r > 0 ? write_news(h) : r;
}

/* credit NULL: the record that it ended without a document is taken back. */
static int hear_discard(struct hearing *h, const struct ledger_credit *credit)
{
    const size_t size = ledger_key_order(h->record->key, h->record->key_size);
    int r = reservation_key_read(h->record->key, size, h->arena, &h->key);
    h->topic_key = r < 0 ? NULL : arena_text(h->arena, h->record->key, size);
    if (r == 0 && h->topic_key == NULL)
        r = -ENOMEM;
    if (r == 0)
        r = recall(h);
    if (r < 0 || is_past(h))
        return r;
    const bool is_discarded = credit != NULL && credit->state == CREDIT_UNPOSTED &&
                              credit->outcome != NULL && strcmp(credit->outcome, "discarded") == 0;
    return reservation_hear_discard(&h->facts, is_discarded, is_discarded ? credit->at : 0)
               ? write_news(h)
               : 0;
}

/* ---- confirmations ---- */

static int hear_confirmation(struct hearing *h, const struct stock_confirmation *confirmation)
{
    int r = reservation_key_read(h->record->key, h->record->key_size, h->arena, &h->key);
    h->topic_key = r < 0 ? NULL : arena_text(h->arena, h->record->key, h->record->key_size);
    if (r == 0 && h->topic_key == NULL)
        r = -ENOMEM;
    if (r == 0)
        r = recall(h);
    if (r < 0)
        return r;
    return h->is_kept && reservation_hear_confirmation(&h->facts, confirmation) ? write_order(h)
                                                                                : 0;
}

/* ---- bytes ---- */

static int decode(struct hearing *h, const struct bound_record *bound, void *ret_value)
{
    struct codec_fault fault = {PF_OK, ""};
    if (h->record->value == NULL)
        return -EBADMSG;
    return codec_decode(h->maker->codec, bound, h->record->value, h->record->value_size, h->arena,
                        ret_value, &fault);
}

static int hear_orders(struct hearing *h)
{
    struct order_event event;
    const int r = decode(h, &order_event_record, &event);
    return r < 0 ? r : hear_event(h, &event);
}

static int hear_results(struct hearing *h)
{
    struct order_result result;
    const int r = decode(h, &order_result_record, &result);
    return r < 0 ? r : hear_result(h, &result);
}

static int hear_ledger(struct hearing *h)
{
    const char *key = h->record->key;
    const size_t size = key == NULL ? 0 : h->record->key_size, order = ledger_key_order(key, size);
    struct ledger_entry entry;
    struct ledger_credit credit;
    if (order == 0)
        return -EBADMSG;
    if (size > order + 1)
        return 0;                 /* a refund's */
    if (h->record->value == NULL) /* an entry that is gone says nothing of Prima */
        return order == size ? 0 : hear_discard(h, NULL);
    int r = order == size ? decode(h, &ledger_entry_record, &entry)
                          : decode(h, &ledger_credit_record, &credit);
    if (r == 0)
        r = order == size ? hear_entry(h, &entry) : hear_discard(h, &credit);
    return r;
}

static int hear_confirmed(struct hearing *h)
{
    struct stock_confirmation confirmation;
    const int r =
        h->record->key == NULL ? -EBADMSG : decode(h, &stock_confirmation_record, &confirmation);
    return r < 0 ? r : hear_confirmation(h, &confirmation);
}

int reservation_hear(struct reservation_maker *maker, enum reservation_source source,
                     const struct kafka_record *record)
{
    static int (*const hear[])(struct hearing * h) = {
        [RESERVATION_OF_ORDERS] = hear_orders,
        [RESERVATION_OF_RESULTS] = hear_results,
        [RESERVATION_OF_LEDGER] = hear_ledger,
        [RESERVATION_OF_CONFIRMED] = hear_confirmed,
    };
    const int64_t wall = clock_wall_ms();
    struct hearing h = {.maker = maker,
                        .record = record,
                        .arena = arena_new(ARENA_MAX),
                        .now = record->timestamp_ms >= 0 && record->timestamp_ms < wall
                                   ? record->timestamp_ms
                                   : wall};
    const int r = h.arena == NULL ? -ENOMEM : hear[source](&h);
    if (r == -ENOMEM || r == -ENOSPC)
        tell(&h, RESERVATION_GAP_large, NULL);
    else if (r < 0 && r != -EAGAIN)
        tell(&h, RESERVATION_GAP_unreadable, NULL);
    arena_free(h.arena);
    return r == -EAGAIN ? r : 0;
}

/* ---- from stock.orders ---- */

int reservation_remember(struct reservation_maker *maker, const struct kafka_record *record)
{
    struct stock_reserve_key key;
    struct reservation_facts facts;
    if (record->value == NULL) {
        reservation_keep_remove(&maker->keep, record->key, record->key_size);
        return 0;
    }
    struct arena *arena = arena_new(ARENA_MAX);
    int r =
        arena == NULL ? -ENOMEM : reservation_key_read(record->key, record->key_size, arena, &key);
    if (r == 0)
        r = reservation_unpack(maker->codec, record->value, record->value_size, &key, arena,
                               &facts);
    if (r == 0)
        r = reservation_keep_put(&maker->keep, record->key, record->key_size, record->value,
                                 record->value_size, marks_of(&facts));
    arena_free(arena);
    return r == -EINVAL ? -EBADMSG : r;
}

/* ---- gaps, again ---- */

/* The order was remembered by its record's key, and is another one by the mappings of today. */
static int drop_stand_in(struct reservation_maker *maker, const struct kafka_record *record)
{
    struct stock_reserve_key key;
    struct reservation_facts facts;
    const struct kept_order *kept =
        reservation_keep_find(&maker->keep, record->key, record->key_size);
    if (kept == NULL || kept->gaps == 0)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    int r =
        arena == NULL ? -ENOMEM : reservation_key_read(record->key, record->key_size, arena, &key);
    if (r == 0)
        r = reservation_unpack(maker->codec, kept_order_bytes(kept), kept->size, &key, arena,
                               &facts);
    const struct channel_rules *channel =
        r < 0 ? NULL : rules_channel(maker->rules, key.channel, key.store);
    if (channel != NULL && strcmp(channel->company, key.company) != 0 &&
        facts.want.version == INT64_MIN && facts.gap_offset == record->offset) {
        r = reservation_outbox_add(&maker->outbox, topic_stock_orders, record->key,
                                   record->key_size, record->key_size, NULL, 0);
        if (r == 0)
            reservation_keep_remove(&maker->keep, record->key, record->key_size);
    }
    arena_free(arena);
    return r;
}

int reservation_mend(struct reservation_maker *maker, const struct kafka_record *record)
{
    const int r = reservation_hear(maker, RESERVATION_OF_ORDERS, record);
    return r < 0 || record->key == NULL ? r : drop_stand_in(maker, record);
}

void reservation_maker_release(struct reservation_maker *maker)
{
    reservation_keep_release(&maker->keep);
    reservation_outbox_release(&maker->outbox);
}
