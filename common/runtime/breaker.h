/* Is it Prima, or is it the record? The breaker counts distinct keys that fail one after the other; attempts of one key count once.
 *
 * Closed: all may send. Open (breaker.keys distinct keys failed and none succeeded between, or no connection could be made at all): nobody
 * sends but one probe each probe interval; the first success closes it. Loop thread only, no clock of its own: times are given. */
#ifndef PRIMAFLOW_BREAKER_H
#define PRIMAFLOW_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BREAKER_KEYS_MAX = 64 };

struct breaker {
    size_t keys_max; /* breaker.keys, at most BREAKER_KEYS_MAX */
    int64_t probe_interval_ms;
    uint64_t failed[BREAKER_KEYS_MAX]; /* hashes of the keys that failed since the last success */
    size_t failed_count;
    bool is_open;
    int64_t next_probe_ms;
    int64_t last_success_ms; /* 0: none yet */
};

void breaker_init(struct breaker *b, size_t keys_max, int64_t probe_interval_ms);
/* May a request go now? Takes the probe when it is due. */
bool breaker_allows(struct breaker *b, int64_t now_ms);
/* Nobody is at hand to probe: closes, but for the next failure, which opens it again at once. */
void breaker_half_close(struct breaker *b);
void breaker_success(struct breaker *b, int64_t now_ms);
/* A failure that may be the world's. `certain`: it is (no connection, denied): opens at once. True when it opened now. */
bool breaker_failure(struct breaker *b, const char *key, bool certain, int64_t now_ms);

#endif
