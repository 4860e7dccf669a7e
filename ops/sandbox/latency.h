/* How long an answer takes: a distribution in words, "5ms", "uniform:5ms-20ms", "exp:50ms". Plain
 * values; one thread for draws. */
#ifndef SANDBOX_LATENCY_H
#define SANDBOX_LATENCY_H

#include <stdint.h>

enum { LATENCY_TEXT_MAX = 48 };

struct latency {
    enum { LATENCY_FIXED, LATENCY_UNIFORM, LATENCY_EXPONENTIAL } kind;
    int64_t a_us, b_us; /* fixed: a; uniform: from a to b; exponential: mean a, cut at 20 x a */
    char text[LATENCY_TEXT_MAX];
};

/* -EINVAL: not such a text; -ERANGE: beyond an hour. Units: us, ms, s. "0" is none. */
__attribute__((warn_unused_result)) int latency_parse(const char *text,
                                                      struct latency *ret_latency);
int64_t latency_draw_us(const struct latency *l);

__attribute__((warn_unused_result)) int duration_parse(
    const char *text, int64_t *ret_us); /* "250ms"; the same errors */

void random_seed(uint32_t seed);
double random_unit(void); /* [0, 1) */

#endif
