/* What Redis and Prima know of an order, asked now. */
#include "why.h"

#include "base/digest.h"
#include "idempotency/keys.h"
#include "idempotency/redis_once.h"
#include "prima_ask.h"

#include <inttypes.h>

enum { REDIS_TIMEOUT_MS = 3000 };

/* The fields that may be shown, by their places in the packed record (scripts/common.lua): state, code, delivery, version, time, unanswered
 * sends, lease and time left, F; and how many deliveries of the key are in retry. */
static const char show_lua[] = "local raw = redis.call('GET', KEYS[1])\n"
                               "local deferred = redis.call('ZCARD', KEYS[2])\n"
                               "if not raw then return {'', '', '', 0, 0, 0, 0, 0, deferred, ''} end\n"
                               "local _, r = cmsgpack.unpack_one(raw)\n"
                               "local t = redis.call('TIME')\n"
                               "return {r[1], r[13], r[8], r[10], r[14], #r[12], r[4] - (t[1] * 1000 + math.floor(t[2] / 1000)),\n"
                               "        redis.call('PTTL', KEYS[1]), deferred, r[2]}\n";

static void item_text(const struct redis_item *item, char *text, size_t room)
{
    (void)snprintf(text, room, "%.*s", (int)item->size, item->text != NULL ? item->text : "");
}

static void state_fill(const struct redis_reply *reply, struct why_state *s)
{
    const struct redis_item *i = reply->items;
    s->is_asked = true;
    if (i[0].size > 0)
        s->state = i[0].text[0];
    item_text(&i[1], s->code, sizeof s->code);
    item_text(&i[2], s->delivery, sizeof s->delivery);
    s->version = i[3].number;
    s->at_ms = i[4].number;
    s->unanswered = i[5].number;
    s->lease_left_ms = i[6].number;
    s->ttl_left_ms = i[7].number;
    s->deferred = i[8].number;
    if (i[9].size >= 5)
        (void)digest_hex(i[9].text + 1, 4, s->content);
}

static bool state_ask(struct redis_once *redis, const struct keyspace *keys, struct why_order *order)
{
    char record[WHY_KEY_MAX + 40], deferrals[WHY_KEY_MAX + 40];
    struct redis_reply reply;
    (void)keys_name(keys, "k", order->id.natural, record, sizeof record);
    (void)keys_name(keys, "d", order->id.natural, deferrals, sizeof deferrals);
    const struct redis_bytes words[] = {
        {"EVAL", 4}, {show_lua, sizeof show_lua - 1}, {"2", 1}, {record, strlen(record)}, {deferrals, strlen(deferrals)}};
    if (redis_once_command(redis, words, sizeof words / sizeof *words, &reply) != 0) {
        cli_warn("Redis broke off");
        return false;
    }
    if (reply.error != NULL || reply.count < 10) {
        cli_warn("Redis does not say: %s", reply.error != NULL ? reply.error : "too short a reply");
        return false;
    }
    state_fill(&reply, &order->redis);
    return true;
}

bool why_redis(const struct cli *cli, struct why_order orders[], size_t count)
{
    struct redis_once *redis = NULL;
    struct redis_server server;
    char message[300];
    const struct keyspace keys = {.prefix = config_text(cli->config, CFG_redis_prefix)};
    if (redis_once_open(config_text(cli->config, CFG_redis_url), REDIS_TIMEOUT_MS, &redis, &server, message) != 0) {
        cli_warn("Redis is not asked: %s", message);
        return false;
    }
    bool all = true;
    for (size_t i = 0; all && i < count; i++)
        all = state_ask(redis, &keys, &orders[i]);
    redis_once_close(redis);
    return all;
}

bool why_prima(const struct cli *cli, struct why_order *order)
{
    struct prima_answer answer;
    struct config_message wrong;
    if (order->id.order_number[0] == '\0') {
        cli_warn("Prima is not asked: the channel is not in channels.yaml, so that the order's number is not known");
        return false;
    }
    if (prima_ask_status(cli->config, order->id.company, order->id.order_number, &answer, &wrong) != 0) {
        cli_warn("Prima is not asked: %s", wrong.text);
        return false;
    }
    struct why_prima *p = &order->prima;
    p->is_asked = answer.fate == PRIMA_OK || answer.fate == PRIMA_EXISTS || answer.fate == PRIMA_ABSENT;
    p->answer = answer.fate == PRIMA_ABSENT ? WHY_PRIMA_ABSENT : p->is_asked ? WHY_PRIMA_FOUND : WHY_PRIMA_UNKNOWN;
    (void)snprintf(p->status, sizeof p->status, "%s", answer.status);
    if (!p->is_asked)
        cli_warn("Prima does not say: %s, HTTP %d; primaflow doctor looks closer", prima_fate_name(answer.fate), answer.http_status);
    return p->is_asked;
}
