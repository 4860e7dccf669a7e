/* A refund's natural key; see refund_key.h. */
#include "refund_key.h"

#include "base/text.h"
#include "domain/keys/exchange.h"
#include "domain/keys/key_parts.h"

#include <errno.h>
#include <string.h>

static enum pf_error refuse(const char *detail, const char **ret_detail)
{
    *ret_detail = detail;
    return PF_E_event_invalid;
}

static enum pf_error check_ids(const struct refund_event *e, const char **ret_detail)
{
    if (!key_is_plain(e->channel) || !key_is_plain(e->store))
        return refuse("channel and store must be letters, digits, '.', '_' and '-'", ret_detail);
    if (!key_is_plain(e->order_id) || !key_is_plain(e->refund_id))
        return refuse("order_id and refund_id must be letters, digits, '.', '_' and '-'",
                      ret_detail);
    if (key_is_too_long(e->channel) || key_is_too_long(e->store) || key_is_too_long(e->order_id) ||
        key_is_too_long(e->refund_id))
        return refuse("channel, store, order_id or refund_id is longer than 50 characters",
                      ret_detail);
    return PF_OK;
}

enum pf_error refund_key(const void *event_, const void *rules, struct arena *arena,
                         struct flow_key *ret_key, const char **ret_detail)
{
    const struct refund_event *e = event_;
    const enum pf_error fault = check_ids(e, ret_detail);
    if (fault != PF_OK)
        return fault;
    const struct channel_rules *channel = rules_channel(rules, e->channel, e->store);
    if (channel == NULL) {
        *ret_detail = arena_printf(arena, "channel %s, store %s is not in channels.yaml",
                                   e->channel, e->store);
        return PF_E_company_unmapped;
    }
    const char *company = channel->company;
    const struct flow_key key = {
        .natural =
            key_natural(arena, company, KEY_TYPE_REFUNDS, e->channel, e->store, e->refund_id),
        .kafka = key_of_topic(arena, company, e->channel, e->store, e->order_id),
        .lane = key_natural(arena, company, KEY_TYPE_ORDERS, e->channel, e->store, e->order_id),
        .company = TEXT_JOIN(arena, company), /* the rules may be reloaded meanwhile */
        .document = TEXT_JOIN(arena, channel->prefix, CREDIT_NUMBER_MARK, e->refund_id),
        .version = e->source_version,
    };
    if (key.natural == NULL || key.kafka == NULL || key.lane == NULL || key.company == NULL ||
        key.document == NULL)
        return PF_E_avro_too_large;
    if (key_is_too_long(key.document))
        return refuse("the channel's prefix and refund_id are longer than 49 characters together",
                      ret_detail);
    *ret_key = key;
    return PF_OK;
}

int refund_key_split(const struct flow_key *key, struct arena *arena,
                     struct refund_key_parts *ret_parts)
{
    char *of_refund[5], *of_order[4];
    int r = key_split(key->natural, arena, of_refund, 5);
    if (r == 0)
        r = key_split(key->kafka, arena, of_order, 4);
    if (r != 0)
        return r;
    if (strcmp(of_refund[1], KEY_TYPE_REFUNDS) != 0)
        return -EINVAL;
    *ret_parts = (struct refund_key_parts){of_refund[0], of_refund[2], of_refund[3], of_order[3],
                                           of_refund[4]};
    return 0;
}

const char *refund_order_number(const struct flow_key *key, const struct refund_key_parts *parts,
                                struct arena *arena)
{
    const size_t size = strlen(key->document),
                 id = strlen(parts->refund_id) + strlen(CREDIT_NUMBER_MARK);
    const char *prefix = size > id ? arena_text(arena, key->document, size - id) : NULL;
    return prefix != NULL ? TEXT_JOIN(arena, prefix, parts->order_id) : NULL;
}
