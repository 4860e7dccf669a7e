/* Counting ends by code; see surge.h. */
#include "posting/surge.h"

#include <string.h>

void surge_init(struct surge *s, size_t keys, int share_percent)
{
    *s = (struct surge){.keys = keys < SURGE_KEYS_MAX ? keys : SURGE_KEYS_MAX};
    s->needed = (s->keys * (size_t)share_percent + 99) / 100;
}

void surge_reset(struct surge *s)
{
    s->next = s->count = 0;
    s->code = PF_OK;
    memset(s->counts, 0, sizeof s->counts);
}

/* By the record and the mappings, not by time, people or Prima's health. */
static bool is_deterministic(enum pf_error code)
{
    switch (code) {
    case PF_E_waited_too_long:
    case PF_E_replay_limit:
    case PF_E_prima_faults_on_record:
    case PF_E_customer_unknown_outcome:
        return false;
    default:
        return pf_error_info(code)->class == PF_CLASS_DEAD_LETTER ||
               pf_error_info(code)->class == PF_CLASS_HOLD;
    }
}

static void end_replace(struct surge *s, struct surge_end *end, uint64_t key, enum pf_error code)
{
    if (end->key != 0 && end->code != PF_OK)
        s->counts[end->code]--;
    *end = (struct surge_end){.key = key, .code = (uint16_t)code};
    if (code != PF_OK)
        s->counts[code]++;
}

/* Where the key stands; else where the next one goes. */
static struct surge_end *end_of(struct surge *s, uint64_t key)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->ends[i].key == key)
            return &s->ends[i];
    struct surge_end *end = &s->ends[s->next];
    if (s->count < s->keys) {
        *end = (struct surge_end){.key = 0};
        s->count++;
    }
    s->next = (s->next + 1) % s->keys;
    return end;
}

bool surge_see(struct surge *s, uint64_t key, enum pf_error code)
{
    const enum pf_error before = s->code, seen = is_deterministic(code) ? code : PF_OK;
    end_replace(s, end_of(s, key), key, seen);
    if (s->code != PF_OK && (size_t)2 * s->counts[s->code] < s->needed)
        s->code = PF_OK;
    if (s->code == PF_OK && s->count == s->keys && seen != PF_OK && s->counts[seen] >= s->needed)
        s->code = seen;
    return s->code != before;
}
