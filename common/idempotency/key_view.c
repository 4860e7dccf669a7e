/* A key's record for people: read, and changed by their word; see key_view.h. */
#include "idempotency/key_view.h"

#include "base/digest.h"
#include "base/digits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KEY_NAME_MAX = 600, ITEMS = 10 };

static void item_text(const struct redis_item *item, char *text, size_t room)
{
    (void)snprintf(text, room, "%.*s", (int)item->size, item->text != NULL ? item->text : "");
}

static void view_fill(const struct redis_item i[static ITEMS], struct key_view *v)
{
    *v = (struct key_view){.is_asked = true,
                           .state = (char)(i[0].size > 0 ? i[0].text[0] : '\0'),
                           .version = i[3].number,
                           .at_ms = i[4].number,
                           .unanswered = i[5].number,
                           .lease_left_ms = i[6].number,
                           .ttl_left_ms = i[7].number,
                           .deferred = i[8].number};
    item_text(&i[1], v->code, sizeof v->code);
    item_text(&i[2], v->delivery, sizeof v->delivery);
    const size_t content =
        i[9].size > IDENTITY_SIZE && i[9].text[IDENTITY_SIZE] == '\n' ? IDENTITY_SIZE : 0;
    if (content > 0)
        (void)digest_hex(i[9].text + 1, 4, v->content); /* behind the version byte */
    if (i[9].size > content)
        (void)snprintf(v->senders, sizeof v->senders, "%.*s", (int)(i[9].size - content - 1),
                       i[9].text + content + 1);
}

int key_view_read(struct redis_once *redis, const char *prefix, const char *natural,
                  struct key_view *ret_view, char ret_message[static 300])
{
    const struct keyspace keys = {.prefix = prefix};
    char record[KEY_NAME_MAX], deferrals[KEY_NAME_MAX];
    struct redis_reply reply;
    (void)keys_name(&keys, "k", natural, record, sizeof record);
    (void)keys_name(&keys, "d", natural, deferrals, sizeof deferrals);
    const struct redis_bytes args[] = {{record, strlen(record)}, {deferrals, strlen(deferrals)}};
    if (redis_once_run(redis, script_of(SCRIPT_SHOW), args, 2, 0, &reply) != 0) {
        (void)snprintf(ret_message, 300, "Redis broke off");
        return -EIO;
    }
    if (reply.error != NULL || reply.count < ITEMS) {
        (void)snprintf(ret_message, 300, "Redis query failed: %s",
                       reply.error != NULL ? reply.error : "too short a reply");
        return -EIO;
    }
    view_fill(reply.items, ret_view);
    return 0;
}

enum verdict key_amend(struct redis_once *redis, const char *prefix, const char *flow,
                       const char *natural, const struct key_version *v,
                       char ret_message[static 300])
{
    const struct keyspace keys = {.prefix = prefix};
    char record[KEY_NAME_MAX], marker[KEY_NAME_MAX], version[DIGITS_MAX];
    struct redis_reply reply;
    (void)keys_name(&keys, "k", natural, record, sizeof record);
    (void)keys_name(&keys, "marker", flow, marker, sizeof marker);
    const size_t digits = digits_write(v->version, version);
    const struct redis_bytes args[] = {{record, strlen(record)},
                                       {marker, strlen(marker)},
                                       {(const char *)v->identity, IDENTITY_SIZE},
                                       {version, digits},
                                       {(const char *)v->goods, GOODS_SIZE},
                                       {(const char *)v->money, MONEY_SIZE},
                                       {v->delivery, strlen(v->delivery)}};
    if (redis_once_run(redis, script_of(SCRIPT_AMEND), args, 2, 5, &reply) != 0) {
        (void)snprintf(ret_message, 300, "Redis broke off");
        return VERDICT_DEFECT;
    }
    const enum verdict verdict = keys_verdict(&reply);
    if (verdict == VERDICT_DEFECT)
        (void)snprintf(ret_message, 300, "Redis refused: %s",
                       reply.error != NULL ? reply.error : "an unknown reply");
    return verdict;
}
