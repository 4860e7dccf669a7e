/* An order's natural key; see order_key.h. */
#include "order_key.h"

#include "base/text.h"
#include "domain/keys/key_parts.h"
#include "order_sale.h"

#include <errno.h>

static enum pf_error refuse(const char *detail, const char **ret_detail)
{
    *ret_detail = detail;
    return PF_E_event_invalid;
}

int order_key_write(const struct order_key_parts *p, const char *prefix, struct arena *arena,
                    struct flow_key *ret_key)
{
    const struct flow_key key = {
        .natural =
            key_natural(arena, p->company, KEY_TYPE_ORDERS, p->channel, p->store, p->order_id),
        .kafka = key_of_topic(arena, p->company, p->channel, p->store, p->order_id),
        .company =
            TEXT_JOIN(arena, p->company), /* the rules may be reloaded while the record lives */
        .document = prefix != NULL ? TEXT_JOIN(arena, prefix, p->order_id) : "",
    };
    if (key.natural == NULL || key.kafka == NULL || key.company == NULL || key.document == NULL)
        return -ENOMEM;
    *ret_key = key;
    return 0;
}

enum pf_error order_key(const void *event_, const void *rules, struct arena *arena,
                        struct flow_key *ret_key, const char **ret_detail)
{
    const struct order_event *event = event_;
    if (!key_is_plain(event->channel) || !key_is_plain(event->store))
        return refuse("channel and store must be letters, digits, '.', '_' and '-'", ret_detail);
    if (!key_is_plain(event->order_id))
        return refuse("order_id must be letters, digits, '.', '_' and '-'", ret_detail);
    if (key_is_too_long(event->channel) || key_is_too_long(event->store) ||
        key_is_too_long(event->order_id))
        return refuse("channel, store or order_id is longer than 50 characters", ret_detail);

    const struct channel_rules *channel = rules_channel(rules, event->channel, event->store);
    if (channel == NULL) {
        *ret_detail = arena_printf(arena, "channel %s, store %s is not in channels.yaml",
                                   event->channel, event->store);
        return PF_E_company_unmapped;
    }
    const struct order_key_parts parts = {channel->company, event->channel, event->store,
                                          event->order_id};
    struct flow_key key;
    if (order_key_write(&parts, channel->prefix, arena, &key) != 0)
        return PF_E_avro_too_large;
    key.version = event->source_version;
    key.cancels = event->kind == ORDER_CANCELLED;
    key.is_empty = !key.cancels && order_has_nothing_left(event);
    if (key_is_too_long(key.document))
        return refuse("the channel's prefix and order_id are longer than 50 characters together",
                      ret_detail);
    *ret_key = key;
    return PF_OK;
}

int order_key_split(const char *natural, struct arena *arena, struct order_key_parts *ret_parts)
{
    char *parts[5];
    const int rc = key_split(natural, arena, parts, 5);
    if (rc != 0)
        return rc;
    if (strcmp(parts[1], KEY_TYPE_ORDERS) != 0)
        return -EINVAL;
    *ret_parts = (struct order_key_parts){parts[0], parts[2], parts[3], parts[4]};
    return 0;
}

int order_topic_key_split(const char *kafka, struct arena *arena, struct order_key_parts *ret_parts)
{
    char *parts[4];
    const int rc = key_split(kafka, arena, parts, 4);
    if (rc == 0)
        *ret_parts = (struct order_key_parts){parts[0], parts[1], parts[2], parts[3]};
    return rc;
}
