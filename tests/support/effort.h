/* How much a test with made-up inputs tries: what every run can afford, or PRIMAFLOW_TEST_EFFORT
 * times that (for a night). */
#ifndef PRIMAFLOW_TEST_EFFORT_H
#define PRIMAFLOW_TEST_EFFORT_H

#include <stdint.h>
#include <stdlib.h>

static inline int64_t test_effort(int64_t rounds)
{
    const char *text = getenv("PRIMAFLOW_TEST_EFFORT");
    const long times = text != NULL ? strtol(text, NULL, 10) : 1;
    return rounds * (times < 1 ? 1 : times > 1000 ? 1000 : times);
}

#endif
