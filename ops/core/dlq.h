/* Exceptions for people: dead letters and what became of them, grouped by cause.
 *
 * What could not be read whole is said: `incomplete` is why, in words, or "". No personal data. One
 * thread. */
#ifndef PRIMAFLOW_OPS_DLQ_H
#define PRIMAFLOW_OPS_DLQ_H

#include "core/context.h"
#include "core/letter_book.h"

struct dlq_options {
    int64_t since_ms; /* wall: how far back letters are read */
    bool amounts;     /* decodes each letter, for what is at stake */
    bool holds;       /* also what was posted on hold: reads all results since then */
    /* enters more, which are not in Kafka any more, before it is found out what became of all; or NULL */
    enum ops_kind (*enter)(void *user, struct letter_book *book, struct ops_error *ret_error);
    void *user;
};

/* Reads the dead letters of every flow, the results behind the oldest of them, and all decisions.
 * *ret_book is released by the caller whatever is returned. OPS_UNAVAILABLE: letters or decisions could
 * not be read; results that could not are said in ret_incomplete. */
__attribute__((warn_unused_result)) enum ops_kind dlq_read(
    struct ops *ops, const struct dlq_options *options, struct letter_book *ret_book,
    char ret_incomplete[static KAFKA_TEXT_MAX], struct ops_error *ret_error);

/* Which letters. NULL, 0 or -1: any. */
struct dlq_filter {
    const struct flow *flow;
    enum pf_error code;
    int klass;           /* enum pf_class, -1 any */
    int kind;            /* enum letter_kind, -1 any */
    enum pf_owner owner; /* PF_OWNER_NONE any */
    const char *company, *channel, *store, *assignee;
    const char *cause; /* the beginning of its id in hex, of 4 digits at least */
    unsigned states;   /* bits 1 << enum letter_state */
    bool with_snoozed;
    int64_t before_ms, after_ms; /* wall; 0 any */
};
bool dlq_matches(const struct letter_book *book, const struct dlq_filter *filter,
                 const struct letter_case *letter, int64_t now_ms);

enum { DLQ_SUMS_MAX = 4 };
struct dlq_group {
    const struct letter_cause *cause;
    size_t count;
    int64_t oldest_ms, newest_ms;
    struct dlq_sum {
        char currency[4];
        int64_t minor;
        bool is_too_large; /* they cannot be added up */
    } sums[DLQ_SUMS_MAX];  /* until the first without a currency; others are left out */
    bool has_more_sums;
    struct letter_case *example; /* the newest */
};

/* Of the letters that match, one group a cause: errors before warnings, then the most numerous first.
 * The array is the caller's to free. -ENOMEM. */
__attribute__((warn_unused_result)) int dlq_group(const struct letter_book *book,
                                                  const struct dlq_filter *filter, int64_t now_ms,
                                                  struct dlq_group **ret_groups, size_t *ret_count);

/* The topics of one role, of every flow. */
__attribute__((warn_unused_result)) enum ops_kind dlq_topics(struct ops *ops, enum topic_role role,
                                                             struct flow_topics *ret_topics,
                                                             struct ops_error *ret_error);

/* A letter's place as people name it. */
void dlq_place(const struct letter_case *letter, char text[static LETTER_PLACE_MAX]);

/* One record of a topic of dead letters, again. `seen` is called with it, or not at all when its bytes
 * have gone. */
__attribute__((warn_unused_result)) enum ops_kind dlq_fetch(struct ops *ops,
                                                            const struct letter_place *place,
                                                            kafka_record_seen seen, void *user,
                                                            struct ops_error *ret_error);

#endif
