/* What is missing, and who said so; see rights.h. */
#include "stream/rights.h"

#include <errno.h>

#include "base/clock.h"
#include "obs/log.h"
#include "stream/stream.h"

enum { SILENCE_MS_MIN = 15000 }; /* commits that are denied are tried every five seconds */

static bool stops_all(enum rights_witness who)
{
    return who == RIGHTS_OF_GROUP || who == RIGHTS_OF_FLEET;
}

static bool any_stops(const struct rights *rights)
{
    for (enum rights_witness i = 0; i < RIGHTS_WITNESSES; i++)
        if (stops_all(i) && rights->words[i][0] != '\0')
            return true;
    return false;
}

void rights_hear(struct worker *w, enum rights_witness who, const char *words)
{
    struct rights *rights = &w->stream->rights;
    char *known = rights->words[who];
    if (words == NULL && known[0] != '\0')
        log_info(.message = "the right that Kafka denied is back", .detail = known,
                 .slot = w->host.slot);
    else if (words != NULL && strcmp(known, words) != 0)
        log_warning(.message = "Kafka denies a right; the worker goes on when it is back",
                    .detail = words, .slot = w->host.slot,
                    .remedy = "give this worker's principal the right that is named");
    (void)snprintf(known, sizeof rights->words[who], "%s", words != NULL ? words : "");
    if (any_stops(rights))
        pauses_begin(&w->host.pauses, PAUSE_RIGHTS, words);
    else
        pauses_end(&w->host.pauses, PAUSE_RIGHTS);
}

void rights_hear_of(struct worker *w, enum rights_witness who, int result, const char *message)
{
    if (result == -EACCES || result >= 0)
        rights_hear(w, who, result < 0 ? message : NULL);
}

void rights_hear_of_group(struct worker *w, bool is_denied)
{
    char words[KAFKA_TEXT_MAX];
    kafka_right_write(KAFKA_READ_GROUP, w->stream->group, words, sizeof words);
    w->stream->rights.group_heard_ms = clock_monotonic_ms();
    rights_hear(w, RIGHTS_OF_GROUP, is_denied ? words : NULL);
}

void rights_watch(struct worker *w)
{
    const int64_t sessions = 2 * kafka_session_ms(w->stream->consumer),
                  wait = sessions > SILENCE_MS_MIN ? sessions : SILENCE_MS_MIN;
    if (w->stream->rights.words[RIGHTS_OF_GROUP][0] != '\0' && w->stream->partitions != NULL &&
        clock_monotonic_ms() - w->stream->rights.group_heard_ms > wait)
        rights_hear_of_group(w, false);
}

/* ---- said ---- */

/* Of what a partition waits for, as text. False: for no right. */
static bool of_partition(const struct partition *p, bool is_refused,
                         char text[static KAFKA_TEXT_MAX])
{
    if (is_refused && p->refused_right != KAFKA_NO_RIGHT)
        kafka_right_write(p->refused_right, p->refused_topic, text, KAFKA_TEXT_MAX);
    else if (!is_refused && p->obstacle == KAFKA_DENIED)
        kafka_right_write(KAFKA_READ_TOPIC, p->place.topic, text, KAFKA_TEXT_MAX);
    else
        return false;
    return true;
}

bool rights_any(const struct worker *w)
{
    char text[KAFKA_TEXT_MAX];
    for (enum rights_witness i = 0; i < RIGHTS_WITNESSES; i++)
        if (w->stream->rights.words[i][0] != '\0')
            return true;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (of_partition(p, false, text) || of_partition(p, true, text))
            return true;
    return false;
}

static void write_once(struct buf *out, const char *text)
{
    if (out->size > 0 && memmem(out->data, out->size, text, strlen(text)) != NULL)
        return;
    buf_printf(out, "%s%s", out->size > 0 ? "; " : "", text);
}

void rights_write(const struct worker *w, struct buf *out)
{
    char text[KAFKA_TEXT_MAX];
    for (enum rights_witness i = 0; i < RIGHTS_WITNESSES; i++)
        if (w->stream->rights.words[i][0] != '\0')
            write_once(out, w->stream->rights.words[i]);
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        for (int is_refused = 0; is_refused <= 1; is_refused++)
            if (of_partition(p, is_refused == 1, text))
                write_once(out, text);
}
