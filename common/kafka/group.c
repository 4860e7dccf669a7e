/* What the group's coordinator knows of its members; see kafka.h. DescribeGroups answers with what
 * clients once wrote: read as what it is, bytes of others. */
#include "kafka/internal.h"

#include <errno.h>

enum { ANSWER_MS = 5000, UUID_SIZE = 36 };

/* ---- bytes of others ---- */

struct reading {
    const uint8_t *at, *end;
    bool is_short;
};

static const uint8_t *group_take(struct reading *r, size_t size)
{
    if (r->is_short || (size_t)(r->end - r->at) < size) {
        r->is_short = true;
        return NULL;
    }
    r->at += size;
    return r->at - size;
}

static int32_t take_number(struct reading *r, size_t size)
{
    const uint8_t *b = group_take(r, size);
    uint32_t number = 0;
    for (size_t i = 0; b != NULL && i < size; i++)
        number = number << 8 | b[i];
    return size == 2 ? (int16_t)(uint16_t)number : (int32_t)number;
}

/* Whether the next text is one of these topics. */
static bool take_topic(struct reading *r, const char *const topics[], size_t count)
{
    const int32_t size = take_number(r, 2);
    const uint8_t *text = size >= 0 ? group_take(r, (size_t)size) : NULL;
    for (size_t i = 0; text != NULL && i < count; i++)
        if (strlen(topics[i]) == (size_t)size && memcmp(topics[i], text, (size_t)size) == 0)
            return true;
    return false;
}

bool kafka_subscription_is(const void *bytes, size_t size, const char *const topics[],
                           size_t topic_count)
{
    struct reading r = {bytes, bytes, bytes == NULL};
    if (bytes == NULL)
        return false;
    r.end = r.at + size;
    (void)take_number(&r, 2); /* version */
    const int32_t count = take_number(&r, 4);
    bool same = !r.is_short && count >= 0 && (size_t)count == topic_count;
    for (int32_t i = 0; i < count && same; i++)
        same = take_topic(&r, topics, topic_count);
    return same && !r.is_short;
}

size_t kafka_assignment_count(const void *bytes, size_t size, const char *const topics[],
                              size_t topic_count)
{
    struct reading r = {bytes, bytes, bytes == NULL};
    size_t found = 0;
    if (bytes == NULL)
        return 0;
    r.end = r.at + size;
    (void)take_number(&r, 2); /* version */
    for (int32_t left = take_number(&r, 4); left > 0 && !r.is_short; left--) {
        const bool ours = take_topic(&r, topics, topic_count);
        const int32_t partitions = take_number(&r, 4);
        if (partitions < 0 || group_take(&r, 4 * (size_t)partitions) == NULL)
            break;
        found += ours ? (size_t)partitions : 0;
    }
    return found;
}

bool kafka_member_is(const char *member_id, const char *instance)
{
    const size_t size = strlen(instance);
    return strncmp(member_id, instance, size) == 0 && member_id[size] == '-' &&
           strlen(member_id) == size + 1 + UUID_SIZE;
}

/* ---- asking ---- */

/* NULL with ret_message and *ret_result: Kafka does not say. No group of that name is a list of
 * none. */
static const struct rd_kafka_group_list *describe(rd_kafka_t *rk, const char *group,
                                                  int *ret_result,
                                                  char ret_message[static KAFKA_TEXT_MAX])
{
    const struct rd_kafka_group_list *list = NULL;
    const rd_kafka_resp_err_t err = rd_kafka_list_groups(rk, group, &list, ANSWER_MS);
    const rd_kafka_resp_err_t its_err =
        list != NULL && list->group_cnt > 0 ? list->groups[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && its_err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return list;
    const struct kafka_asked asked = {.group = group};
    char doing[180];
    (void)snprintf(doing, sizeof doing, "cannot read the members of group %.120s", group);
    *ret_result =
        kafka_failed(err != RD_KAFKA_RESP_ERR_NO_ERROR ? err : its_err, &asked, doing, ret_message);
    if (list != NULL)
        rd_kafka_group_list_destroy(list);
    return NULL;
}

static void look_at_members(struct kafka_consumer *c, const struct rd_kafka_group_info *group,
                            const char *const topics[], size_t count, struct kafka_group_look *look)
{
    char *own = rd_kafka_memberid(c->rk);
    look->is_settled = strcmp(group->state, "Stable") == 0 || strcmp(group->state, "Empty") == 0 ||
                       strcmp(group->state, "Dead") == 0;
    for (int i = 0; i < group->member_cnt; i++) {
        const struct rd_kafka_group_member_info *m = &group->members[i];
        const size_t has = kafka_assignment_count(m->member_assignment,
                                                  (size_t)m->member_assignment_size, topics, count);
        look->given += has;
        if (own != NULL && own[0] != '\0' && strcmp(m->member_id, own) == 0) {
            look->has_us = true;
            look->ours += has;
        }
    }
    if (own != NULL)
        rd_kafka_mem_free(c->rk, own);
}

static void look_at_topics(struct kafka_consumer *c, const struct rd_kafka_metadata *metadata,
                           const char *const topics[], size_t count, struct kafka_group_look *look)
{
    for (size_t t = 0; t < count; t++) {
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        int partitions = 0;
        for (int i = 0; i < metadata->topic_cnt; i++)
            if (strcmp(metadata->topics[i].topic, topics[t]) == 0) {
                err = metadata->topics[i].err;
                partitions = metadata->topics[i].partition_cnt;
            }
        if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            err = kafka_ask_topic(c->rk, topics[t], ANSWER_MS, &partitions);
        look->in_all += (size_t)partitions;
        look->is_denied |= err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && look->why == NULL;
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR && look->why == NULL) {
            (void)snprintf(look->without, sizeof look->without, "%s", topics[t]);
            look->why = rd_kafka_err2str(err);
        }
    }
}

int kafka_group_look(struct kafka_consumer *c, const char *group, const char *const topics[],
                     size_t topic_count, struct kafka_group_look *ret_look,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_group_look look = {.is_settled = true};
    const struct rd_kafka_metadata *metadata = NULL;
    int result = 0;
    const struct rd_kafka_group_list *list = describe(c->rk, group, &result, ret_message);
    if (list == NULL)
        return result;
    if (list->group_cnt > 0)
        look_at_members(c, &list->groups[0], topics, topic_count, &look);
    rd_kafka_group_list_destroy(list);
    const rd_kafka_resp_err_t err = rd_kafka_metadata(c->rk, 1, NULL, &metadata, ANSWER_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot list Kafka's topics: %s",
                       rd_kafka_err2str(err));
        return -EIO;
    }
    look_at_topics(c, metadata, topics, topic_count, &look);
    rd_kafka_metadata_destroy(metadata);
    *ret_look = look;
    return 0;
}

int kafka_group_knows_other_topics(struct kafka_producer *producer, const char *group,
                                   const char *instance, const char *const topics[],
                                   size_t topic_count, bool *ret_other,
                                   char ret_message[static KAFKA_TEXT_MAX])
{
    int result = 0;
    const struct rd_kafka_group_list *list =
        describe(kafka_producer_handle(producer), group, &result, ret_message);
    if (list == NULL)
        return result;
    bool other = false;
    for (int i = 0; list->group_cnt > 0 && i < list->groups[0].member_cnt; i++) {
        const struct rd_kafka_group_member_info *m = &list->groups[0].members[i];
        if (kafka_member_is(m->member_id, instance))
            other |= !kafka_subscription_is(m->member_metadata, (size_t)m->member_metadata_size,
                                            topics, topic_count);
    }
    rd_kafka_group_list_destroy(list);
    *ret_other = other;
    return 0;
}
