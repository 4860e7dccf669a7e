/* Counting and pricing a replay; see replay_plan.h. */
#include "core/replay_plan.h"

#include "base/clock.h"
#include "core/replay_ends.h"
#include "core/replay_keys.h"

#include <errno.h>
#include <string.h>

enum { RATE_WITHOUT_LIMIT = 1000, SHARE_OF_LIMIT = 10 };

struct planning {
    const struct replay_choice *choice;
    const struct replay_ends *ends;
    const struct replay_book *book;
    struct replay_price *price; /* NULL: nothing is sampled */
    struct replay_plan *plan;
    struct replay_keys keys;
    int64_t every; /* one of so many offsets is sampled */
    int64_t old_before_ms, times_max;
};

int64_t replay_rate(const struct config *config)
{
    const int64_t limit = config_int(config, CFG_limit_rate);
    return limit == 0 ? RATE_WITHOUT_LIMIT : limit < SHARE_OF_LIMIT ? 1 : limit / SHARE_OF_LIMIT;
}

/* Spread over all offsets, and the same ones each time. */
static bool is_sampled(const struct planning *p, const struct kafka_record *r)
{
    uint64_t h = (uint64_t)r->offset * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)r->partition;
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return p->price != NULL && (h >> 32) % (uint64_t)p->every == 0;
}

static void count_record(struct planning *p, const struct kafka_record *r)
{
    struct replay_plan *plan = p->plan;
    const size_t size = r->key_size + r->value_size;
    plan->records++;
    plan->bytes += (int64_t)size;
    replay_keys_add(&p->keys, r->key, r->key_size);
    if (r->timestamp_ms > 0 && (plan->first_ms == 0 || r->timestamp_ms < plan->first_ms))
        plan->first_ms = r->timestamp_ms;
    if (r->timestamp_ms > plan->last_ms)
        plan->last_ms = r->timestamp_ms;
    plan->left_out.old += r->timestamp_ms < p->old_before_ms;
    plan->left_out.large += size > KAFKA_RECORD_MAX;
    if (p->book->count > 0)
        plan->left_out.limited += replay_book_times(p->book, "", r) >= p->times_max;
}

static int plan_take(void *user, const struct kafka_record *r)
{
    struct planning *p = user;
    p->plan->read++;
    if (!replay_is_chosen(p->choice, r) ||
        !replay_ends_have(p->ends, p->choice, r->partition, r->offset))
        return 0;
    count_record(p, r);
    if (!is_sampled(p, r))
        return 0;
    p->plan->sampled++;
    return replay_price_add(p->price, r);
}

static enum ops_kind plan_read(struct ops *ops, struct planning *p,
                               const volatile sig_atomic_t *stop, struct ops_error *ret_error)
{
    const struct kafka_range range = {.until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1,
                                      .spans = p->choice->spans,
                                      .span_count = p->choice->span_count,
                                      .stop = stop};
    struct kafka_words message = {""};
    const int64_t began_ms = clock_monotonic_ms();
    const int rc =
        kafka_read(ops_config(ops), &p->choice->flow->reads, 1, &range, plan_take, p, message.text);
    p->plan->ms = clock_monotonic_ms() - began_ms;
    p->plan->keys = replay_keys_count(&p->keys, &p->plan->keys_are_exact);
    if (rc == -ENOMEM)
        return ops_fail_memory(ret_error);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    if (stop != NULL && *stop != 0)
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL,
                        "stopped by a signal: it was not read to its end");
    return p->price != NULL
               ? replay_price_end(p->price, p->plan->fates, p->plan->unknown_why, ret_error)
               : OPS_DONE;
}

enum ops_kind replay_plan_make(struct ops *ops, const struct replay_choice *choice,
                               int64_t sample_max, const volatile sig_atomic_t *stop,
                               struct replay_plan *ret_plan, struct ops_error *ret_error)
{
    const struct config *config = ops_config(ops);
    const int64_t offsets = replay_offsets(choice);
    struct replay_ends ends = {.count = 0};
    struct replay_book book = {.count = 0};
    struct planning p = {.choice = choice,
                         .ends = &ends,
                         .book = &book,
                         .plan = ret_plan,
                         .every = sample_max > 0 && offsets > sample_max ? offsets / sample_max : 1,
                         .old_before_ms = clock_wall_ms() - config_int(config, CFG_idempotency_ttl),
                         .times_max = config_int(config, CFG_replay_max_count)};
    *ret_plan = (struct replay_plan){.records = 0};
    if (replay_keys_init(&p.keys) != 0)
        return ops_fail_memory(ret_error);
    enum ops_kind kind = replay_book_read(ops, &book, ret_error);
    if (kind == OPS_DONE)
        kind = replay_ends_read(ops, choice, stop, &ends, ret_error);
    if (kind == OPS_DONE && sample_max > 0)
        kind = replay_price_new(ops, choice->flow, &p.price, ret_error);
    if (kind == OPS_DONE)
        kind = plan_read(ops, &p, stop, ret_error);
    replay_price_free(p.price);
    replay_ends_release(&ends);
    replay_book_release(&book);
    replay_keys_release(&p.keys);
    return kind;
}
