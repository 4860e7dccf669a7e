/* An order's natural key; see order_key.h. */
#include "order_key.h"

#include "order_text.h"

#include <ctype.h>
#include <errno.h>

/* Letters, digits and "._-": what a topic key, a path, a Redis key and an order number can hold without escaping. */
static bool is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            return false;
    return *text != '\0';
}

static enum pf_error refuse(const char *detail, const char **ret_detail)
{
    *ret_detail = detail;
    return PF_E_event_invalid;
}

enum pf_error order_key(const void *event_, const void *rules, struct arena *arena, struct flow_key *ret_key, const char **ret_detail)
{
    const struct order_event *event = event_;
    if (!is_plain(event->channel) || !is_plain(event->store))
        return refuse("channel and store must be letters, digits, '.', '_' and '-'", ret_detail);
    if (!is_plain(event->order_id))
        return refuse("order_id must be letters, digits, '.', '_' and '-'", ret_detail);
    if (strlen(event->channel) > ORDER_NUMBER_MAX || strlen(event->store) > ORDER_NUMBER_MAX || strlen(event->order_id) > ORDER_NUMBER_MAX)
        return refuse("channel, store or order_id is longer than 50 characters", ret_detail);

    const struct channel_rules *channel = rules_channel(rules, event->channel, event->store);
    if (channel == NULL) {
        *ret_detail = arena_printf(arena, "channel %s, store %s is not in channels.yaml", event->channel, event->store);
        return PF_E_company_unmapped;
    }
    const struct flow_key key = {
        .natural = ORDER_JOIN(arena, channel->company, "/orders/", event->channel, "/", event->store, "/", event->order_id),
        .kafka = ORDER_JOIN(arena, channel->company, "/", event->channel, "/", event->store, "/", event->order_id),
        .company = ORDER_JOIN(arena, channel->company), /* the rules may be reloaded while the record lives */
        .order_number = ORDER_JOIN(arena, channel->prefix, event->order_id),
        .version = event->source_version,
        .cancels = event->kind == ORDER_CANCELLED,
    };
    if (key.natural == NULL || key.kafka == NULL || key.company == NULL || key.order_number == NULL)
        return PF_E_avro_too_large;
    if (strlen(key.order_number) > ORDER_NUMBER_MAX)
        return refuse("the channel's prefix and order_id are longer than 50 characters together", ret_detail);
    *ret_key = key;
    return PF_OK;
}

int order_key_split(const char *natural, struct arena *arena, struct order_key_parts *ret_parts)
{
    char *parts[5], *rest = arena_text(arena, natural, strlen(natural));
    if (rest == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < 5; i++) {
        parts[i] = strsep(&rest, "/");
        if (parts[i] == NULL || *parts[i] == '\0')
            return -EINVAL;
    }
    if (rest != NULL || strcmp(parts[1], "orders") != 0)
        return -EINVAL;
    *ret_parts = (struct order_key_parts){parts[0], parts[2], parts[3], parts[4]};
    return 0;
}
