/* See result.h. */
#include "result.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "codec/binding.h"

struct sim_delivery {
    const char *topic;
    int32_t partition;
    int64_t offset;
};
static const struct binding delivery_fields[] = {BIND(struct sim_delivery, topic, BIND_TEXT),
                                                 BIND(struct sim_delivery, partition, BIND_INT),
                                                 BIND(struct sim_delivery, offset, BIND_LONG)};
static const struct bound_record delivery_bound =
    BOUND_RECORD("SimDelivery", struct sim_delivery, delivery_fields);

struct sim_result {
    const char *outcome, *key, *identity, *goods, *money, *code, *detail;
    int64_t source_version, posted_at;
    struct sim_delivery delivery;
    const struct sim_delivery *resolves;
};
static const struct binding result_fields[] = {
    BIND(struct sim_result, outcome, BIND_TEXT),
    BIND(struct sim_result, key, BIND_TEXT),
    BIND(struct sim_result, identity, BIND_TEXT),
    BIND(struct sim_result, goods, BIND_TEXT),
    BIND(struct sim_result, money, BIND_TEXT),
    BIND(struct sim_result, code, BIND_TEXT),
    BIND(struct sim_result, detail, BIND_TEXT),
    BIND(struct sim_result, source_version, BIND_LONG),
    BIND(struct sim_result, posted_at, BIND_LONG),
    BIND_SUB(struct sim_result, delivery, BIND_INLINE, delivery_bound),
    BIND_SUB(struct sim_result, resolves, BIND_RECORD, delivery_bound)};
static const struct bound_record result_bound =
    BOUND_RECORD("SimResult", struct sim_result, result_fields);

/* ---- writing ---- */

static bool read_delivery(const char *text, char topic[static 160], struct sim_delivery *ret)
{
    int partition = 0;
    long long offset = 0;
    if (text == NULL || sscanf(text, "%159[^/]/%d/%lld", topic, &partition, &offset) != 3)
        return false;
    *ret = (struct sim_delivery){topic, partition, offset};
    return true;
}

int sim_result_write(struct codec *codec, const struct flow_settlement *s, struct buf *out)
{
    char identity[2 * CODEC_IDENTITY_SIZE + 1], goods[2 * CODEC_PART_SIZE + 1],
        money[2 * FLOW_MONEY_SIZE + 1], topic[160], other_topic[160];
    struct sim_result r = {.outcome = outcome_name(s->outcome),
                           .key = s->key->natural,
                           .identity = digest_hex(s->identity, CODEC_IDENTITY_SIZE, identity),
                           .goods = digest_hex(s->goods, CODEC_PART_SIZE, goods),
                           .money = digest_hex(s->money, FLOW_MONEY_SIZE, money),
                           .code = pf_error_info(s->code)->name,
                           .detail = s->detail != NULL ? s->detail : "",
                           .source_version = s->key->version,
                           .posted_at = s->posted_ms};
    struct sim_delivery resolved;
    if (!read_delivery(s->delivery, topic, &r.delivery))
        return -EINVAL;
    if (read_delivery(s->resolves, other_topic, &resolved))
        r.resolves = &resolved;
    return codec_encode(codec, &result_bound, &r, out);
}

/* ---- reading ---- */

static void write_delivery(const struct sim_delivery *d, char text[static SIM_DELIVERY_MAX])
{
    (void)snprintf(text, SIM_DELIVERY_MAX, "%s/%d/%lld", d->topic, d->partition,
                   (long long)d->offset);
}

bool sim_result_read(struct codec *codec, const void *bytes, size_t size,
                     struct sim_ended *ret_ended)
{
    struct sim_result r;
    struct codec_fault fault;
    struct arena *arena = arena_new(1 << 16);
    if (arena == NULL)
        abort();
    const bool is_one = codec_decode(codec, &result_bound, bytes, size, arena, &r, &fault) == 0;
    if (is_one) {
        *ret_ended = (struct sim_ended){.resolves = ""};
        write_delivery(&r.delivery, ret_ended->delivery);
        if (r.resolves != NULL)
            write_delivery(r.resolves, ret_ended->resolves);
        (void)snprintf(ret_ended->outcome, sizeof ret_ended->outcome, "%s", r.outcome);
        (void)snprintf(ret_ended->detail, sizeof ret_ended->detail, "%s", r.detail);
    }
    arena_free(arena);
    return is_one;
}

const struct bound_record *sim_result_record(void)
{
    return &result_bound;
}
