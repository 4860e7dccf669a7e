/* The checksum of a snapshot's rows; see stock_sum.h. */
#include "domain/stock/stock_sum.h"

#include <string.h>

static const uint64_t fnv_basis = 0xcbf29ce484222325, fnv_prime = 0x100000001b3,
                      golden = 0x9e3779b97f4a7c15;

static uint64_t sum_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t add_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * fnv_prime;
}

static uint64_t add_number(uint64_t hash, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        hash = add_byte(hash, (uint8_t)value);
    return hash;
}

static uint64_t add_text(uint64_t hash, const char *text)
{
    if (text == NULL)
        return add_number(hash, UINT32_MAX, 4);
    hash = add_number(hash, (uint32_t)strlen(text), 4);
    for (const char *p = text; *p != '\0'; p++)
        hash = add_byte(hash, (uint8_t)*p);
    return hash;
}

void stock_sum_add(struct stock_sum *sum, const char *key, const char *depot, int64_t available,
                   const char *date)
{
    uint64_t hash = add_text(fnv_basis, key);
    hash = add_text(hash, depot);
    hash = add_text(hash, date);
    hash = sum_mix(add_number(hash, (uint64_t)available, 8));
    sum->mixed ^= hash;
    sum->added += hash;
    sum->count++;
}

int64_t stock_sum_value(const struct stock_sum *sum)
{
    const uint64_t z = sum_mix(sum->mixed ^ sum_mix(sum->added + (uint64_t)sum->count * golden));
    int64_t value = 0;
    memcpy(&value, &z, sizeof value);
    return value;
}

bool stock_sum_agrees(const struct stock_sum *sum, int64_t count, int64_t checksum)
{
    return sum->count == count && stock_sum_value(sum) == checksum;
}
