/* Is a failure the infrastructure's or this record's?
 *
 * A key's failures (an answer that is none, words that no pattern knows, 4xx and 5xx, 401 and 403,
 * 429, no answer at all, of any request type) are its own when the same request of other keys of its company passes: others must
 * have passed before it failed (the last of them, or most of those of a moment ago), and most of
 * those that were answered after it, too. Each time that this is so counts as one fault, at the
 * earliest
 *   - when its document was asked for after the unknown outcome of a write, and is absent;
 *   - else when it comes back from a retry topic, or is decided again.
 * breaker.record_faults_max of them end the record; one does where Prima itself said no to it, though
 * in words that no pattern knows. Where nobody else was there to compare with, it waits, in the retry
 * topics, however long: no evidence is no guilt, and an infrastructure failure dead-letters nothing.
 *
 * A denial (401, 403) of all is told from a denial of one by the cheapest read there is, the status
 * of that very document: denied as well, it is an infrastructure failure (breaker.h, `certain`);
 * answered, it is this record's own, or that of all writes, which other keys will show. Either way
 * the record leaves for a retry topic at once, and holds nobody up.
 *
 * Ends: prima_refused_unclassified after those words; else prima_faults_on_record, a clean refusal,
 * when every counted fault was answered by a refusal, so that nothing is under way;
 * outcome_unknown, parked, when one was not.
 *
 * Travels in the headers of the retry topics. Times are monotonic, ms. Loop thread only. */
#ifndef PRIMAFLOW_BLAME_H
#define PRIMAFLOW_BLAME_H

#include "prima/answer.h"

struct record;

struct blame {
    int faults; /* counted, over all tries */
    /* ... of which so many writes got no answer that says that nothing is under way */
    int unanswered;

    /* the last failure, while it may still be counted */
    bool is_pending;
    bool is_answered; /* no write that may be under way */
    bool is_refusal;  /* Prima's own no, in words that no pattern knows */
    enum prima_type type;
    int64_t at_ms;

    /* of this try: since when it fails; 0: it does not */
    int64_t failing_since_ms;
    enum prima_type failing_type;
    enum {
        DENIAL_NONE,
        DENIAL_NEW /* not compared with a read */,
        DENIAL_OWN /* the read passes */,
        DENIAL_OF_ALL
    } denial;
};

enum { BLAME_TEXT_MAX = 96 };

/* Prima failed on a request of the record, or answered it. Called for every answer, after the
 * breaker heard of it. */
void blame_failed(struct record *r, enum prima_type type, const struct prima_reply *reply);
void blame_passed(struct record *r, enum prima_type type);
/* The breaker let no request go: the record waits for the world. */
void blame_turned_away(struct record *r, enum prima_type type);

/* Others passed where this record failed, now or in an earlier try: its failures of this type are
 * no word about the world. */
bool blame_is_refuted(const struct record *r, enum prima_type type);

/* It was denied, and others are not: it goes to a retry topic, and does not ask again before. */
bool blame_leaves(const struct record *r);

/* Counts the last failure, if it was the record's own. True: it ends the record, by r->code:
 * outcome_unknown is to be parked, all others to be refused. blame_decides: before it
 * is decided what to send; nothing is under way. blame_absent: its document was asked for, and is
 * absent. */
bool blame_decides(struct record *r);
bool blame_absent(struct record *r);

/* Is the world well enough, as far as this record can know, that its age is its own? */
bool blame_allows_old_age(const struct record *r);
/* Does Prima tell others what it does not tell this record? `asked`: it was really asked. */
bool blame_others_are_told(const struct record *r, const struct prima_reply *reply,
                           int64_t since_ms);

/* The pending failure as a header's text, and back; a text that is none of ours is as good as none.
 * `now_ms` wall. */
const char *blame_write(const struct record *r, int64_t now_ms,
                        char text[static BLAME_TEXT_MAX]); /* NULL: none is pending */
void blame_read(struct record *r, const char *text, int64_t now_ms);

#endif
