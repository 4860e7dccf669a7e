/* Partitions of one topic, read while there is room; see stock_follow.h. */
#include "stock_follow.h"

#include "kafka/tail.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    FETCH_MAX = 256,
    TURN_RECORDS_MAX = 4096, /* of one turn of the loop: some ten milliseconds */
    AGAIN_MS = 1000,         /* what could not be read is read again */
    BEAT_MS = 1000           /* should a wake be lost */
};

struct stock_followed {
    struct stock_followed *next;
    struct stock_follow *follow;
    int32_t partition;
    const struct stock_follow_hooks *hooks;
    void *user;
    struct kafka_queue *queue; /* NULL: not being read at the moment */
    int64_t position;          /* -1: nothing was read */
    int64_t target;            /* its end when it was begun; -1: not known yet */
    bool is_restored, is_cut, is_left;
    char trouble[KAFKA_TEXT_MAX];
    struct timer again;
};

struct stock_follow {
    struct host *host;
    struct kafka_tail *tail;
    struct stock_followed *first;
    int wake_fd;
    uv_poll_t wake;
    struct timer beat;
    bool is_serving;
};

/* ---- one partition ---- */

static void followed_begin(void *user);

static void followed_stop(struct stock_followed *f)
{
    if (f->queue != NULL)
        kafka_tail_remove(f->follow->tail, f->partition, f->queue);
    f->queue = NULL;
    timers_cancel(&f->follow->host->timers, &f->again);
}

static void followed_stumbles(struct stock_followed *f, const char *words)
{
    followed_stop(f);
    (void)snprintf(f->trouble, sizeof f->trouble, "%s", words);
    timers_set(&f->follow->host->timers, &f->again, AGAIN_MS, followed_begin, f);
}

static void followed_begin(void *user)
{
    struct stock_followed *f = user;
    if (kafka_tail_add(f->follow->tail, f->partition,
                       f->position < 0 ? KAFKA_TAIL_BEGINNING : f->position, &f->queue) < 0)
        followed_stumbles(f, "librdkafka refuses to read it");
}

/* Of what a former owner had under way when it was begun either all or nothing is there now: its end
 * counted that, and its producer is fenced. */
static void look_whether_restored(struct stock_followed *f, int64_t end)
{
    if (f->is_restored || end < 0)
        return;
    const int64_t heard = kafka_tail_end(f->follow->tail, f->partition);
    if (f->target < 0)
        f->target = heard > end ? heard : end;
    if (f->position < f->target)
        return;
    f->is_restored = true;
    if (f->hooks->restored != NULL)
        f->hooks->restored(f->user);
}

static void followed_obstacle(struct stock_followed *f, const struct kafka_fetched *fetched)
{
    if (fetched->obstacle == KAFKA_OFFSET_GONE && f->position >= 0) {
        followed_stop(f);
        f->is_cut = true;
        (void)snprintf(f->trouble, sizeof f->trouble, "%s", fetched->words);
        f->hooks->cut(f->user, fetched->words);
    } else if (fetched->obstacle != KAFKA_CLEAR) {
        followed_stumbles(f, fetched->words);
    } else if (fetched->count > 0 || fetched->end >= 0) {
        f->trouble[0] = '\0';
    }
}

/* Returns how many records it had. */
static size_t followed_serve(struct stock_followed *f)
{
    struct kafka_record records[FETCH_MAX];
    struct kafka_fetched fetched;
    kafka_fetch(f->queue, records, FETCH_MAX, &fetched);
    for (size_t i = 0; i < fetched.count; i++) {
        f->position = records[i].offset + 1;
        if (!f->is_left)
            f->hooks->record(f->user, &records[i]);
        kafka_record_free(&records[i]);
    }
    if (fetched.end > f->position)
        f->position = fetched.end;
    if (!f->is_left)
        look_whether_restored(f, fetched.end);
    if (!f->is_left)
        followed_obstacle(f, &fetched);
    return fetched.count;
}

static bool is_read(const struct stock_followed *f)
{
    return f->queue != NULL && !f->is_left &&
           (f->hooks->has_room == NULL || f->hooks->has_room(f->user));
}

/* ---- the loop ---- */

/* Those that were left from within their own hooks. */
static void bury(struct stock_follow *follow)
{
    for (struct stock_followed **at = &follow->first; *at != NULL;) {
        struct stock_followed *f = *at;
        if (!f->is_left) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        followed_stop(f);
        free(f);
    }
}

static void serve(struct stock_follow *follow)
{
    size_t taken = 0, more = 1;
    if (follow->is_serving)
        return;
    follow->is_serving = true;
    kafka_tail_serve(follow->tail);
    while (more > 0 && taken < TURN_RECORDS_MAX) {
        more = 0;
        for (struct stock_followed *f = follow->first; f != NULL; f = f->next)
            if (is_read(f))
                more += followed_serve(f);
        taken += more;
    }
    follow->is_serving = false;
    bury(follow);
    if (more > 0) /* its turn comes again */
        (void)eventfd_write(follow->wake_fd, 1);
}

static void on_wake(uv_poll_t *wake, int status, int events)
{
    struct stock_follow *follow = wake->data;
    eventfd_t count;
    (void)status;
    (void)events;
    (void)eventfd_read(follow->wake_fd, &count);
    serve(follow);
}

static void on_beat(void *user)
{
    struct stock_follow *follow = user;
    timers_set(&follow->host->timers, &follow->beat, BEAT_MS, on_beat, follow);
    serve(follow);
}

/* ---- all of it ---- */

int stock_follow_new(struct host *h, const char *topic, struct stock_follow **ret_follow,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct stock_follow *follow = calloc(1, sizeof *follow);
    if (fd < 0 || follow == NULL)
        abort();
    const int r = kafka_tail_new(h->config, topic, fd, &follow->tail, ret_message);
    if (r < 0) {
        (void)close(fd);
        free(follow);
        return r;
    }
    follow->host = h;
    follow->wake_fd = fd;
    (void)uv_poll_init(&h->loop, &follow->wake, fd);
    follow->wake.data = follow;
    (void)uv_poll_start(&follow->wake, UV_READABLE, on_wake);
    on_beat(follow);
    *ret_follow = follow;
    return 0;
}

static void on_wake_closed(uv_handle_t *wake)
{
    free(wake->data);
}

void stock_follow_free(struct stock_follow *follow)
{
    if (follow == NULL)
        return;
    for (struct stock_followed *f = follow->first; f != NULL; f = f->next)
        f->is_left = true;
    bury(follow);
    timers_cancel(&follow->host->timers, &follow->beat);
    kafka_tail_free(follow->tail);
    (void)uv_poll_stop(&follow->wake);
    (void)close(follow->wake_fd);
    uv_close((uv_handle_t *)&follow->wake, on_wake_closed);
}

struct stock_followed *stock_follow_begin(struct stock_follow *follow, int32_t partition,
                                          const struct stock_follow_hooks *hooks, void *user)
{
    struct stock_followed *f = calloc(1, sizeof *f);
    if (f == NULL)
        abort();
    if (!follow->is_serving)
        bury(follow); /* of the same partition, perhaps */
    *f = (struct stock_followed){.next = follow->first,
                                 .follow = follow,
                                 .partition = partition,
                                 .hooks = hooks,
                                 .user = user,
                                 .position = -1,
                                 .target = -1};
    follow->first = f;
    followed_begin(f);
    return f;
}

void stock_follow_leave(struct stock_followed *followed)
{
    if (followed == NULL)
        return;
    followed->is_left = true;
    if (!followed->follow->is_serving)
        bury(followed->follow);
}

void stock_follow_continue(struct stock_followed *followed)
{
    (void)eventfd_write(followed->follow->wake_fd, 1);
}

bool stock_follow_is_restored(const struct stock_followed *followed)
{
    return followed->is_restored;
}

int64_t stock_follow_position(const struct stock_followed *followed)
{
    return followed->position;
}

int64_t stock_follow_left(const struct stock_followed *followed)
{
    const int64_t end = kafka_tail_end(followed->follow->tail, followed->partition),
                  read = followed->position > 0 ? followed->position : 0;
    return end > read ? end - read : 0;
}

const char *stock_follow_trouble(const struct stock_followed *followed)
{
    return followed->trouble[0] != '\0' ? followed->trouble : NULL;
}
