/* Is it Prima, or is it the record? The breaker counts distinct keys that fail one after the other;
 * attempts of one key count once.
 *
 * A gate for each request type, for what Prima (or a proxy before it) does to one may be another's:
 * writes forbidden while reads pass. Closed: all may send. Open: nobody sends requests of this type
 * but one probe each probe interval. A gate opens when breaker.keys distinct keys failed since the
 * type last passed. What speaks for the whole world (`certain`: no connection, or even the cheapest
 * read denied) opens all of them on one key's word, unless something passed a moment ago: then it
 * may be that key's alone, and other keys must say so, too. It closes when a request of its type
 * passes; all close when the flow's write does, which is what everything is for; those that were
 *   opened by certainty close when anything passes.
 *   Probes go round: a key that did not fail since the type last passed comes first, then the one
 * that failed longest ago; the last one waits for another interval. So no key is asked twice in a
 * row while there is another, and one that always fails keeps nobody out. A gate that nobody asks
 * for any more (its records went elsewhere) closes but for the next failure, which opens it again
 * at once.
 *
 * Loop thread only, no clock of its own: times are given, monotonic, ms. */
#ifndef PRIMAFLOW_BREAKER_H
#define PRIMAFLOW_BREAKER_H

#include "prima/answer.h"

enum { BREAKER_KEYS_MAX = 64 };

struct gate {
    /* hashes of the keys that failed since the type last passed, the newest last */
    uint64_t failed[BREAKER_KEYS_MAX];
    size_t failed_count;
    bool is_open, is_certain;
    int64_t next_probe_ms;
    int64_t asked_ms; /* when somebody was last turned away, or it opened */
};

struct breaker {
    size_t keys_max; /* breaker.keys, at most BREAKER_KEYS_MAX */
    int64_t probe_interval_ms;
    enum prima_type write; /* the flow's */
    struct gate gates[PRIMA_TYPE_COUNT];
    bool is_open;            /* any gate is */
    int64_t last_success_ms; /* of any type; 0: none yet */
};

void breaker_init(struct breaker *b, enum prima_type write, size_t keys_max,
                  int64_t probe_interval_ms);
/* Not even a probe of this key may go now. */
bool breaker_forbids(const struct breaker *b, enum prima_type type, const char *key,
                     int64_t now_ms);
/* May a request of this key go now? Takes the probe when it is due. */
bool breaker_allows(struct breaker *b, enum prima_type type, const char *key, int64_t now_ms);
/* How long until this key may probe, at least 1; 0: the gate is closed. */
int64_t breaker_wait_ms(const struct breaker *b, enum prima_type type, const char *key,
                        int64_t now_ms);
void breaker_success(struct breaker *b, enum prima_type type, int64_t now_ms);
/* A failure that may be the infrastructure's; `certain`: it is, if nothing passed since one probe
 * interval. True: the type's gate is open. */
bool breaker_failure(struct breaker *b, enum prima_type type, const char *key, bool certain,
                     int64_t now_ms);
/* How many keys failed at the open gate where most did; 0: none is open. */
size_t breaker_failed_keys(const struct breaker *b);
/* Gates that nobody asks for any more close but for the next failure; with nobody at hand to ask
 * (`is_idle`), all whose probe is due. True: none is open any more. */
bool breaker_lapse(struct breaker *b, bool is_idle, int64_t now_ms);

#endif
