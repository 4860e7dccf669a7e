/* What every result of a flow ends with, as C structs: where its delivery stood, which others it
 * names, when it ended, and what a shadow found. schemas/ says what each field means and which may
 * be absent. Plain data that points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_RESULT_ENDING_H
#define PRIMAFLOW_RESULT_ENDING_H

#include "codec/binding.h"

struct result_delivery {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

struct shadow_post {
    bool in_prima, creates_customer, hold;
    const char *request_digest, *currency, *order_date;
    int32_t lines;
    int64_t net_minor, tax_minor, gross_minor;
};

/* The last fields of a result. */
#define RESULT_ENDING                                                                              \
    struct result_delivery delivery;                                                               \
    struct result_delivery source;                                                                 \
    const struct result_delivery *publisher; /* may be NULL */                                     \
    const struct result_delivery *exception; /* may be NULL */                                     \
    const struct result_delivery *resolves;  /* may be NULL */                                     \
    const struct result_delivery *origin;    /* may be NULL */                                     \
    const char *overlay;                     /* may be NULL */                                     \
    const char *event_id;                    /* may be NULL */                                     \
    int64_t event_time;                      /* ms since 1970 UTC */                               \
    int64_t received_at;                     /* ms since 1970 UTC */                               \
    bool has_posted_at;                                                                            \
    int64_t posted_at;    /* ms since 1970 UTC */                                                  \
    int64_t published_at; /* ms since 1970 UTC */                                                  \
    int32_t attempts;                                                                              \
    const char *narrative;            /* may be NULL */                                            \
    const struct shadow_post *shadow; /* may be NULL */

/* ... and their bindings. */
#define BIND_RESULT_ENDING(type)                                                                   \
    BIND_SUB(type, delivery, BIND_INLINE, result_delivery_record),                                 \
        BIND_SUB(type, source, BIND_INLINE, result_delivery_record),                               \
        BIND_SUB(type, publisher, BIND_RECORD, result_delivery_record),                            \
        BIND_SUB(type, exception, BIND_RECORD, result_delivery_record),                            \
        BIND_SUB(type, resolves, BIND_RECORD, result_delivery_record),                             \
        BIND_SUB(type, origin, BIND_RECORD, result_delivery_record),                               \
        BIND(type, overlay, BIND_TEXT), BIND(type, event_id, BIND_TEXT),                           \
        BIND(type, event_time, BIND_LONG), BIND(type, received_at, BIND_LONG),                     \
        BIND_OPTIONAL(type, posted_at, BIND_LONG), BIND(type, published_at, BIND_LONG),            \
        BIND(type, attempts, BIND_INT), BIND(type, narrative, BIND_TEXT),                          \
        BIND_SUB(type, shadow, BIND_RECORD, shadow_post_record)

extern const struct bound_record result_delivery_record;
extern const struct bound_record shadow_post_record;

#endif
