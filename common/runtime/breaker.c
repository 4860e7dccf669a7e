/* Distinct keys failing together; see breaker.h. */
#include "runtime/breaker.h"

void breaker_init(struct breaker *b, size_t keys_max, int64_t probe_interval_ms)
{
    *b = (struct breaker){.keys_max = keys_max < BREAKER_KEYS_MAX ? keys_max : BREAKER_KEYS_MAX, .probe_interval_ms = probe_interval_ms};
}

bool breaker_allows(struct breaker *b, int64_t now_ms)
{
    if (!b->is_open)
        return true;
    if (now_ms < b->next_probe_ms)
        return false;
    b->next_probe_ms = now_ms + b->probe_interval_ms;
    return true;
}

void breaker_half_close(struct breaker *b)
{
    b->is_open = false;
    b->failed_count = b->keys_max > 0 ? b->keys_max - 1 : 0;
    for (size_t i = 0; i < b->failed_count; i++)
        b->failed[i] = i; /* no key's hash but by a wild chance, which would cost one more failure */
}

void breaker_success(struct breaker *b, int64_t now_ms)
{
    b->failed_count = 0;
    b->is_open = false;
    b->last_success_ms = now_ms;
}

static bool is_new(const struct breaker *b, uint64_t hash)
{
    for (size_t i = 0; i < b->failed_count; i++)
        if (b->failed[i] == hash)
            return false;
    return true;
}

bool breaker_failure(struct breaker *b, const char *key, bool certain, int64_t now_ms)
{
    uint64_t hash = 1469598103934665603ULL;
    for (const char *p = key; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * 1099511628211ULL;
    if (b->failed_count < BREAKER_KEYS_MAX && is_new(b, hash))
        b->failed[b->failed_count++] = hash;
    if (b->is_open || (!certain && b->failed_count < b->keys_max))
        return false;
    b->is_open = true;
    b->next_probe_ms = now_ms + b->probe_interval_ms;
    return true;
}
