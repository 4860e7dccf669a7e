/* One seed, one row of numbers (splitmix64). */
#include "sim.h"

#include <string.h>

#include "base/digest.h"

static uint64_t state;

void sim_seed(uint64_t seed)
{
    state = seed * 0x9E3779B97F4A7C15U + 0x1234567;
}

uint64_t sim_random(void)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

int64_t sim_between(int64_t least, int64_t most)
{
    return least + (int64_t)(sim_random() % (uint64_t)(most - least + 1));
}

bool sim_chance(int per_mille)
{
    return sim_between(1, 1000) <= per_mille;
}

/* Tokens, incidents' ids. */
void __wrap_digest_random(void *ret_bytes, size_t size);
void __wrap_digest_random(void *ret_bytes, size_t size)
{
    uint8_t *to = ret_bytes;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(sim_random() >> 32);
}
