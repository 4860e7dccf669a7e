/* See test_why_support.h. */
#include "test_why_support.h"

struct why_story story;
struct ops_error error;
struct arena *arena;

int begin(void **state)
{
    (void)state;
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    world.answers[0] = (struct world_answer){.fate = PRIMA_ABSENT, .http_status = 200};
    world.answer_count = 1;
    story = (struct why_story){.count = 0};
    return arena == NULL;
}

int end(void **state)
{
    (void)state;
    why_story_release(&story);
    arena_free(arena);
    world_release();
    return 0;
}

enum ops_kind why(struct ops *ops, const char *id, int64_t since_ms, bool all_partitions)
{
    const struct why_options options = {.since_ms = since_ms, .all_partitions = all_partitions};
    why_story_release(&story);
    story = (struct why_story){.count = 0};
    return ops_why(ops, id, &options, &story, &error);
}

void put_event(struct ops *ops, const struct order_event *event, int64_t at_ms, int32_t partition)
{
    world_put_struct(ops,
                     &(struct world_put){
                         .topic = "orders.raw", .key = KEY, .at_ms = at_ms, .partition = partition},
                     &order_event_record, event);
}

struct order_event *version(int64_t number)
{
    struct order_event *e = support_order(arena);
    e->source_version = number;
    return e;
}

struct order_result result_of(int outcome)
{
    return (struct order_result){.outcome = outcome,
                                 .code = "",
                                 .key = NATURAL,
                                 .company = "01",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .order_id = "1001",
                                 .identity = "01abcdef1234567890",
                                 .goods = "",
                                 .money = "",
                                 .delivery = {.topic = "orders.raw", .partition = 2, .offset = 9},
                                 .source = {.topic = "orders.raw", .partition = 2, .offset = 9}};
}

void put_result(struct ops *ops, const struct order_result *result, int64_t at_ms)
{
    world_put_struct(ops,
                     &(struct world_put){.topic = "orders.results", .key = KEY, .at_ms = at_ms},
                     &order_result_record, result);
}

const struct why_event *only_event(void)
{
    assert_int_equal(story.count, 1);
    assert_int_equal(story.orders[0].event_count, 1);
    return &story.orders[0].events[0];
}
