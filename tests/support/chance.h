/* Chance for tests, the same again from the same seed: splitmix64. One thread. */
#ifndef PRIMAFLOW_TEST_CHANCE_H
#define PRIMAFLOW_TEST_CHANCE_H

#include <stdint.h>

static uint64_t chance; /* the seed, set before the first draw */

static inline uint64_t chance_draw(void)
{
    uint64_t z = chance += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* 0 to bound - 1. */
static inline int64_t chance_below(int64_t bound)
{
    return (int64_t)(chance_draw() % (uint64_t)bound);
}

#endif
