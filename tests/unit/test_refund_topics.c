/* See test_refund_topics.h. */
#include "test_refund_topics.h"

#include "kafka/headers.h"

static const char *natural_of(const char *id, char text[static 100])
{
    (void)snprintf(text, 100, "01/refunds/shopify/uk/%s", id);
    return text;
}

static struct refund_event *event_of(struct arena *arena, const struct put_refund *put)
{
    struct refund_event *e = refund_event(arena);
    e->refund_id = put->id != NULL ? put->id : "R1";
    e->order_id = put->order != NULL ? strrchr(put->order, '/') + 1 : "1001";
    e->source_version = put->version != 0 ? put->version : 1;
    e->created_at = put->went_at != 0 ? put->went_at : put->at_ms;
    refund_paid(e, arena, put->minor > 0 ? put->minor : 2500);
    e->transactions.items[0].has_processed_at = true;
    e->transactions.items[0].processed_at = e->created_at;
    if (put->minor < 0) {
        e->transactions.items[0].status = TRANSACTION_PENDING;
        e->transactions.items[0].has_processed_at = false;
        e->succeeded = (struct money_set)SHOP(0);
    }
    return e;
}

/* The world keeps headers' texts by reference. */
static const char *natural_keep(struct arena *arena, const char *id)
{
    const char *text = arena_printf(arena, "01/refunds/shopify/uk/%s", id);
    assert_non_null(text);
    return text;
}

void put_refund(struct ops *ops, struct arena *arena, const struct put_refund *put)
{
    struct world_put record = {.topic = put->topic != NULL ? put->topic : "refunds.raw",
                               .key = put->order != NULL ? put->order : REFUND_ORDER,
                               .at_ms = put->at_ms,
                               .partition = put->partition,
                               .offset = put->offset};
    size_t n = 0;
    if (put->delivery != NULL)
        record.headers[n++] = (struct world_header){HEADER_DELIVERY, put->delivery};
    if (put->delivery != NULL && !put->is_unnamed)
        record.headers[n++] = (struct world_header){
            HEADER_IDEMPOTENCY_KEY, natural_keep(arena, put->id != NULL ? put->id : "R1")};
    if (put->code != NULL)
        record.headers[n++] = (struct world_header){
            strstr(record.topic, ".retry") != NULL ? HEADER_RETRY_REASON : HEADER_CODE, put->code};
    if (put->content != NULL)
        record.headers[n] = (struct world_header){HEADER_FINGERPRINT, put->content};
    if (!put->is_broken) {
        world_put_struct(ops, &record, &refund_event_record, event_of(arena, put));
        return;
    }
    record.value = "?";
    record.size = 1;
    world_put(&record);
}

void put_refund_result(struct ops *ops, const struct put_refund_result *put)
{
    char natural[100];
    const char *id = put->id != NULL ? put->id : "R1";
    const struct refund_result r = {.outcome = (int)put->outcome,
                                    .code = put->code != NULL ? put->code : "ok",
                                    .key = natural_of(id, natural),
                                    .company = "01",
                                    .channel = "shopify",
                                    .store = "uk",
                                    .order_id = "1001",
                                    .refund_id = id,
                                    .document = put->document,
                                    .identity = "01abcdef1234567890",
                                    .goods = "",
                                    .money = "",
                                    .delivery = *put->delivery,
                                    .source = *put->delivery,
                                    .resolves = put->resolves};
    world_put_struct(
        ops,
        &(struct world_put){.topic = "refunds.results", .key = REFUND_ORDER, .at_ms = put->at_ms},
        &refund_result_record, &r);
}
