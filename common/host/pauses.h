/* Why nothing new is begun: what a program needs is not there. No attempt is counted meanwhile, and
 * polling goes on. pauses.c alone writes it. Loop thread only. */
#ifndef PRIMAFLOW_PAUSES_H
#define PRIMAFLOW_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

enum pause_reason {
    PAUSE_PRIMA,
    PAUSE_DENIED,
    PAUSE_REDIS,
    PAUSE_REGISTRY,
    PAUSE_KAFKA,
    PAUSE_RIGHTS,
    PAUSE_SURGE, /* posting/surge_watch.h */
    PAUSE_REASONS
};

/* Who may know that Kafka does not answer. */
enum kafka_witness {
    WITNESS_CONNECTIONS /* the consumer's: kafka/health.h */,
    WITNESS_CONTROL /* ops.control's: stream/watch.h */,
    KAFKA_WITNESSES
};

struct pauses {
    unsigned bits;      /* of pause_reason */
    int64_t since_ms;   /* monotonic: when the first of them was set */
    int64_t resumed_ms; /* wall: when a pause last ended */
    const char *kafka_troubles[KAFKA_WITNESSES],
        *kafka_trouble;        /* what each says, NULL: nothing; one of them, while PAUSE_KAFKA */
    const char *prima_trouble; /* what it last failed with, a constant, while PAUSE_PRIMA */
    char redis_words[200];     /* why Redis was last given up */
    char kafka_words[200];     /* Kafka's trouble, when it was last said */
    /* One has ended after so long: its time is nobody's fault. NULL: nobody needs to know. */
    void (*resumed)(void *user, int64_t pause_ms);
    void *user;
};

void pauses_begin(struct pauses *pauses, enum pause_reason reason, const char *detail);
void pauses_end(struct pauses *pauses, enum pause_reason reason);
bool pauses_has(const struct pauses *pauses, enum pause_reason reason);

/* Redis cannot be used, and why: said again when the reason has changed. */
void pauses_hear_of_redis(struct pauses *pauses, const char *reason);

/* Prima fails, and with what, a constant: said again when it is another one. True: it was said. */
bool pauses_hear_of_prima(struct pauses *pauses, const char *trouble);

/* Does Kafka answer? What this witness says now: NULL, or what is wrong, in words that live as long
 * as it says so. Pauses while any does. */
void pauses_hear_of_kafka(struct pauses *pauses, enum kafka_witness who, const char *trouble);

const char *pause_reason_name(enum pause_reason reason);

#endif
