/* Reading chosen letters again; see dlq_reread.h. */
#include "core/dlq_reread.h"

#include <errno.h>
#include <stdlib.h>

enum { ENDED = 1 };

static int compare_places(const void *a_, const void *b_)
{
    const struct letter_case *a = *(struct letter_case *const *)a_,
                             *b = *(struct letter_case *const *)b_;
    if (a->flow != b->flow)
        return a->flow < b->flow ? -1 : 1;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void dlq_sort(struct letter_case *letters[], size_t count)
{
    if (count > 0)
        qsort(letters, count, sizeof(struct letter_case *), compare_places);
}

size_t dlq_of_one_flow(struct letter_case *const letters[], size_t count)
{
    size_t same = 0;
    while (same < count && letters[same]->flow == letters[0]->flow)
        same++;
    return same;
}

struct rereading {
    struct letter_case *const *letters;
    size_t count, left;
    dlq_reread_seen seen;
    void *user;
    int rc;
};

struct letter_case *dlq_find_sorted(struct letter_case *const letters[], size_t count,
                                    const struct kafka_record *record)
{
    const struct letter_case wanted = {
        .flow = letters[0]->flow, .partition = record->partition, .offset = record->offset};
    const struct letter_case *key = &wanted;
    struct letter_case *const *found =
        bsearch(&key, letters, count, sizeof(struct letter_case *), compare_places);
    return found != NULL ? *found : NULL;
}

static int take(void *user, const struct kafka_record *record)
{
    struct rereading *r = user;
    struct letter_case *found = dlq_find_sorted(r->letters, r->count, record);
    if (found == NULL || found->seen)
        return 0;
    found->seen = true;
    r->rc = r->seen(r->user, found, record);
    return r->rc != 0 || --r->left == 0 ? ENDED : 0;
}

enum ops_kind dlq_reread(struct ops *ops, struct letter_case *const letters[], size_t count,
                         dlq_reread_seen seen, void *user, int *ret_rc, struct ops_error *ret_error)
{
    struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                .from_value = INT64_MAX,
                                .until = KAFKA_UNTIL_WRITTEN,
                                .partition = -1};
    struct rereading reading = {
        .letters = letters, .count = count, .left = count, .seen = seen, .user = user};
    struct kafka_words message = {""};
    struct flow_topics topics;
    *ret_rc = 0;
    for (size_t i = 0; i < count; i++) {
        letters[i]->seen = false;
        if (letters[i]->at_ms < range.from_value)
            range.from_value = letters[i]->at_ms;
    }
    const enum ops_kind kind = flow_topics_list(ops, flows[letters[0]->flow], false,
                                                TOPIC_ROLE(TOPIC_DEAD_LETTERS), &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, take, &reading, &message);
    *ret_rc = reading.rc;
    return rc == 0 || rc == ENDED ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}
