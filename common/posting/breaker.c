/* Distinct keys failing together, type by type; see breaker.h. */
#include "posting/breaker.h"

#include <string.h>

#include "posting/recent.h"

enum { LAPSE_INTERVALS = 3 }; /* who waits for a probe asks at least every second interval */

void breaker_init(struct breaker *b, enum prima_type write, size_t keys_max,
                  int64_t probe_interval_ms)
{
    *b = (struct breaker){.keys_max = keys_max < BREAKER_KEYS_MAX ? keys_max : BREAKER_KEYS_MAX,
                          .probe_interval_ms = probe_interval_ms,
                          .write = write};
}

/* ---- who may ---- */

/* Where the key stands among those that failed, or failed_count. */
static size_t place_of(const struct gate *g, const char *key)
{
    const uint64_t hash = recent_hash(key, strlen(key));
    size_t at = 0;
    while (at < g->failed_count && g->failed[at] != hash)
        at++;
    return at;
}

/* How long after the others this key may probe. Those that have failed begin a quarter of an
 * interval late, so that a fresh one, which wakes when the probe is due, is there first. */
static int64_t turn_ms(const struct breaker *b, const struct gate *g, const char *key)
{
    const int64_t at = (int64_t)place_of(g, key), last = (int64_t)g->failed_count - 1,
                  quarter = b->probe_interval_ms / 4;
    if (at > last)
        return 0;
    return at == last ? b->probe_interval_ms
                      : quarter + (b->probe_interval_ms - quarter) * at / last;
}

bool breaker_forbids(const struct breaker *b, enum prima_type type, const char *key, int64_t now_ms)
{
    const struct gate *g = &b->gates[type];
    return g->is_open && now_ms < g->next_probe_ms + turn_ms(b, g, key);
}

bool breaker_allows(struct breaker *b, enum prima_type type, const char *key, int64_t now_ms)
{
    struct gate *g = &b->gates[type];
    if (!g->is_open)
        return true;
    g->asked_ms = now_ms;
    if (now_ms < g->next_probe_ms + turn_ms(b, g, key))
        return false;
    g->next_probe_ms = now_ms + b->probe_interval_ms;
    return true;
}

int64_t breaker_wait_ms(const struct breaker *b, enum prima_type type, const char *key,
                        int64_t now_ms)
{
    const struct gate *g = &b->gates[type];
    if (!g->is_open)
        return 0;
    const int64_t left = g->next_probe_ms + turn_ms(b, g, key) - now_ms;
    return left > 0 ? left : 1;
}

/* ---- what opens and closes ---- */

static void count_open(struct breaker *b)
{
    b->is_open = false;
    for (size_t i = 0; i < PRIMA_TYPE_COUNT; i++)
        b->is_open |= b->gates[i].is_open;
}

void breaker_success(struct breaker *b, enum prima_type type, int64_t now_ms)
{
    for (size_t i = 0; i < PRIMA_TYPE_COUNT; i++) {
        struct gate *g = &b->gates[i];
        if (i == (size_t)type || type == b->write)
            *g = (struct gate){0};
        else if (g->is_certain)
            g->is_open = g->is_certain = false;
    }
    count_open(b);
    b->last_success_ms = now_ms;
}

static void remember(struct gate *g, const char *key)
{
    size_t at = place_of(g, key);
    if (at == g->failed_count && g->failed_count < BREAKER_KEYS_MAX) {
        g->failed_count++;
    } else {
        at = at < g->failed_count ? at : 0;
        memmove(&g->failed[at], &g->failed[at + 1], (g->failed_count - at - 1) * sizeof *g->failed);
    }
    g->failed[g->failed_count - 1] = recent_hash(key, strlen(key));
}

static void open_gate(struct breaker *b, struct gate *g, bool is_certain, int64_t now_ms)
{
    if (g->is_open)
        return;
    g->is_open = b->is_open = true;
    g->is_certain = is_certain;
    g->asked_ms = now_ms;
    g->next_probe_ms = now_ms + b->probe_interval_ms;
}

bool breaker_failure(struct breaker *b, enum prima_type type, const char *key, bool certain,
                     int64_t now_ms)
{
    struct gate *g = &b->gates[type];
    const bool is_quiet =
        b->last_success_ms == 0 || now_ms - b->last_success_ms >= b->probe_interval_ms;
    remember(g, key);
    for (size_t i = 0; certain && is_quiet && i < PRIMA_TYPE_COUNT; i++)
        open_gate(b, &b->gates[i], true, now_ms);
    if (g->failed_count >= b->keys_max)
        open_gate(b, g, false, now_ms);
    return g->is_open;
}

size_t breaker_failed_keys(const struct breaker *b)
{
    size_t most = 0;
    for (size_t i = 0; i < PRIMA_TYPE_COUNT; i++)
        if (b->gates[i].is_open && b->gates[i].failed_count > most)
            most = b->gates[i].failed_count;
    return most;
}

static void half_close(const struct breaker *b, struct gate *g)
{
    *g = (struct gate){.failed_count = b->keys_max > 0 ? b->keys_max - 1 : 0};
    for (size_t i = 0; i < g->failed_count; i++)
        g->failed[i] =
            i; /* no key's hash but by a wild chance, which would cost one more failure */
}

bool breaker_lapse(struct breaker *b, bool is_idle, int64_t now_ms)
{
    for (size_t i = 0; i < PRIMA_TYPE_COUNT; i++) {
        struct gate *g = &b->gates[i];
        const int64_t last = g->asked_ms > g->next_probe_ms ? g->asked_ms : g->next_probe_ms;
        if (g->is_open && (is_idle ? now_ms >= g->next_probe_ms
                                   : now_ms >= last + LAPSE_INTERVALS * b->probe_interval_ms))
            half_close(b, g);
    }
    count_open(b);
    return !b->is_open;
}
