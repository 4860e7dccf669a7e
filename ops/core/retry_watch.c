/* Looking for the ends of retries; see retry_watch.h. */
#include "core/retry_watch.h"

#include "base/clock.h"
#include "core/letter_result.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { ARENA_MAX = 16 << 20, LOOK_MS = 1000 };

struct watching {
    struct letter_case *const *letters;
    size_t count;
    struct codec *codec;
    enum { ENDS_NOT, ENDS_AS_BEFORE, ENDS_OTHERWISE } ends[RETRY_WATCH_MAX];
};

static int letter_take(struct watching *w, const struct kafka_record *record)
{
    struct dead_letter letter;
    if (!dead_letter_read(record, &letter))
        return 0;
    const uint64_t parent = letter_digest(letter.parent);
    for (size_t i = 0; i < w->count && parent != 0; i++)
        if (w->letters[i]->delivery == parent)
            w->ends[i] =
                letter.code == (enum pf_error)w->letters[i]->code ? ENDS_AS_BEFORE : ENDS_OTHERWISE;
    return 0;
}

static int result_take(struct watching *w, const struct kafka_record *record)
{
    struct letter_result result;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    if (letter_result_read(w->codec, record, arena, &result)) {
        const uint64_t key = letter_digest(result.natural), origin = letter_digest(result.origin);
        for (size_t i = 0; i < w->count; i++)
            if ((w->letters[i]->key == key || w->letters[i]->delivery == origin) &&
                w->ends[i] == ENDS_NOT)
                w->ends[i] = ENDS_OTHERWISE;
    }
    arena_free(arena);
    return 0;
}

static int record_take(void *user, const struct kafka_record *record)
{
    enum topic_role role;
    for (size_t i = 0; flows[i] != NULL; i++)
        if (flow_topic_role(flows[i], record->topic, &role))
            return role == TOPIC_RESULTS ? result_take(user, record) : letter_take(user, record);
    return 0;
}

static enum ops_kind look(struct ops *ops, struct watching *w, int64_t since_ms,
                          struct ops_error *ret_error)
{
    static const enum topic_role roles[] = {TOPIC_DEAD_LETTERS, TOPIC_RESULTS};
    const struct kafka_range range = {
        .from = KAFKA_FROM_TIME, .from_value = since_ms, .partition = -1};
    for (size_t i = 0; i < 2; i++) {
        struct kafka_words message = {""};
        struct flow_topics topics;
        const enum ops_kind kind = dlq_topics(ops, roles[i], &topics, ret_error);
        if (kind != OPS_DONE)
            return kind;
        const int rc = flow_topics_read(ops, &topics, &range, record_take, w, &message);
        if (rc != 0)
            return message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                           : ops_fail_kafka(ret_error, rc, &message);
    }
    return OPS_DONE;
}

static void count_ends(const struct watching *w, struct retry_watched *ret_watched)
{
    *ret_watched = (struct retry_watched){0};
    for (size_t i = 0; i < w->count; i++) {
        ret_watched->failed += w->ends[i] == ENDS_AS_BEFORE;
        ret_watched->settled += w->ends[i] == ENDS_OTHERWISE;
        ret_watched->unknown += w->ends[i] == ENDS_NOT;
    }
}

enum ops_kind retry_watch(struct ops *ops, struct letter_case *const letters[], size_t count,
                          int64_t since_ms, int64_t wait_ms, const volatile sig_atomic_t *stop,
                          struct retry_watched *ret_watched, struct ops_error *ret_error)
{
    struct watching w = {.letters = letters, .count = count};
    const int64_t until = clock_monotonic_ms() + wait_ms;
    enum ops_kind kind = ops_codec(ops, &w.codec, ret_error);
    for (;;) {
        if (kind == OPS_DONE)
            kind = look(ops, &w, since_ms, ret_error);
        count_ends(&w, ret_watched);
        if (kind != OPS_DONE || ret_watched->unknown == 0 || clock_monotonic_ms() >= until ||
            (stop != NULL && *stop != 0))
            return kind;
        (void)nanosleep(&(struct timespec){.tv_sec = LOOK_MS / 1000}, NULL);
    }
}
