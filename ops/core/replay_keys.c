/* Distinct keys; see replay_keys.h. By hand: thirty lines, and no library of this system's has it. */
#include "core/replay_keys.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 2 * REPLAY_KEYS_EXACT, REGISTER_BITS = 14 };

int replay_keys_init(struct replay_keys *k)
{
    memset(k, 0, sizeof *k);
    k->seen = calloc(PLACES, sizeof *k->seen);
    return k->seen != NULL ? 0 : -ENOMEM;
}

void replay_keys_release(struct replay_keys *k)
{
    free(k->seen);
    k->seen = NULL;
}

/* FNV-1a, and the mixing of MurmurHash3's end, for FNV leaves its high bits alike. Never 0. */
static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (bytes == NULL);
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 33;
    return h != 0 ? h : 1;
}

static void count_exactly(struct replay_keys *k, uint64_t hash)
{
    size_t at = hash % PLACES;
    while (k->seen[at] != 0 && k->seen[at] != hash)
        at = (at + 1) % PLACES;
    if (k->seen[at] == hash)
        return;
    k->count++;
    if (k->count <= REPLAY_KEYS_EXACT)
        k->seen[at] = hash;
}

void replay_keys_add(struct replay_keys *k, const void *key, size_t size)
{
    const uint64_t hash = hash_of(key, key != NULL ? size : 0), rest = hash << REGISTER_BITS;
    uint8_t *its = &k->registers[hash >> (64 - REGISTER_BITS)];
    const uint8_t rank = (uint8_t)(rest != 0 ? __builtin_clzll(rest) + 1 : 64 - REGISTER_BITS + 1);
    if (rank > *its)
        *its = rank;
    if (k->count <= REPLAY_KEYS_EXACT)
        count_exactly(k, hash);
}

int64_t replay_keys_count(const struct replay_keys *k, bool *ret_exact)
{
    const double m = REPLAY_KEYS_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
    double sum = 0;
    *ret_exact = k->count <= REPLAY_KEYS_EXACT;
    if (*ret_exact)
        return (int64_t)k->count;
    for (size_t i = 0; i < REPLAY_KEYS_REGISTERS; i++)
        sum += ldexp(1, -(int)k->registers[i]);
    return llround(alpha * m * m / sum);
}
