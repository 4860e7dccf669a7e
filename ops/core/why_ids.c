/* From what people have in hand (an order id, Prima's number, a key) to natural keys. */
#include "core/why.h"

#include "order_flow.h"
#include "order_key.h"
#include "refund_flow.h"
#include "domain/events/refund_event.h"
#include "domain/keys/key_parts.h"
#include "domain/mappings/order_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_MAX = 64 * 1024 };

struct finding {
    const struct order_rules *rules;
    struct arena *arena;
    struct why_id *ids; /* WHY_ORDERS_MAX of them */
    size_t count;
};

/* `channel` NULL: its orders' number and company are not known. */
static int id_add(struct finding *f, const struct order_key_parts *parts,
                  const struct channel_rules *channel)
{
    struct flow_key key;
    if (f->count == WHY_ORDERS_MAX)
        return 0;
    const int rc = order_key_write(parts, channel != NULL ? channel->prefix : NULL, f->arena, &key);
    if (rc != 0)
        return rc;
    struct why_id *id = &f->ids[f->count++];
    *id = (struct why_id){.company = ""};
    (void)snprintf(id->natural, sizeof id->natural, "%s", key.natural);
    (void)snprintf(id->kafka, sizeof id->kafka, "%s", key.kafka);
    if (channel == NULL)
        return 0;
    (void)snprintf(id->company, sizeof id->company, "%s", key.company);
    (void)snprintf(id->number, sizeof id->number, "%s", key.document);
    return 0;
}

/* A natural key, or a topic's. */
static int id_of_key(struct finding *f, const char *text)
{
    struct order_key_parts parts;
    if (strlen(text) >= WHY_KEY_MAX)
        return -EINVAL;
    int rc = order_key_split(text, f->arena, &parts);
    if (rc == -EINVAL)
        rc = order_topic_key_split(text, f->arena, &parts);
    return rc != 0 ? rc : id_add(f, &parts, rules_channel(f->rules, parts.channel, parts.store));
}

/* An order id in any channel, or an order number in the channel whose prefix it begins with. */
static int ids_of_channels(struct finding *f, const char *text)
{
    const struct channel_rules *c;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (c = rules_channel_at(f->rules, i)) != NULL; i++) {
        const size_t prefix = strlen(c->prefix);
        struct order_key_parts parts = {c->company, c->channel, c->store, text};
        rc = id_add(f, &parts, c);
        if (rc != 0 || prefix == 0 || strncmp(text, c->prefix, prefix) != 0 || text[prefix] == '\0')
            continue;
        parts.order_id = text + prefix;
        rc = id_add(f, &parts, c);
    }
    return rc;
}

enum ops_kind why_ids(struct ops *ops, const char *text, struct why_id ids[static WHY_ORDERS_MAX],
                      size_t *ret_count, struct ops_error *ret_error)
{
    const void *rules = NULL;
    const enum ops_kind kind = ops_rules(ops, &order_flow, &rules, ret_error);
    if (kind != OPS_DONE)
        return kind;
    struct finding f = {.rules = rules, .arena = arena_new(ARENA_MAX), .ids = ids};
    if (f.arena == NULL)
        return ops_fail_memory(ret_error);
    const int rc = strchr(text, '/') == NULL ? ids_of_channels(&f, text) : id_of_key(&f, text);
    arena_free(f.arena);
    if (rc == -EINVAL)
        return ops_fail(ret_error, OPS_USAGE, NULL,
                        "why: '%s' is neither an id nor company/orders/channel/store/order-id",
                        text);
    if (rc != 0)
        return ops_fail(ret_error, OPS_USAGE, NULL, "'%.60s...' is too long for an id", text);
    *ret_count = f.count;
    return OPS_DONE;
}

/* ---- refunds ---- */

enum { REFUND_PARTS = 5 };

/* What no channel can have as an id, or channels.yaml does not have, is none of its refunds. */
static int refund_id_add(struct finding *f, const char *channel, const char *store, const char *id)
{
    const struct refund_event event = {
        .channel = channel, .store = store, .order_id = "0", .refund_id = id};
    struct flow_key key;
    const char *detail = NULL;
    const enum pf_error code = refund_flow.key(&event, f->rules, f->arena, &key, &detail);
    if (code != PF_OK || f->count == WHY_ORDERS_MAX)
        return code == PF_E_avro_too_large ? -ENOMEM : 0;
    struct why_id *ret = &f->ids[f->count++];
    *ret = (struct why_id){.is_refund = true};
    (void)snprintf(ret->natural, sizeof ret->natural, "%s", key.natural);
    (void)snprintf(ret->company, sizeof ret->company, "%s", key.company);
    (void)snprintf(ret->number, sizeof ret->number, "%s", key.document);
    return 0;
}

/* A refund id in any channel, or the number of a note. */
static int refund_ids_of_channels(struct finding *f, const char *text)
{
    const struct channel_rules *c;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (c = rules_channel_at(f->rules, i)) != NULL; i++) {
        const size_t prefix = strlen(c->prefix);
        rc = refund_id_add(f, c->channel, c->store, text);
        if (rc != 0 || strncmp(text, c->prefix, prefix) != 0)
            continue;
        /* whatever the worker puts between prefix and id: the number must come out again */
        for (const char *id = text + prefix; rc == 0 && *id != '\0'; id++) {
            const size_t at = f->count;
            rc = refund_id_add(f, c->channel, c->store, id);
            if (rc == 0 && f->count > at && strcmp(f->ids[at].number, text) != 0)
                f->count = at;
            else if (f->count > at)
                break;
        }
    }
    return rc;
}

static int refund_id_of_key(struct finding *f, const char *text)
{
    char *parts[REFUND_PARTS];
    const size_t before = f->count;
    int rc = key_split(text, f->arena, parts, REFUND_PARTS);
    if (rc == -EINVAL || (rc == 0 && strcmp(parts[1], KEY_TYPE_REFUNDS) != 0))
        return 0;
    if (rc == 0)
        rc = refund_id_add(f, parts[2], parts[3], parts[4]);
    if (rc != 0 || (f->count > before && strcmp(f->ids[before].natural, text) == 0))
        return rc;
    if (before == WHY_ORDERS_MAX)
        return 0;
    f->count = before + 1; /* its channel is not known, or another company's by now */
    f->ids[before] = (struct why_id){.is_refund = true};
    (void)snprintf(f->ids[before].natural, sizeof f->ids[before].natural, "%s", text);
    return 0;
}

enum ops_kind why_refund_ids(struct ops *ops, const char *text,
                             struct why_id ids[static WHY_ORDERS_MAX], size_t *count,
                             struct ops_error *ret_error)
{
    const void *rules = NULL;
    const enum ops_kind kind = ops_rules(ops, &order_flow, &rules, ret_error);
    if (kind != OPS_DONE || strlen(text) >= WHY_KEY_MAX)
        return kind;
    struct finding f = {.rules = rules, .arena = arena_new(ARENA_MAX), .ids = ids, .count = *count};
    if (f.arena == NULL)
        return ops_fail_memory(ret_error);
    const int rc =
        strchr(text, '/') == NULL ? refund_ids_of_channels(&f, text) : refund_id_of_key(&f, text);
    arena_free(f.arena);
    if (rc != 0)
        return ops_fail_memory(ret_error);
    *count = f.count;
    return OPS_DONE;
}
