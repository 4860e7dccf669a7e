/* Which records are replayed; see replay_choice.h. */
#include "core/replay_choice.h"

#include "kafka/topics.h"

#include <stdlib.h>
#include <string.h>

static void bound_spans(struct kafka_span spans[], size_t count, int64_t until)
{
    for (size_t i = 0; i < count; i++) {
        if (until >= 0 && spans[i].until > until)
            spans[i].until = until;
        if (spans[i].until < spans[i].from)
            spans[i].until = spans[i].from;
    }
}

enum ops_kind replay_choose(struct ops *ops, const char *topic, const struct kafka_range *range,
                            int64_t until, struct replay_choice *choice,
                            struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    const struct flow *flow = flow_of_input(topic);
    if (flow == NULL)
        return ops_fail(ret_error, OPS_USAGE,
                        "inputs are orders.raw and refunds.raw; dead letters go by: primaflow dlq "
                        "retry",
                        "%s is no worker's input", topic);
    const int rc = kafka_spans(ops_config(ops), topic, range, &choice->spans, &choice->span_count,
                               message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    choice->flow = flow;
    bound_spans(choice->spans, choice->span_count, until);
    return OPS_DONE;
}

void replay_choice_release(struct replay_choice *choice)
{
    free(choice->spans);
    choice->spans = NULL;
    choice->span_count = 0;
}

/* ---- one record ---- */

/* The n-th part of company/channel/store/id. */
static bool key_part_is(const struct kafka_record *record, int n, const char *wanted)
{
    const char *at = record->key, *end = at + record->key_size;
    while (n-- > 0) {
        at = memchr(at, '/', (size_t)(end - at));
        if (at == NULL)
            return false;
        at++;
    }
    const char *slash = memchr(at, '/', (size_t)(end - at));
    return slash != NULL && (size_t)(slash - at) == strlen(wanted) &&
           memcmp(at, wanted, (size_t)(slash - at)) == 0;
}

static bool key_fits(const struct replay_choice *c, const struct kafka_record *record)
{
    if (c->key == NULL && c->channel == NULL && c->store == NULL)
        return true;
    if (record->key == NULL)
        return false;
    if (c->key != NULL &&
        (record->key_size != strlen(c->key) || memcmp(record->key, c->key, record->key_size) != 0))
        return false;
    return (c->channel == NULL || key_part_is(record, 1, c->channel)) &&
           (c->store == NULL || key_part_is(record, 2, c->store));
}

bool replay_is_chosen(const struct replay_choice *c, const struct kafka_record *record)
{
    size_t i = 0;
    while (i < c->span_count && c->spans[i].partition != record->partition)
        i++;
    return i < c->span_count && record->offset >= c->spans[i].from &&
           record->offset < c->spans[i].until &&
           (c->from_ms == 0 || record->timestamp_ms >= c->from_ms) &&
           (c->until_ms == 0 || record->timestamp_ms < c->until_ms) && key_fits(c, record);
}

int64_t replay_offsets(const struct replay_choice *c)
{
    int64_t sum = 0;
    for (size_t i = 0; i < c->span_count; i++)
        sum += c->spans[i].until - c->spans[i].from;
    return sum;
}

const char *replay_topic(const struct flow *flow, char text[static 160])
{
    return topic_of_input(flow->reads, TOPIC_PART_REPLAY, "", false, text, 160);
}

/* ---- outcomes ---- */

static const char dead_letter[] = "dead_letter";

bool replay_outcome_read(const char *word, int *ret_outcome)
{
    if (strcmp(word, dead_letter) == 0) {
        *ret_outcome = REPLAY_DEAD_LETTER;
        return true;
    }
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (strcmp(word, outcome_name((enum outcome)i)) == 0) {
            *ret_outcome = i;
            return true;
        }
    return false;
}

const char *replay_outcome_name(int outcome)
{
    return outcome == REPLAY_ANY           ? ""
           : outcome == REPLAY_DEAD_LETTER ? dead_letter
                                           : outcome_name((enum outcome)outcome);
}
