/* Offsets and generations: what the group has committed, where partitions begin and end, under
 * which generation; see kafka.h. */
#include "kafka/internal.h"

#include <errno.h>

enum { ANSWER_MS = 10000 };

/* ---- the generation ---- */

/* There is no getter before 2.11; the serialised form is "CGMDv2:" and the generation in the host's
 * order. */
int32_t kafka_generation_read(const void *bytes, size_t size)
{
    int32_t generation;
    if (bytes == NULL || size < 7 + sizeof generation || memcmp(bytes, "CGMDv2:", 7) != 0)
        return KAFKA_GENERATION_UNREADABLE;
    memcpy(&generation, (const char *)bytes + 7, sizeof generation);
    return generation >= 0 ? generation : KAFKA_NO_GENERATION;
}

int32_t kafka_generation_of(const rd_kafka_consumer_group_metadata_t *metadata)
{
    void *bytes = NULL;
    size_t size = 0;
    if (metadata == NULL)
        return KAFKA_NO_GENERATION;
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    const int32_t generation =
        error == NULL ? kafka_generation_read(bytes, size) : KAFKA_GENERATION_UNREADABLE;
    if (error != NULL)
        rd_kafka_error_destroy(error);
    if (bytes != NULL)
        rd_kafka_mem_free(NULL, bytes);
    return generation;
}

int32_t kafka_generation(const struct kafka_consumer *c)
{
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(c->rk);
    const int32_t generation = kafka_generation_of(metadata);
    if (metadata != NULL)
        rd_kafka_consumer_group_metadata_destroy(metadata);
    return generation;
}

bool kafka_generation_holds(int32_t assigned, int32_t now, bool cooperative)
{
    return assigned >= 0 && (now == assigned || (cooperative && now > assigned));
}

/* ---- offsets ---- */

int kafka_committed(struct kafka_consumer *c, struct kafka_place places[], size_t count,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .group = c->group};
    rd_kafka_topic_partition_list_t *list = kafka_list_new(places, count);
    rd_kafka_resp_err_t err = rd_kafka_committed(c->rk, list, 10000);
    for (size_t i = 0; i < count && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *p =
            rd_kafka_topic_partition_list_find(list, places[i].topic, places[i].partition);
        err = p->err;
        asked.topic = places[i].topic;
        places[i].offset = p->offset >= 0 ? p->offset : -1;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : kafka_failed(err, &asked, "cannot read committed offsets", ret_message);
}

rd_kafka_resp_err_t kafka_bound(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t which,
                                int timeout_ms, int64_t *ret_offset)
{
    int partitions = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = which;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(rk, list, timeout_ms);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = list->elems[0].err;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        *ret_offset = list->elems[0].offset >= 0 ? list->elems[0].offset : 0;
    else /* Who leads it is asked anew. librdkafka does so by itself for topics that it was told of;
            of others, such as ops.control, it keeps for a quarter of an hour what it heard once,
            and asks the broker that led the topic then, who says each time that it does not. */
        (void)kafka_ask_topic(rk, topic, timeout_ms, &partitions);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

int kafka_start_offset(struct kafka_consumer *c, struct kafka_place *place, int64_t start,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t err = kafka_bound(c->rk, place->topic, place->partition,
                                          RD_KAFKA_OFFSET_BEGINNING, ANSWER_MS, &low);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = kafka_bound(c->rk, place->topic, place->partition, RD_KAFKA_OFFSET_END, ANSWER_MS,
                          &high);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && start >= 0) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, place->topic, place->partition)->offset = start;
        err = rd_kafka_offsets_for_times(c->rk, list, 10000);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            err = list->elems[0].err; /* and not: no record is so young, go on at the end */
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            low = list->elems[0].offset >= 0 ? list->elems[0].offset : high;
        rd_kafka_topic_partition_list_destroy(list);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = place->topic};
        char doing[220];
        (void)snprintf(doing, sizeof doing, "cannot find where %.150s/%d begins", place->topic,
                       place->partition);
        return kafka_failed(err, &asked, doing, ret_message);
    }
    place->offset = start == KAFKA_START_END ? high : low;
    return 0;
}

/* ListOffsets takes these in the place of a time. One question for all partitions of a broker. */
static int ask_bounds(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                      int64_t which, int64_t ret_offsets[], char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition)->offset =
            which;
    rd_kafka_resp_err_t err =
        count > 0 ? rd_kafka_offsets_for_times(c->rk, list, ANSWER_MS) : RD_KAFKA_RESP_ERR_NO_ERROR;
    size_t i = 0;
    for (; i < count && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *p =
            rd_kafka_topic_partition_list_find(list, places[i].topic, places[i].partition);
        err = p == NULL ? RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : p->err;
        ret_offsets[i] = p != NULL && p->offset >= 0 ? p->offset : 0;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    const struct kafka_place *at = &places[i > 0 ? i - 1 : 0];
    const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = at->topic};
    char doing[220];
    (void)snprintf(doing, sizeof doing, "cannot find where %.150s/%d begins and ends", at->topic,
                   at->partition);
    return kafka_failed(err, &asked, doing, ret_message);
}

int kafka_bounds(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 int64_t ret_low[], int64_t ret_high[], char ret_message[static KAFKA_TEXT_MAX])
{
    const int result =
        ask_bounds(c, places, count, RD_KAFKA_OFFSET_BEGINNING, ret_low, ret_message);
    return result < 0 ? result
                      : ask_bounds(c, places, count, RD_KAFKA_OFFSET_END, ret_high, ret_message);
}

int kafka_end(const struct kafka_consumer *c, const char *topic, int32_t partition, int timeout_ms,
              int64_t *ret_end, char ret_message[static KAFKA_TEXT_MAX])
{
    const rd_kafka_resp_err_t err =
        kafka_bound(c->rk, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms, ret_end);
    const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = topic};
    char doing[200];
    (void)snprintf(doing, sizeof doing, "cannot read the end of %.150s", topic);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_failed(err, &asked, doing, ret_message);
}
