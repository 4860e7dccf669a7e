/* One dead letter with all that is known of it: the event as its schema reads it, what was decided about
 * it, and the other letters of its key. The event is what the channel sent, personal data included: for the
 * person who asks, never for a log. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_SHOW_H
#define PRIMAFLOW_OPS_DLQ_SHOW_H

#include "core/dlq.h"
#include "core/letter_trial.h"

#include <jansson.h>

enum { SHOWN_OTHERS_MAX = 20 };

struct dlq_shown {
    struct dead_letter letter;
    enum letter_state state;
    json_t *event;         /* NULL: it cannot be decoded, and `undecodable` says why */
    char undecodable[120]; /* a code of the catalogue; "" */
    json_t *record;        /* key, headers and value as they are (bytes_json) */
    json_t *decisions;     /* an array of what people said, oldest first */
    json_t *edits;         /* of core/letter_edits.h: an array, oldest first; NULL: none */
    char others[SHOWN_OTHERS_MAX][LETTER_PLACE_MAX]; /* letters of the same key, newest first */
    enum letter_state other_states[SHOWN_OTHERS_MAX];
    size_t other_count;
    bool has_trial; /* what it would become now */
    struct trial trial;
    char incomplete[KAFKA_TEXT_MAX]; /* something could not be asked; "" */
};

/* *ret_shown is released by the caller whatever is returned. OPS_DATA: there is no such letter. `since_ms`:
 * how far back others are looked for. */
__attribute__((warn_unused_result)) enum ops_kind dlq_show(struct ops *ops,
                                                           const struct letter_place *place,
                                                           int64_t since_ms, int64_t now_ms,
                                                           struct dlq_shown *ret_shown,
                                                           struct ops_error *ret_error);
void dlq_shown_release(struct dlq_shown *shown);

#endif
