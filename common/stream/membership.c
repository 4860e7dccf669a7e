/* Who has no partitions asks why; see membership.h. */
#include "stream/membership.h"

#include <errno.h>

#include "base/clock.h"
#include "obs/log.h"
#include "stream/stream.h"

enum { SESSIONS = 2, STRIKES_MAX = 2 };

struct question {
    uv_work_t work;
    struct worker *worker;
    struct kafka_group_look look;
    int result;
    char message[KAFKA_TEXT_MAX];
};

static void ask(uv_work_t *work)
{
    struct question *q = work->data;
    struct worker *w = q->worker;
    const char *topics[TOPICS_MAX];
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        topics[i] = w->stream->inputs.list[i].name;
    q->result = kafka_group_look(w->stream->consumer, w->stream->group, topics,
                                 w->stream->inputs.count, &q->look, q->message);
}

int membership_judge(const struct kafka_group_look *look, int strikes, const char **ret_why)
{
    *ret_why = NULL;
    if (!look->is_settled) /* partitions are being dealt just now */
        return strikes;
    if (!look->has_us)
        *ret_why = "this worker is not a member of the group according to Kafka";
    else if (look->ours > 0)
        *ret_why =
            "the group assigned partitions to this worker, but the assignment did not arrive";
    else if (look->given < look->in_all)
        *ret_why = "the group has unassigned partitions, and this worker has none";
    return *ret_why != NULL ? strikes + 1 : 0;
}

/* What is found is said when it is found, and not again at every look. */
static bool is_news(char *known, const char *words)
{
    if (strcmp(known, words) == 0)
        return false;
    (void)snprintf(known, KAFKA_TEXT_MAX, "%s", words);
    return true;
}

static void judge(struct worker *w, const struct kafka_group_look *look)
{
    struct membership *m = &w->stream->membership;
    const char *why;
    m->strikes = membership_judge(look, m->strikes, &why);
    if (m->strikes == 0)
        m->words[0] = '\0';
    else if (why != NULL && is_news(m->words, why))
        log_warning(.message = "no partitions assigned although the group has some for this worker",
                    .detail = why, .slot = w->host.slot);
    if (m->strikes >= STRIKES_MAX)
        host_start_over(&w->host, "no_partitions", m->words);
}

static void judge_topics(struct worker *w, const struct kafka_group_look *look)
{
    struct membership *m = &w->stream->membership;
    char words[KAFKA_TEXT_MAX];
    if (look->is_denied)
        kafka_right_write(KAFKA_READ_TOPIC, look->without, words, sizeof words);
    rights_hear(w, RIGHTS_OF_TOPICS, look->is_denied ? words : NULL);
    m->asks_of_rights = look->is_denied;
    if (look->why == NULL || look->is_denied) {
        if (m->topic_words[0] != '\0')
            log_info(.message = "no topic is missing any more", .slot = w->host.slot);
        m->topic_words[0] = '\0';
        return;
    }
    (void)snprintf(words, sizeof words, "%s: %s", look->without, look->why);
    if (is_news(m->topic_words, words))
        log_warning(.message = "a topic cannot be read", .detail = words, .slot = w->host.slot);
}

/* Of the group, by Kafka's ACLs: to begin anew would mend nothing. */
static bool is_kept_out(const struct worker *w)
{
    return w->stream->rights.words[RIGHTS_OF_GROUP][0] != '\0';
}

static void answered(uv_work_t *work, int status)
{
    struct question *q = work->data;
    struct worker *w = q->worker;
    struct membership *m = &w->stream->membership;
    (void)status;
    m->asking = false;
    if (q->result == -EACCES)
        rights_hear_of_group(w, true);
    else if (q->result < 0 && is_news(m->unseen, q->message))
        log_warning(.message = "cannot check whether the group has partitions for this worker",
                    .detail = q->message, .slot = w->host.slot);
    if (q->result == 0)
        m->unseen[0] = '\0';
    if (q->result == 0 && !w->host.draining && !w->host.over) {
        judge_topics(w, &q->look);
        const bool has_none = w->stream->partitions == NULL && !w->stream->assignment.is_pending &&
                              !w->stream->revoke.is_open;
        if (has_none && q->look.has_us)
            rights_hear_of_group(w, false);
        if (has_none && !is_kept_out(w))
            judge(w, &q->look);
    }
    free(q);
}

void membership_note_denial(struct worker *w)
{
    struct membership *m = &w->stream->membership;
    m->next_ms = m->asks_of_rights ? m->next_ms : 0;
    m->asks_of_rights = true;
}

void membership_note_topic(struct worker *w, const char *words)
{
    struct membership *m = &w->stream->membership;
    if (m->topic_words[0] != '\0' || m->asks_of_rights) /* known, and looked at until it is over; of
                                                           topics that we may not see librdkafka says
                                                           at times that they are not there */
        return;
    (void)snprintf(m->topic_words, sizeof m->topic_words, "%s", words);
    m->next_ms = 0;
    log_warning(.message = "Kafka says", .detail = words, .slot = w->host.slot);
}

void membership_watch(struct worker *w)
{
    struct membership *m = &w->stream->membership;
    const int64_t now = clock_monotonic_ms(), session = kafka_session_ms(w->stream->consumer);
    if (m->since_ms == 0 || w->stream->partitions != NULL) {
        m->since_ms = now;
        m->strikes = 0;
        m->words[0] = '\0';
    }
    const bool is_alone = now - m->since_ms > SESSIONS * session &&
                          !w->stream->assignment.is_pending && !w->stream->revoke.is_open;
    if (m->asking || now < m->next_ms ||
        (!is_alone && m->topic_words[0] == '\0' && !m->asks_of_rights))
        return;
    struct question *q = calloc(1, sizeof *q);
    if (q == NULL)
        abort();
    q->worker = w;
    q->work.data = q;
    m->asking = true;
    m->next_ms = now + session;
    (void)uv_queue_work(&w->host.loop, &q->work, ask, answered);
}
