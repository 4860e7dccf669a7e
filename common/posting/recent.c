/* The last answers, by type and company; see recent.h. */
#include "posting/recent.h"

#include "base/table.h"

#include <string.h>

uint64_t recent_hash(const char *text, size_t size)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN, text, size);
    return hash == 0 ? 1 : hash;
}

static uint64_t company_of(const char *key)
{
    return recent_hash(key, strcspn(key, "/"));
}

/* The company's own place, a free one, or the one that it shares. */
static size_t place_of(const struct recent_list lists[], uint64_t company)
{
    for (size_t i = 0; i < RECENT_COMPANIES; i++)
        if (lists[i].company == company || lists[i].company == 0)
            return i;
    return company % RECENT_COMPANIES;
}

void recent_init(struct recent *recent, int64_t gap_ms)
{
    memset(recent, 0, sizeof *recent);
    recent->gap_ms = gap_ms;
}

/* Puts the answer behind the others, in place of the key's last one, or of the oldest where there
 * is no room. */
static void append(struct recent_list *list, const struct recent_answer *answer)
{
    size_t at = 0;
    while (at < list->count && list->answers[at].key != answer->key)
        at++;
    struct recent_answer fresh = *answer;
    if (at < list->count && !answer->has_passed && !list->answers[at].has_passed)
        fresh.is_alone = list->answers[at].is_alone || list->last_pass_ms > list->answers[at].at_ms;
    if (at == list->count && list->count < RECENT_KEYS)
        list->count++;
    else if (at == list->count)
        at = 0;
    memmove(&list->answers[at], &list->answers[at + 1],
            (list->count - at - 1) * sizeof *list->answers);
    list->answers[list->count - 1] = fresh;
}

/* Who waits for the next try has tried a gap ago at most; else it went another way. */
static bool is_failing(const struct recent *recent, const struct recent_list *list, int64_t now_ms)
{
    return list->failing_since_ms > 0 && now_ms - list->last_fail_ms <= recent->gap_ms;
}

void recent_add(struct recent *recent, enum prima_type type, const char *key, bool has_passed,
                int64_t now_ms)
{
    const uint64_t company = company_of(key);
    struct recent_list *list = &recent->lists[type][place_of(recent->lists[type], company)];
    if (list->company == 0)
        list->company = company;
    append(list, &(struct recent_answer){.key = recent_hash(key, strlen(key)),
                                         .at_ms = now_ms,
                                         .has_passed = has_passed});
    if (!has_passed) {
        if (!is_failing(recent, list, now_ms))
            list->failing_since_ms = now_ms;
        list->last_fail_ms = now_ms;
        return;
    }
    list->failing_since_ms = 0;
    if (list->last_pass_ms == 0 || now_ms - list->last_pass_ms > recent->gap_ms)
        list->well_since_ms = now_ms;
    list->last_pass_ms = now_ms;
}

bool recent_refutes(const struct recent *recent, enum prima_type type, const char *key)
{
    const struct recent_list *list =
        &recent->lists[type][place_of(recent->lists[type], company_of(key))];
    const uint64_t hash = recent_hash(key, strlen(key));
    for (size_t i = 0; i < list->count; i++)
        if (list->answers[i].key == hash)
            return !list->answers[i].has_passed &&
                   (list->answers[i].is_alone || list->last_pass_ms > list->answers[i].at_ms);
    return false;
}

struct recent_others recent_others_of(const struct recent *recent, enum prima_type type,
                                      const char *key, int64_t since_ms)
{
    const struct recent_list *list =
        &recent->lists[type][place_of(recent->lists[type], company_of(key))];
    const uint64_t hash = recent_hash(key, strlen(key));
    struct recent_others others = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct recent_answer *answer = &list->answers[i];
        if (answer->key == hash || answer->is_alone)
            continue;
        others.last_failed = !answer->has_passed;
        others.passed += answer->at_ms > since_ms && answer->has_passed;
        others.failed += answer->at_ms > since_ms && !answer->has_passed;
    }
    return others;
}

int64_t recent_failing_ms(const struct recent *recent, enum prima_type type, int64_t now_ms)
{
    int64_t longest = 0;
    for (size_t i = 0; i < RECENT_COMPANIES; i++) {
        const struct recent_list *list = &recent->lists[type][i];
        if (is_failing(recent, list, now_ms) && now_ms - list->failing_since_ms > longest)
            longest = now_ms - list->failing_since_ms;
    }
    return longest;
}

bool recent_is_well(const struct recent *recent, enum prima_type type, const char *key,
                    int64_t now_ms)
{
    const struct recent_list *list =
        &recent->lists[type][place_of(recent->lists[type], company_of(key))];
    return list->last_pass_ms > 0 && now_ms - list->last_pass_ms <= recent->gap_ms &&
           now_ms - list->well_since_ms >= recent->gap_ms;
}
