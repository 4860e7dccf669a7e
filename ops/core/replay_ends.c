/* How the chosen records ended; see replay_ends.h. */
#include "core/replay_ends.h"

#include "core/dead_letter.h"
#include "core/letter_result.h"
#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20 };

struct ends_reading {
    const struct replay_choice *choice;
    struct replay_ends *ends;
    struct codec *codec;
};

static bool bit_of(const struct replay_choice *c, int32_t partition, int64_t offset,
                   size_t *ret_span, uint64_t *ret_bit)
{
    for (size_t i = 0; i < c->span_count; i++)
        if (c->spans[i].partition == partition && offset >= c->spans[i].from &&
            offset < c->spans[i].until) {
            *ret_span = i;
            *ret_bit = (uint64_t)(offset - c->spans[i].from);
            return true;
        }
    return false;
}

/* "orders.raw/3/77", if it is of this choice. */
static void ends_mark(struct ends_reading *r, const char *delivery)
{
    const char *topic = r->choice->flow->reads;
    const size_t size = strlen(topic);
    int32_t partition;
    int64_t offset;
    char more;
    size_t span;
    uint64_t bit;
    if (strncmp(delivery, topic, size) == 0 && delivery[size] == '/' &&
        sscanf(delivery + size, "/%" SCNd32 "/%" SCNd64 "%c", &partition, &offset, &more) == 2 &&
        bit_of(r->choice, partition, offset, &span, &bit))
        r->ends->bits[span][bit / 8] |= (uint8_t)(1U << bit % 8);
}

static int take_letter(void *user, const struct kafka_record *record)
{
    struct ends_reading *r = user;
    struct dead_letter letter;
    if (dead_letter_read(record, &letter))
        ends_mark(r, letter.delivery);
    return 0;
}

static int take_result(void *user, const struct kafka_record *record)
{
    struct ends_reading *r = user;
    struct letter_result result;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    if (letter_result_read(r->codec, record, arena, &result) &&
        (int)result.outcome == r->choice->outcome)
        ends_mark(r, result.delivery);
    arena_free(arena);
    return 0;
}

static enum ops_kind make_bits(const struct replay_choice *c, struct replay_ends *ends,
                               struct ops_error *ret_error)
{
    if (replay_offsets(c) > REPLAY_ENDS_MAX)
        return ops_fail(ret_error, OPS_USAGE, "choose a shorter range: --from, --until",
                        "--outcome over more than %d offsets", (int)REPLAY_ENDS_MAX);
    ends->bits = calloc(c->span_count + 1, sizeof *ends->bits);
    if (ends->bits == NULL)
        return ops_fail_memory(ret_error);
    for (; ends->count < c->span_count; ends->count++) {
        const struct kafka_span *span = &c->spans[ends->count];
        ends->bits[ends->count] = calloc((size_t)(span->until - span->from) / 8 + 1, 1);
        if (ends->bits[ends->count] == NULL)
            return ops_fail_memory(ret_error);
    }
    return OPS_DONE;
}

enum ops_kind replay_ends_read(struct ops *ops, const struct replay_choice *c,
                               const volatile sig_atomic_t *stop, struct replay_ends *ret_ends,
                               struct ops_error *ret_error)
{
    const bool letters = c->outcome == REPLAY_DEAD_LETTER;
    struct ends_reading reading = {.choice = c, .ends = ret_ends};
    struct kafka_words message = {""};
    char dlq[160];
    *ret_ends = (struct replay_ends){.count = 0};
    if (c->outcome == REPLAY_ANY)
        return OPS_DONE;
    enum ops_kind kind = make_bits(c, ret_ends, ret_error);
    if (kind == OPS_DONE && !letters)
        kind = ops_codec(ops, &reading.codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    /* nobody ends before it came, but for clocks that differ */
    const struct kafka_range range = {.from =
                                          c->from_ms > 0 ? KAFKA_FROM_TIME : KAFKA_FROM_BEGINNING,
                                      .from_value = c->from_ms - 3600000,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1,
                                      .stop = stop};
    const char *const topic =
        letters ? topic_of_input(c->flow->reads, TOPIC_PART_DLQ, "", false, dlq, sizeof dlq)
                : c->flow->outputs[0].name;
    const int rc = kafka_read(ops_config(ops), &topic, 1, &range,
                              letters ? take_letter : take_result, &reading, message.text);
    return rc == 0         ? OPS_DONE
           : rc == -ENOMEM ? ops_fail_memory(ret_error)
                           : ops_fail_kafka(ret_error, rc, &message);
}

bool replay_ends_have(const struct replay_ends *ends, const struct replay_choice *c,
                      int32_t partition, int64_t offset)
{
    size_t span;
    uint64_t bit;
    return c->outcome == REPLAY_ANY || (bit_of(c, partition, offset, &span, &bit) &&
                                        (ends->bits[span][bit / 8] & 1U << bit % 8) != 0);
}

void replay_ends_release(struct replay_ends *ends)
{
    for (size_t i = 0; i < ends->count; i++)
        free(ends->bits[i]);
    free(ends->bits);
    *ends = (struct replay_ends){.count = 0};
}
