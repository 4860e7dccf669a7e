/* One dead letter, as its topic has it: whose it is, why, and what its cause has in common with others'.
 *
 * Invariants: no personal data. Of the message it keeps the worker's own sentence; Prima's words behind
 * it may name people and are left out. A letter that a stranger wrote, or that lost headers, is read as
 * far as it goes: natural "" nobody could tell whose it is, code PF_OK no code of ours.
 * Texts are its own; pure functions, any thread. */
#ifndef PRIMAFLOW_OPS_DEAD_LETTER_H
#define PRIMAFLOW_OPS_DEAD_LETTER_H

#include "base/errors.h"
#include "core/flow_topics.h"
#include "kafka/headers.h"

enum {
    LETTER_KEY_MAX = 256,
    LETTER_TEXT_MAX = 700,
    LETTER_CAUSE_MAX = 160,
    LETTER_PLACE_MAX = DELIVERY_MAX
};

struct dead_letter {
    const struct flow *flow;
    char topic[TOPIC_NAME_MAX]; /* of dead letters */
    int32_t partition;
    int64_t offset;
    int64_t at_ms;           /* when it was written */
    int64_t first_failed_ms; /* of all its deliveries; at_ms where no header tells */
    enum pf_error code;
    char natural[LETTER_KEY_MAX]; /* K */
    char delivery[DELIVERY_MAX];  /* at which it entered, topic/partition/offset; "" not told */
    char parent[DELIVERY_MAX];    /* of a redrive: the delivery whose letter was retried; "" */
    int64_t version;              /* of its source; 0: not told */
    int64_t replays;              /* how often it was redriven or replayed */
    int http_status;              /* Prima's last; 0: none */
    bool is_held;                 /* no dead letter: a result that was posted on hold (held.h) */
    bool is_cut;                  /* its bytes were too many: the letter has their digest instead */
    char text[LETTER_TEXT_MAX];   /* what differs or lacks, in the worker's words; "" */
};

/* False: `topic` is no topic of dead letters of ours. */
bool dead_letter_read(const struct kafka_record *record, struct dead_letter *ret_letter);

/* "orders.raw.dlq/0/17", as people name it. */
void dead_letter_place(const struct dead_letter *letter, char text[static LETTER_PLACE_MAX]);

/* The other way: false, this is no such text. A topic of results is as good: of what is on hold. */
struct letter_place {
    char topic[TOPIC_NAME_MAX];
    int32_t partition;
    int64_t offset;
};
bool letter_place_read(const char *text, struct letter_place *ret_place);

/* What letters of one cause have in common besides flow, code and shop: the text without what differs
 * from record to record, which is words without a letter in them (amounts, ids, dates). */
void dead_letter_cause(const struct dead_letter *letter, char text[static LETTER_CAUSE_MAX]);

#endif
