/* Facts of open orders; see status_facts.h. */
#include "status_facts.h"

#include "domain/keys/key_parts.h"
#include "flow/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool prima_fulfils(const struct channel_rules *channel)
{
    return channel == NULL || channel->fulfilled_by == FULFILLED_BY_PRIMA;
}

bool status_is_asked(const struct order_result *r, const struct order_rules *rules)
{
    const struct channel_rules *channel = rules_channel(rules, r->channel, r->store);
    const bool handed_over = !r->has_delivery_address && channel != NULL &&
                             rules_list_has(&channel->pos_sources, r->source_name);
    return (r->outcome == OUTCOME_POSTED || r->outcome == OUTCOME_POSTED_ON_HOLD) &&
           r->order_number != NULL && r->shadow == NULL && !handed_over && prima_fulfils(channel);
}

bool status_is_imported(const struct ledger_entry *entry, const struct order_rules *rules)
{
    return entry->identity[0] == '\0' &&
           prima_fulfils(rules_channel(rules, entry->channel, entry->store));
}

static bool facts_write(const char *letters, int64_t since_ms, const char *number,
                        char ret_facts[static STATUS_FACTS_MAX])
{
    return snprintf(ret_facts, STATUS_FACTS_MAX, "%s- %lld %s", letters, (long long)since_ms,
                    number) < STATUS_FACTS_MAX;
}

bool status_facts_of_result(const struct order_result *r, char ret_facts[static STATUS_FACTS_MAX])
{
    return facts_write(r->outcome == OUTCOME_POSTED_ON_HOLD ? "h" : "",
                       r->has_posted_at ? r->posted_at : r->published_at, r->order_number,
                       ret_facts);
}

bool status_facts_of_entry(const struct ledger_entry *entry, int64_t now_ms,
                           char ret_facts[static STATUS_FACTS_MAX])
{
    return facts_write("i", now_ms, entry->order_number, ret_facts);
}

bool status_facts_of_status(const struct order_status *s, char ret_facts[static STATUS_FACTS_MAX])
{
    return facts_write(s->imported ? "i" : "", s->as_of, s->order_number, ret_facts);
}

/* orders.results keeps 60 days, orders.ledger 400. */
int64_t status_forget_ms(const struct order_status *s)
{
    enum { DAYS = 70, DAYS_IMPORTED = 401 };
    return s->as_of + INT64_C(86400000) * (s->imported ? DAYS_IMPORTED : DAYS);
}

int status_facts_read(const char *key, const char *facts, struct arena *arena,
                      struct polled_order *ret_order)
{
    enum { PARTS = 5 };
    char *parts[PARTS], *end;
    const int split = key_split(key, arena, parts, PARTS);
    if (split < 0)
        return split;
    const size_t letters = strcspn(facts, " ");
    const long long since = strtoll(facts + letters, &end, 10);
    if (letters == 0 || end == facts + letters || *end != ' ' || end[1] == '\0')
        return -EINVAL;
    const char *own = arena_text(arena, key, strlen(key)),
               *number = arena_text(arena, end + 1, strlen(end + 1));
    if (own == NULL || number == NULL)
        return -ENOMEM;
    *ret_order = (struct polled_order){.key = own,
                                       .company = parts[0],
                                       .channel = parts[2],
                                       .store = parts[3],
                                       .order_id = parts[4],
                                       .order_number = number,
                                       .since_ms = since,
                                       .is_held = memchr(facts, 'h', letters) != NULL,
                                       .is_imported = memchr(facts, 'i', letters) != NULL,
                                       .is_cancelled = memchr(facts, 'c', letters) != NULL};
    return 0;
}
