/* Following a topic; see status_follow.h. */
#include "status_follow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FETCH_MAX = 100 };

int status_follow_open(struct status_follow *f, const struct config *config, const char *topic,
                       int32_t count, const int64_t offsets[],
                       char ret_words[static KAFKA_TEXT_MAX])
{
    *f = (struct status_follow){.topic = topic, .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    f->parts = count > 0 && count <= FOLLOW_PARTITIONS_MAX ? calloc((size_t)count, sizeof *f->parts)
                                                           : NULL;
    if (f->wake_fd < 0 || f->parts == NULL)
        abort(); /* no descriptor or memory is left, or a topic that topics.def cannot mean */
    int result = kafka_tail_new(config, topic, f->wake_fd, &f->tail, ret_words);
    for (int32_t i = 0; i < count && result == 0; i++) {
        struct follow_part *p = &f->parts[i];
        *p = (struct follow_part){.position = offsets[i], .target = -1};
        result = kafka_tail_add(f->tail, i, offsets[i] < 0 ? KAFKA_TAIL_BEGINNING : offsets[i],
                                &p->queue);
        f->count += result == 0;
        if (result < 0)
            (void)snprintf(ret_words, KAFKA_TEXT_MAX, "%.100s cannot be followed", topic);
    }
    if (result < 0)
        status_follow_close(f);
    return result;
}

void status_follow_close(struct status_follow *f)
{
    if (f->parts == NULL)
        return;
    for (int32_t i = 0; i < f->count; i++)
        if (f->parts[i].queue != NULL)
            kafka_queue_free(f->parts[i].queue);
    kafka_tail_free(f->tail);
    free(f->parts);
    (void)close(f->wake_fd);
    *f = (struct status_follow){.topic = NULL};
}

/* What Kafka has not any more was deleted by its retention, or the topic was made anew: from its
 * beginning on. */
static int begin_again(struct status_follow *f, int32_t partition)
{
    struct follow_part *p = &f->parts[partition];
    kafka_tail_remove(f->tail, partition, p->queue);
    p->queue = NULL;
    p->position = KAFKA_TAIL_BEGINNING;
    p->target = -1;
    p->is_at_end = false;
    return kafka_tail_add(f->tail, partition, KAFKA_TAIL_BEGINNING, &p->queue);
}

static int take_obstacle(struct status_follow *f, int32_t partition,
                         const struct kafka_fetched *fetched, char words[static KAFKA_TEXT_MAX])
{
    if (fetched->obstacle == KAFKA_CLEAR ||
        (fetched->obstacle == KAFKA_OFFSET_GONE && begin_again(f, partition) == 0))
        return 0;
    (void)snprintf(words, KAFKA_TEXT_MAX, "%.100s, partition %d: %.200s", f->topic, (int)partition,
                   fetched->words);
    return -EIO;
}

static int read_part(struct status_follow *f, int32_t partition, size_t *left,
                     int (*each)(void *user, const struct kafka_record *record), void *user,
                     char words[static KAFKA_TEXT_MAX])
{
    struct follow_part *p = &f->parts[partition];
    struct kafka_record records[FETCH_MAX];
    struct kafka_fetched fetched;
    int result = 0;
    kafka_fetch(p->queue, records, *left < FETCH_MAX ? *left : FETCH_MAX, &fetched);
    for (size_t i = 0; i < fetched.count; i++) {
        if (result == 0)
            result = each(user, &records[i]);
        if (result == 0) {
            p->position = records[i].offset + 1;
            p->has_moved = true;
        }
        kafka_record_free(&records[i]);
    }
    *left -= fetched.count;
    if (result != 0)
        return result;
    if (fetched.count > 0)
        p->is_at_end = false;
    if (fetched.end >= 0) {
        p->has_moved |= fetched.end > p->position;
        p->position = fetched.end > p->position ? fetched.end : p->position;
        p->is_at_end = true;
    }
    if (p->target < 0)
        p->target = kafka_tail_end(f->tail, partition);
    return take_obstacle(f, partition, &fetched, words);
}

int status_follow_read(struct status_follow *f, size_t max, int wait_ms,
                       int (*each)(void *user, const struct kafka_record *record), void *user,
                       char ret_words[static KAFKA_TEXT_MAX])
{
    struct pollfd woken = {.fd = f->wake_fd, .events = POLLIN};
    uint64_t times;
    size_t left = max;
    int result = 0;
    (void)poll(&woken, 1, wait_ms);
    (void)!read(f->wake_fd, &times, sizeof times);
    kafka_tail_serve(f->tail);
    for (bool more = true; more && left > 0 && result == 0;) {
        more = false;
        for (int32_t i = 0; i < f->count && left > 0 && result == 0; i++) {
            const size_t before = left;
            result = read_part(f, i, &left, each, user, ret_words);
            more |= left < before;
        }
    }
    f->taken = max - left;
    return result;
}

bool status_follow_is_through(const struct status_follow *f)
{
    for (int32_t i = 0; i < f->count; i++)
        if (f->parts[i].target < 0 || f->parts[i].position < f->parts[i].target)
            return false;
    return true;
}

bool status_follow_is_at_end(const struct status_follow *f)
{
    for (int32_t i = 0; i < f->count; i++)
        if (!f->parts[i].is_at_end)
            return false;
    return true;
}
