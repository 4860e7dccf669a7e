/* The world and the language of the tables; see test_idempotency_support.h. */
#include "test_idempotency_support.h"

#include "../support/redis_server.h"
#include "idempotency/key_parked.h"
#include "idempotency/key_view.h"

enum { STEPS_MAX = 16, WORDS_MAX = 12, LONG_MS = 60000 };

static struct {
    struct redis_server_process server;
    uv_loop_t loop;
    struct redis *redis;
    struct redis_once *side; /* looks at what is stored */
    struct keyspace keys;
    char prefix[16];
    int prefixes;
    int64_t lease_ms, window_ms, unproven_ms;
} world;

/* ---- the world ---- */

static bool accept_server(void *user, const struct redis_server *server)
{
    (void)user;
    return server->run_id[0] != '\0';
}

int world_set_up(void **state)
{
    return world_set_up_with(state, scripts_all());
}

int world_set_up_with(void **state, const struct redis_scripts *scripts)
{
    char message[300];
    struct redis_server server;
    const struct redis_hooks hooks = {.on_server = accept_server};
    (void)state;
    redis_server_start(&world.server, NULL);
    if (uv_loop_init(&world.loop) != 0 ||
        redis_new(&world.loop, world.server.url, scripts, 5000, &hooks, &world.redis, message) != 0)
        return -1;
    return redis_once_open(world.server.url, 5000, &world.side, &server, message);
}

int world_tear_down(void **state)
{
    (void)state;
    redis_free(world.redis);
    redis_once_close(world.side);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    const int result = uv_loop_close(&world.loop);
    redis_server_end(&world.server);
    return result;
}

uv_loop_t *world_loop(void)
{
    return &world.loop;
}

const char *world_url(void)
{
    return world.server.url;
}

const char *redis_ask(const char *const words[], char text[static 400])
{
    struct redis_bytes bytes[REDIS_ARGS_MAX];
    struct redis_reply reply;
    size_t count = 0;
    for (; words[count] != NULL; count++)
        bytes[count] = (struct redis_bytes){words[count], strlen(words[count])};
    assert_int_equal(redis_once_command(world.side, bytes, count, &reply), 0);
    if (reply.error != NULL)
        fail_msg("%s: %s", words[0], reply.error);
    const struct redis_item *item = &reply.items[0];
    if (reply.count > 0 && item->text != NULL)
        (void)snprintf(text, 400, "%.*s", (int)item->size, item->text);
    else
        (void)snprintf(text, 400, "%.0lld", (long long)(reply.count > 0 ? item->number : 0));
    return text;
}

void world_take_slot(void)
{
    char slot[100], name[200], value[60], text[400];
    (void)snprintf(slot, sizeof slot, "%s:%s", world.keys.flow, world.keys.slot);
    (void)snprintf(value, sizeof value, "%lld 90000000000000 0", (long long)world.keys.slot_epoch);
    (void)REDIS_ASK(text, "SET", keys_name(&world.keys, "e", slot, name, sizeof name), value);
}

struct keyspace *world_fresh(void)
{
    char text[400], marker[40];
    (void)snprintf(world.prefix, sizeof world.prefix, "t%d", world.prefixes++);
    world.keys = (struct keyspace){.redis = world.redis,
                                   .prefix = world.prefix,
                                   .flow = "orders",
                                   .marker = "m",
                                   .fence = 5,
                                   .slot = "0",
                                   .slot_epoch = 5,
                                   .ttl_ms = LONG_MS * 10,
                                   .deferral_life_ms = LONG_MS,
                                   .sender = "p",
                                   .limit_class = "orders",
                                   .limit_weight = 6,
                                   .limit_burst = 10};
    world.lease_ms = world.window_ms = LONG_MS;
    world.unproven_ms = 0;
    (void)REDIS_ASK(text, "SET", keys_name(&world.keys, "marker", "orders", marker, sizeof marker),
                    "m");
    world_take_slot();
    return &world.keys;
}

/* ---- answers ---- */

void answer_begin(struct answer *a)
{
    *a = (struct answer){.verdict = VERDICT_COUNT};
}

static void say_item(struct answer *a, const struct redis_item *item)
{
    const size_t at = strlen(a->text), room = sizeof a->text - at;
    const char *blank = at > 0 ? " " : "";
    if (item->text != NULL && item->size == IDENTITY_SIZE)
        (void)snprintf(a->text + at, room, "%s%c", blank, item->text[0]);
    else if (item->text != NULL)
        (void)snprintf(a->text + at, room, "%s%.*s", blank, item->size > 0 ? (int)item->size : 1,
                       item->size > 0 ? item->text : "-");
    else if (item->number >= 1000)
        (void)snprintf(a->text + at, room, "%s+", blank);
    else
        (void)snprintf(a->text + at, room, "%s%lld", blank, (long long)item->number);
}

void answer_take(void *user, const struct redis_reply *reply)
{
    struct answer *a = user;
    if (reply->error != NULL)
        (void)fprintf(stderr, "Redis says: %s\n", reply->error);
    a->verdict = keys_verdict(reply);
    for (size_t i = 0; i < reply->count; i++) {
        a->numbers[i] = reply->items[i].number;
        say_item(a, &reply->items[i]);
    }
}

void answer_wait(struct answer *a)
{
    while (a->verdict == VERDICT_COUNT)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
}

/* ---- what is stored ---- */

static const char show[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
    "local function first(s) return s == '' and '-' or string.sub(s, 1, 1) end\n"
    "local function all(s) return s == '' and '-' or s end\n"
    "local function sign(ms) return ms > now and '+' or '0' end\n"
    "local marks = redis.pcall('ZRANGE', KEYS[2], 0, -1)\n"
    "local tail = #marks > 0 and ' | ' .. table.concat(marks, ' ') or ''\n"
    "local raw = redis.pcall('GET', KEYS[1])\n"
    "if not raw then return 'none' .. tail end\n"
    "local whole, at, r = pcall(cmsgpack.unpack_one, raw)\n"
    "if not whole or type(r) ~= 'table' or type(r[12]) ~= 'table' then return 'unreadable' .. tail "
    "end\n"
    "local request = at < 0 and '' or string.sub(raw, at + 1)\n"
    "local outs = {}\n"
    "for i, o in ipairs(r[12]) do\n"
    "  outs[i] = (o[1] == '' and '?' or first(o[1])) .. '#' .. o[3] .. '@' .. first(o[4]) .. "
    "sign(o[2]) .. (o[8] == 'no' and '!' or '')\n"
    "end\n"
    "local l, life = r[19], ''\n"
    "if l then\n"
    "  life = ' / ' .. first(r[18]) .. ' ' .. all(l[1]) .. ' ' .. first(l[3]) .. ' ' .. all(l[4]) "
    ".. "
    "' ' .. all(l[5]) .. ' ' .. all(l[7]) .. ' ' .. all(l[8]) .. (l[9] and ' ' .. l[9] or '')\n"
    "end\n"
    "return r[1] .. ' ' .. first(r[2]) .. first(r[3]) .. sign(r[4]) .. ' ' .. all(r[8]) .. ' [' .. "
    "table.concat(outs, ' ') .. '] ' ..\n"
    "  all(request) .. ' ' .. all(r[11]) .. ' ' .. all(r[13]) .. life .. tail\n";

static const char *draw(const char *natural, char text[static 400])
{
    char record[200], deferrals[200];
    return REDIS_ASK(text, "EVAL", show, "2",
                     keys_name(&world.keys, "k", natural, record, sizeof record),
                     keys_name(&world.keys, "d", natural, deferrals, sizeof deferrals));
}

/* ---- steps ---- */

struct step {
    char *words[WORDS_MAX];
    size_t count;
    const char *parent;
    int64_t version;
    bool cancels;
    char goods_letter, money_letter; /* "g=", "m="; else the content's own, and 'm' */
    uint8_t identity[IDENTITY_SIZE]; /* of word `letter` */
    uint8_t goods[GOODS_SIZE], money[MONEY_SIZE];
};

static const char natural[] = "01/order/web/shop/1001";

static const char *word(const struct step *s, size_t i)
{
    if (i >= s->count)
        fail_msg("step \"%s\" needs more words", s->words[0]);
    return s->words[i];
}

static const uint8_t *content(struct step *s, size_t i)
{
    memset(s->identity, word(s, i)[0], IDENTITY_SIZE);
    memset(s->goods, s->goods_letter != '\0' ? s->goods_letter : word(s, i)[0], GOODS_SIZE);
    memset(s->money, s->money_letter != '\0' ? s->money_letter : 'm', MONEY_SIZE);
    return s->identity;
}

static struct key_work work_of(struct step *s, size_t token, size_t delivery)
{
    struct key_work w = {.natural = natural,
                         .identity = s->identity,
                         .goods = s->goods,
                         .money = s->money,
                         .cancels = s->cancels,
                         .delivery = delivery != 0 ? word(s, delivery) : "",
                         .parent = s->parent,
                         .version = s->version};
    memset(w.token, token != 0 ? word(s, token)[0] : '0', TOKEN_SIZE);
    return w;
}

static bool has(const struct step *s, const char *what)
{
    for (size_t i = 1; i < s->count; i++)
        if (strcmp(s->words[i], what) == 0)
            return true;
    return false;
}

static void do_restore(struct step *s, struct answer *a)
{
    char names[3][200], slot[100], numbers[4][24];
    const uint8_t *f = content(s, 2);
    (void)snprintf(slot, sizeof slot, "%s:%s", world.keys.flow, world.keys.slot);
    (void)snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)world.keys.fence);
    (void)snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)world.keys.slot_epoch);
    (void)snprintf(numbers[2], sizeof numbers[2], "%lld", (long long)world.keys.ttl_ms);
    (void)snprintf(numbers[3], sizeof numbers[3], "%lld", (long long)s->version);
    const char *const texts[] = {keys_name(&world.keys, "marker", "orders", names[0], 200),
                                 keys_name(&world.keys, "e", slot, names[1], 200),
                                 keys_name(&world.keys, "k", natural, names[2], 200),
                                 world.keys.marker,
                                 numbers[0],
                                 world.keys.slot,
                                 numbers[1],
                                 numbers[2],
                                 word(s, 1),
                                 "",
                                 word(s, 3),
                                 s->version == 0 ? "3" : numbers[3],
                                 has(s, "behind")       ? "parked_behind"
                                 : word(s, 1)[0] == 'k' ? "outcome_unknown"
                                 : word(s, 1)[0] == 'w' ? "nothing_left"
                                                        : "",
                                 "1700000000000",
                                 "",
                                 ""};
    const size_t part = has(s, "parts") ? GOODS_SIZE : 0; /* else as an earlier version wrote it */
    struct redis_bytes args[16];
    for (size_t i = 0; i < 16; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    args[9] = (struct redis_bytes){(const char *)f, IDENTITY_SIZE};
    args[14] = (struct redis_bytes){(const char *)s->goods, part};
    args[15] = (struct redis_bytes){(const char *)s->money, part > 0 ? MONEY_SIZE : 0};
    redis_run(world.redis, script_of(SCRIPT_RESTORE), args, 3, 13, answer_take, a);
}

/* From the command line, as `primaflow amended` does. */
static void do_amend(struct step *s, struct answer *a)
{
    char message[300];
    const uint8_t *f = content(s, 1);
    const struct key_version version = {.identity = f,
                                        .goods = s->goods,
                                        .money = s->money,
                                        .delivery = word(s, 2),
                                        .version = s->version};
    a->verdict = key_amend(world.side, world.prefix, world.keys.flow, natural, &version, message);
    (void)snprintf(a->text, sizeof a->text, "%s",
                   a->verdict == VERDICT_FINISHED  ? "finished"
                   : a->verdict == VERDICT_LOST    ? "lost"
                   : a->verdict == VERDICT_SUSPECT ? "suspect"
                                                   : message);
}

/* From the command line, as `primaflow dlq adopt` and its like do. */
static void do_person(struct step *s, struct answer *a)
{
    static const char *const words[] = {"look", "adopt", "take", "free", "discard"};
    static const char *const whose[] = {"-", "own", "other"};
    char message[300] = "", today[8] = "";
    struct parked_view view;
    size_t what = 0;
    while (what < 5 && strcmp(words[what], word(s, 1)) != 0)
        what++;
    const uint8_t *f = content(s, 2);
    struct parked_key key = {.prefix = world.prefix,
                             .flow = world.keys.flow,
                             .natural = natural,
                             .ttl_ms = world.keys.ttl_ms,
                             .wait_ms = world.unproven_ms,
                             .lease_ms = world.lease_ms,
                             .identity = f,
                             .goods = s->goods,
                             .money = s->money,
                             .delivery = word(s, 4),
                             .version = s->version,
                             .summary = {today, 0}};
    memset(key.token, word(s, 3)[0], TOKEN_SIZE);
    if (has(s, "today"))
        key.summary.size = (size_t)snprintf(today, sizeof today, "now%c", word(s, 2)[0]);
    a->verdict = key_parked(world.side, (enum parked_word)what, &key, &view, message);
    if (a->verdict == VERDICT_DEFECT)
        fail_msg("%s", message);
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_FINISHED] = "finished", [VERDICT_CLAIMED] = "claimed",
        [VERDICT_RELEASED] = "released", [VERDICT_DISCARDED] = "discarded",
        [VERDICT_POSTED] = "posted",     [VERDICT_BUSY] = "busy",
        [VERDICT_WAIT] = "wait",         [VERDICT_CANCELLED] = "cancelled",
        [VERDICT_LOST] = "lost",         [VERDICT_UNPROVEN] = "unproven",
        [VERDICT_SUSPECT] = "suspect",   [VERDICT_UNREADABLE] = "unreadable"};
    if (a->verdict == VERDICT_KNOWN)
        (void)snprintf(a->text, sizeof a->text, "known %c %s %s %s %s %s%s",
                       view.state != '\0' ? view.state : '-',
                       view.code[0] != '\0' ? view.code : "-",
                       view.is_proven ? "proven" : "unproven", view.wait_ms > 0 ? "waits" : "now",
                       whose[view.content], view.delivery[0] != '\0' ? view.delivery : "-",
                       view.has_summary ? "" : " bare");
    else
        (void)snprintf(a->text, sizeof a->text, "%s%s%.100s",
                       names[a->verdict] != NULL ? names[a->verdict] : "another",
                       view.delivery[0] != '\0' ? " " : "", view.delivery);
}

/* As the tree before left a record whose document a person spoke for: without the delivery that
 * brought its version. */
static void do_forget_document(struct answer *a)
{
    static const char forget[] = "local at, r = cmsgpack.unpack_one(redis.call('GET', KEYS[1]))\n"
                                 "r[19][9] = nil\n"
                                 "redis.call('SET', KEYS[1], cmsgpack.pack(r))\n"
                                 "return ''";
    char name[200], text[400];
    a->verdict = VERDICT_KEPT;
    (void)REDIS_ASK(text, "EVAL", forget, "1",
                    keys_name(&world.keys, "k", natural, name, sizeof name));
}

static void do_sent(struct step *s, const struct key_work *w, struct answer *a)
{
    char request[8], summary[8];
    (void)snprintf(request, sizeof request, "req%c", word(s, 3)[0]);
    (void)snprintf(summary, sizeof summary, "sum%c", word(s, 3)[0]);
    keys_sent(&world.keys, w, word(s, 2)[0] - '0', world.lease_ms, world.window_ms, content(s, 3),
              (struct redis_bytes){request, 4}, (struct redis_bytes){summary, 4}, answer_take, a);
}

static void do_claim_sent(struct step *s, struct answer *a)
{
    char request[8], summary[8];
    (void)snprintf(request, sizeof request, "req%c", word(s, 1)[0]);
    (void)snprintf(summary, sizeof summary, "sum%c", word(s, 1)[0]);
    (void)content(s, 1);
    const struct key_work w = work_of(s, 2, 3);
    keys_claim_sent(&world.keys, &w, word(s, 4)[0] - '0', world.lease_ms, world.window_ms,
                    (struct redis_bytes){request, 4}, (struct redis_bytes){summary, 4}, answer_take,
                    a);
}

/* "over=PROCESS": of slot 0 in epoch 5, as world_fresh has them; a '*' behind it: and whoever sent
 * before Redis was lost. */
static const char *over_of(const struct step *s)
{
    static char text[100];
    text[0] = '\0';
    for (size_t i = 1; i < s->count; i++)
        if (strncmp(s->words[i], "over=", 5) == 0)
            (void)snprintf(text, sizeof text, "\n%.*s 0 5\n%s", (int)strcspn(s->words[i] + 5, "*"),
                           s->words[i] + 5, strchr(s->words[i], '*') != NULL ? "*\n" : "");
    return text;
}

static void do_finish(struct step *s, struct answer *a)
{
    const enum finish_how how = has(s, "ok")      ? FINISH_OK
                                : has(s, "found") ? FINISH_FOUND
                                                  : FINISH_ADOPT;
    const struct key_work w = work_of(s, 2, 4);
    char summary[8];
    (void)snprintf(summary, sizeof summary, "sum%c", word(s, 3)[0]);
    keys_finish(&world.keys, &w, how, content(s, 3), has(s, "mine"),
                (struct redis_bytes){summary, 4}, answer_take, a);
}

static void begin_step(struct step *s, struct answer *a)
{
    struct keyspace *ks = &world.keys;
    const char *what = s->words[0];
    const bool names_token =
        strcmp(what, "restore") != 0 && strcmp(what, "defer") != 0 && strcmp(what, "finish") != 0;
    if (strcmp(what, "claim") == 0) {
        (void)content(s, 1);
        const struct key_work w = work_of(s, 2, 3);
        keys_claim(ks, &w, world.lease_ms, world.window_ms, answer_take, a);
        return;
    }
    if (strcmp(what, "both") == 0) {
        do_claim_sent(s, a);
        return;
    }
    if (strcmp(what, "amend") == 0) {
        do_amend(s, a);
        return;
    }
    if (strcmp(what, "person") == 0) {
        do_person(s, a);
        return;
    }
    if (strcmp(what, "forget_document") == 0) {
        do_forget_document(a);
        return;
    }
    const struct key_work w = work_of(s, names_token ? 1 : 0, 0);
    struct key_work d = w;
    if (strcmp(what, "sent") == 0)
        do_sent(s, &w, a);
    else if (strcmp(what, "answered") == 0)
        keys_answered(ks, &w, word(s, 2)[0] - '0', "", answer_take, a);
    else if (strcmp(what, "exists") == 0 && (d.delivery = word(s, 3)) != NULL)
        keys_answered(ks, &d, word(s, 2)[0] - '0', "exists_unproven", answer_take, a);
    else if (strcmp(what, "finish") == 0)
        do_finish(s, a);
    else if (strcmp(what, "refuse") == 0 && (d.delivery = word(s, 3)) != NULL)
        keys_refuse(ks, &d, word(s, 2)[0] - '0', "prima_refused", "refused_after_unknown",
                    !has(s, "other"), answer_take, a);
    else if (strcmp(what, "absent") == 0)
        keys_absent(ks, &w, world.lease_ms, world.window_ms, has(s, "anew"), over_of(s),
                    answer_take, a);
    else if (strcmp(what, "no") == 0)
        keys_told_no(ks, &w, word(s, 2)[0] - '0', answer_take, a);
    else if (strcmp(what, "over") == 0)
        keys_over(ks, &w, answer_take, a);
    else if (strcmp(what, "wait") == 0 && (d.delivery = word(s, 2)) != NULL)
        keys_wait(ks, &d, LONG_MS, answer_take, a);
    else if (strcmp(what, "park") == 0 && (d.delivery = word(s, 2)) != NULL)
        keys_park(ks, &d, "outcome_unknown", has(s, "unknown"), answer_take, a);
    else if (strcmp(what, "renew") == 0)
        keys_renew(ks, &w, world.lease_ms, world.window_ms, answer_take, a);
    else if (strcmp(what, "release") == 0)
        keys_release(ks, &w, false, answer_take, a);
    else if (strcmp(what, "cancel") == 0 && (d.delivery = word(s, 2)) != NULL)
        keys_cancel(ks, &d, "", answer_take, a);
    else if (strcmp(what, "empties") == 0 && (d.delivery = word(s, 2)) != NULL)
        keys_cancel(ks, &d, "nothing_left", answer_take, a);
    else if (strcmp(what, "defer") == 0 && (d.delivery = word(s, 1)) != NULL) {
        memset(d.token, s->count > 2 ? word(s, 2)[0] : '0', TOKEN_SIZE);
        keys_defer(ks, &d, LONG_MS, answer_take, a);
    } else if (strcmp(what, "restore") == 0)
        do_restore(s, a);
    else
        fail_msg("no such step: %s", what);
}

static void set_in_redis(const char *kind, const char *rest, const char *value)
{
    char name[100], text[400];
    (void)REDIS_ASK(text, "SET", keys_name(&world.keys, kind, rest, name, sizeof name), value);
}

static void set_pause(const char *ms)
{
    char name[100], text[400];
    (void)REDIS_ASK(text, "SET", keys_name(&world.keys, "pause", "", name, sizeof name), "1", "PX",
                    ms);
}

const char *row_raw = "";

/* How an earlier release left word of version 7 that waits by policy. */
static const char as_robustness_waited[] =
    "return redis.call('SET', KEYS[1], cmsgpack.pack({'w', '', '', 0, 0, '', 0, ARGV[1], '', 7, "
    "'', {}, '', 0}))";

/* Puts what is none of ours where the record, or its deferrals, should be. False: no such step. */
static bool do_spoil(const struct step *s)
{
    char name[200], text[400];
    const char *what = s->words[0];
    const char *key =
        keys_name(&world.keys, strcmp(what, "marks") == 0 ? "d" : "k", natural, name, sizeof name);
    if (strcmp(what, "raw") == 0)
        (void)REDIS_ASK(text, "SET", key, row_raw);
    else if (strcmp(what, "list") == 0 || strcmp(what, "marks") == 0)
        (void)REDIS_ASK(text, "RPUSH", key, "x");
    else if (strcmp(what, "waited") == 0)
        (void)REDIS_ASK(text, "EVAL", as_robustness_waited, "1", key, s->words[1]);
    else
        return false;
    return true;
}

static void do_set(const struct step *s)
{
    struct keyspace *ks = &world.keys;
    for (size_t i = 1; i < s->count; i++) {
        char name[20], value[40], slot[100];
        if (sscanf(s->words[i], "%19[a-z]=%39s", name, value) != 2)
            fail_msg("set what? %s", s->words[i]);
        const long long number = strtoll(value, NULL, 10);
        (void)snprintf(slot, sizeof slot, "%s:%s", ks->flow, ks->slot);
        if (strcmp(name, "lease") == 0)
            world.lease_ms = number;
        else if (strcmp(name, "window") == 0)
            world.window_ms = number;
        else if (strcmp(name, "unproven") == 0)
            world.unproven_ms = number;
        else if (strcmp(name, "fence") == 0)
            ks->fence = number;
        else if (strcmp(name, "epoch") == 0)
            ks->slot_epoch = number;
        else if (strcmp(name, "slot") == 0)
            (void)snprintf(ks->slot, sizeof ks->slot, "%s", value);
        else if (strcmp(name, "sender") == 0)
            (void)snprintf(ks->sender, sizeof ks->sender, "%s", value);
        else if (strcmp(name, "marker") == 0)
            (void)snprintf(ks->marker, sizeof ks->marker, "%s", value);
        else if (strcmp(name, "pause") == 0)
            set_pause(value);
        else if (strcmp(name, "newmarker") == 0)
            set_in_redis("marker", "orders", value);
        else if (strcmp(name, "newepoch") == 0)
            set_in_redis("e", slot, value);
        else
            fail_msg("set what? %s", s->words[i]);
        if (strcmp(name, "epoch") == 0 || strcmp(name, "slot") == 0)
            world_take_slot();
    }
}

/* Runs it twice, as a connection does that broke between the effect and the answer. */
static void do_step(const char *row, struct step *s, struct answer *a)
{
    char once[400], twice[400];
    struct answer again;
    if (strcmp(s->words[0], "set") == 0) {
        do_set(s);
        return;
    }
    if (do_spoil(s))
        return;
    answer_begin(a);
    begin_step(s, a);
    answer_wait(a);
    (void)draw(natural, once);
    answer_begin(&again);
    begin_step(s, &again);
    answer_wait(&again);
    (void)draw(natural, twice);
    if (strcmp(once, twice) != 0)
        fail_msg("%s: %s twice stores\n%s, not\n%s", row, s->words[0], twice, once);
    if (strcmp(a->text, again.text) != 0 && strcmp(s->words[0], "restore") != 0)
        fail_msg("%s: %s twice says\n%s, not\n%s", row, s->words[0], again.text, a->text);
}

static void read_step(char *text, struct step *s)
{
    char *save = NULL;
    *s = (struct step){.parent = ""};
    for (char *w = strtok_r(text, " ", &save); w != NULL && s->count < WORDS_MAX;
         w = strtok_r(NULL, " ", &save)) {
        if (strncmp(w, "p=", 2) == 0)
            s->parent = w + 2;
        else if (strncmp(w, "v=", 2) == 0)
            s->version = strtoll(w + 2, NULL, 10);
        else if (strncmp(w, "g=", 2) == 0)
            s->goods_letter = w[2];
        else if (strncmp(w, "m=", 2) == 0)
            s->money_letter = w[2];
        else if (strcmp(w, "cancels") == 0)
            s->cancels = true;
        else
            s->words[s->count++] = w;
    }
}

void row_answers(const char *steps_of_row, const char *answer)
{
    char steps[1200], *save = NULL;
    struct answer a = {.verdict = VERDICT_COUNT};
    (void)world_fresh();
    (void)snprintf(steps, sizeof steps, "%s", steps_of_row);
    for (char *text = strtok_r(steps, ";", &save); text != NULL;
         text = strtok_r(NULL, ";", &save)) {
        struct step s;
        read_step(text, &s);
        do_step(steps_of_row, &s, &a);
    }
    if (strcmp(a.text, answer) != 0)
        fail_msg("%s: the answer is\n%s, not\n%s", steps_of_row, a.text, answer);
}

void row_run(const struct row *row)
{
    char steps[1200], record[400], *save = NULL;
    struct answer a = {.verdict = VERDICT_COUNT};
    (void)world_fresh();
    (void)snprintf(steps, sizeof steps, "%s", row->steps);
    for (char *text = strtok_r(steps, ";", &save); text != NULL;
         text = strtok_r(NULL, ";", &save)) {
        struct step s;
        read_step(text, &s);
        do_step(row->name, &s, &a);
    }
    if (strcmp(a.text, row->answer) != 0)
        fail_msg("%s: the answer is\n%s, not\n%s", row->name, a.text, row->answer);
    if (strcmp(draw(natural, record), row->record) != 0)
        fail_msg("%s: what is stored is\n%s, not\n%s", row->name, record, row->record);
}

const char *row_key(char *name, size_t room)
{
    return keys_name(&world.keys, "k", natural, name, room);
}

void rows_run(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        row_run(&rows[i]);
}
