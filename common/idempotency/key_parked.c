/* A parked key's script, called; see key_parked.h. */
#include "idempotency/key_parked.h"

#include "idempotency/keys_call.h"

#include <stdio.h>
#include <string.h>

static void put_args(struct keys_call *c, enum parked_word word, const struct parked_key *k)
{
    static const char *const words[] = {[PARKED_LOOK] = "look",
                                        [PARKED_ADOPT] = "adopt",
                                        [PARKED_TAKE] = "take",
                                        [PARKED_FREE] = "free",
                                        [PARKED_DISCARD] = "discard"};
    const bool has_content = k->identity != NULL;
    keys_call_number(c, k->ttl_ms);
    keys_call_text(c, words[word]);
    keys_call_bytes(c, k->token, TOKEN_SIZE);
    keys_call_number(c, k->lease_ms);
    keys_call_number(c, k->wait_ms);
    keys_call_bytes(c, k->identity, has_content ? IDENTITY_SIZE : 0);
    keys_call_text(c, k->delivery);
    keys_call_number(c, k->version);
    keys_call_bytes(c, k->goods, has_content && k->goods != NULL ? GOODS_SIZE : 0);
    keys_call_bytes(c, k->money, has_content && k->money != NULL ? MONEY_SIZE : 0);
    keys_call_add(c, k->summary.data, k->summary.size);
    keys_call_text(c, k->natural);
}

static void item_text(const struct redis_item *item, char *text, size_t room)
{
    (void)snprintf(text, room, "%.*s", (int)item->size, item->text != NULL ? item->text : "");
}

static void view_read(const struct redis_item i[static REDIS_ITEMS_MAX], struct parked_view *view)
{
    char whose[8];
    *view = (struct parked_view){.state = (char)(i[1].size > 0 ? i[1].text[0] : '\0'),
                                 .is_proven = i[3].number != 0,
                                 .wait_ms = i[4].number,
                                 .has_summary = i[6].number > 0};
    item_text(&i[2], view->code, sizeof view->code);
    item_text(&i[5], whose, sizeof whose);
    item_text(&i[7], view->delivery, sizeof view->delivery);
    view->content = strcmp(whose, "own") == 0     ? PARKED_OWN
                    : strcmp(whose, "other") == 0 ? PARKED_OTHER
                                                  : PARKED_UNKNOWN;
}

enum verdict key_parked(struct redis_once *redis, enum parked_word word,
                        const struct parked_key *key, struct parked_view *ret_view,
                        char ret_message[static 300])
{
    const struct keyspace ks = {.prefix = key->prefix, .flow = key->flow};
    struct keys_call c = {.key_count = 0};
    struct redis_reply reply;
    keys_call_key(&c, &ks, "marker", key->flow);
    keys_call_key(&c, &ks, "k", key->natural);
    if (key->order != NULL)
        keys_call_order(&c, &ks, key->order);
    put_args(&c, word, key);
    if (redis_once_run(redis, script_of(key->order != NULL ? SCRIPT_CREDITPARKED : SCRIPT_PARKED),
                       c.args, c.key_count, c.arg_count, &reply) != 0) {
        (void)snprintf(ret_message, 300, "Redis broke off");
        return VERDICT_DEFECT;
    }
    const enum verdict verdict = keys_verdict(&reply);
    *ret_view = (struct parked_view){.state = '\0'};
    if (verdict == VERDICT_KNOWN)
        view_read(reply.items, ret_view);
    else if (verdict == VERDICT_POSTED)
        item_text(&reply.items[1], ret_view->delivery, sizeof ret_view->delivery);
    else if (verdict == VERDICT_BUSY || verdict == VERDICT_WAIT)
        ret_view->wait_ms = reply.items[1].number;
    else if (verdict == VERDICT_DEFECT)
        (void)snprintf(ret_message, 300, "Redis refused: %s",
                       reply.error != NULL ? reply.error : "an unknown reply");
    return verdict;
}
