/* One message of the refunds' topics: which refund it is about, what it says of its money, and how
 * the delivery ended or what it waits for.
 *
 * Invariants: no personal data; amounts are minor units of the shop's currency. Texts live in the
 * arena or in the errors' catalogue. One thread. */
#ifndef PRIMAFLOW_OPS_REFUND_MESSAGE_H
#define PRIMAFLOW_OPS_REFUND_MESSAGE_H

#include "core/flow_topics.h"
#include "domain/events/refund_event.h"
#include "domain/events/refund_result.h"
#include "domain/mappings/order_rules.h"

struct refund_reader {
    struct codec *codec;
    const struct order_rules *rules;
};

/* What of a refund's money an event tells. */
struct refund_money_told {
    char currency[4];
    int64_t back_minor;    /* succeeded */
    int64_t pending_minor; /* not final yet */
    int64_t
        went_at; /* ms: when the last of it went back; when the refund was made, where none did */
};

struct refund_message {
    enum topic_role role;
    const char *natural; /* K */
    const char *order;   /* the order's topic key, as the message has it */
    const char *company, *channel, *store, *order_id, *refund_id; /* order_id "": not known */
    int64_t at_ms; /* the broker's, or the writer's, time */
    int64_t version;
    const char *delivery; /* topic/partition/offset at which it entered */
    enum pf_error code;   /* of a dead letter, a wait, a result's first flag; PF_OK: none */
    enum outcome outcome; /* of a result; else OUTCOME_COUNT */
    const char *resolves; /* of a result: the delivery whose dead letter it ends; "" */
    const char *document; /* of a result; NULL: none was made */
    const struct refund_event *event;   /* of what carries one that can be read; else NULL */
    struct refund_money_told money;     /* with an event */
    const struct refund_result *result; /* of a result; else NULL */
};

/* 0; -ENOENT: it names no refund, because nobody could read it; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_message_read(const struct refund_reader *reader,
                                                            const struct kafka_record *record,
                                                            struct arena *arena,
                                                            struct refund_message *ret_message);

#endif
