/* The language of the tables; see test_key_credit_support.h. */
#include "test_key_credit_support.h"

#include "idempotency/key_credit.h"
#include "idempotency/key_parked.h"
#include "idempotency/keys_once.h"

#include <stdlib.h>

enum { STEPS_MAX = 32, WORDS_MAX = 8, LONG_MS = 60000, READ_TO = 100, PARTITION = 3 };

static const char order[] = "01/web/shop/1001";

static struct {
    struct keyspace *keys;
    struct redis_once *once, *commands[3]; /* each command's own: x, y, z */
    int64_t lease_ms, window_ms, block_ms;
    char stamp[120]; /* of the last look */
} credit;

struct said {
    enum verdict verdict;
    char text[600];
};

int credit_set_up(void **state)
{
    struct redis_server server;
    char message[300];
    if (world_set_up(state) != 0 ||
        redis_once_open(world_url(), 5000, &credit.once, &server, message) != 0)
        return -1;
    for (size_t i = 0; i < 3; i++)
        if (redis_once_open(world_url(), 5000, &credit.commands[i], &server, message) != 0)
            return -1;
    return 0;
}

int credit_tear_down(void **state)
{
    redis_once_close(credit.once);
    for (size_t i = 0; i < 3; i++)
        redis_once_close(credit.commands[i]);
    return world_tear_down(state);
}

/* ---- answers ---- */

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t room, const char *format,
                                                      ...)
{
    const size_t at = strlen(text);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text + at, room - at, format, args);
    va_end(args);
}

/* A number that the test gave, or one by Redis' clock. */
static void add_number(char *text, size_t room, int64_t number)
{
    if (number > 1000000)
        add(text, room, "#+");
    else
        add(text, room, "#%lld", (long long)number);
}

static void say_credit(struct said *said, const struct redis_reply *reply)
{
    const struct keys_credit c = keys_credit(reply);
    const char *const stamp = strlen(c.stamp) > 10 ? "+" : c.stamp;
    add(said->text, sizeof said->text, " %lld %s%s", (long long)c.position,
        c.stamp[0] != '\0' ? stamp : "-", c.is_blocked ? " blocked" : "");
    if (said->verdict == VERDICT_KNOWN)
        (void)snprintf(credit.stamp, sizeof credit.stamp, "%s", c.stamp);
    for (char k = 'a'; k <= 'z'; k++) /* in order: Redis' is none */
        for (size_t i = 0; i < c.count; i++) {
            struct keys_credit_item item;
            keys_credit_at(reply, i, &item);
            if (item.key.data[item.key.size - 1] != k)
                continue;
            add(said->text, sizeof said->text, " %s%c", item.owed_by.size > 0 ? "~" : "", k);
            if (item.owed_by.size > 0)
                add(said->text, sizeof said->text, "#%.*s v%lld", (int)item.owed_by.size,
                    item.owed_by.data, (long long)item.version);
            else
                add_number(said->text, sizeof said->text, item.number);
            add(said->text, sizeof said->text, ":%.*s", (int)item.summary.size, item.summary.data);
        }
}

static void say(void *user, const struct redis_reply *reply)
{
    struct said *said = user;
    if (reply->error != NULL)
        fail_msg("Redis says: %s", reply->error);
    said->verdict = keys_verdict(reply);
    (void)snprintf(said->text, sizeof said->text, "%s",
                   reply->count > 0 && reply->items[0].text != NULL ? reply->items[0].text : "?");
    if (said->verdict == VERDICT_KNOWN || said->verdict == VERDICT_MOVED ||
        (said->verdict == VERDICT_CLAIMED && keys_credit_is_told(reply)))
        say_credit(said, reply);
    if (said->verdict == VERDICT_FINISHED) {
        add_number(said->text, sizeof said->text, keys_finished_number(reply));
        if (keys_finished_related(reply)[0] != '\0')
            add(said->text, sizeof said->text, " %s", keys_finished_related(reply));
    }
    if (said->verdict == VERDICT_PARKED) /* by a claim it has more */
        add_number(said->text, sizeof said->text,
                   reply->count > 2 ? keys_parked(reply).number : keys_parked_number(reply));
    if (said->verdict == VERDICT_POSTED) {
        add(said->text, sizeof said->text, " %s", reply->items[1].text);
        add_number(said->text, sizeof said->text, keys_posted(reply).number);
        if (keys_posted(reply).summary.size == 0)
            add(said->text, sizeof said->text, " told");
    }
    if (said->verdict == VERDICT_BUSY)
        add(said->text, sizeof said->text, " %s", keys_wait_ms(reply) > 0 ? "+" : "0");
}

/* ---- state ---- */

static const char show[] =
    "local all, out, tail = redis.pcall('HGETALL', KEYS[1]), {}, ''\n"
    "local at = redis.call('GET', KEYS[2]) or '-'\n"
    "if all.err then return 'foreign' end\n"
    "local h, stamp = {}, nil\n"
    "for i = 1, #all, 2 do h[all[i]] = all[i + 1] end\n"
    "for name, value in pairs(h) do\n"
    "  if #name > 1 then\n"
    "    local n, s = string.match(value, '^(%d+) (.*)$')\n"
    "    local owed, by, rest = string.sub(name, 1, 1) == '~'\n"
    "    if owed then by, rest = string.match(s, '^(%S+) %S+ (.*)$') end\n"
    "    out[#out + 1] = (owed and '~' or '') .. string.sub(name, -1) .. '#' .. "
    "(by or n and #n < 7 and n or '+') .. ':' .. (rest or s or value)\n"
    "  end\n"
    "end\n"
    "table.sort(out)\n"
    "if h.b then tail = ' blocked by ' .. string.match(h.b, ' (.*)$') end\n"
    "if h.m then stamp = h.s == '' and '-' or #h.s > 10 and '+' or h.s end\n"
    "local states = {}\n"
    "for i = 3, #KEYS do\n"
    "  local raw = redis.call('GET', KEYS[i])\n"
    "  if raw then\n"
    "    local _, r = cmsgpack.unpack_one(raw)\n"
    "    states[#states + 1] = string.char(94 + i) .. '=' .. r[1] .. string.rep('!', #r[12])\n"
    "  end\n"
    "end\n"
    "local ttl = redis.call('PTTL', KEYS[1])\n"
    "if ttl > 0 and ttl < 590000 or ttl == -1 then tail = tail .. ' TTL ' .. ttl end\n"
    "return (stamp or 'none') .. (#out > 0 and ' ' or '') .. table.concat(out, ' ') .. tail .. ' "
    "at ' .. at ..\n"
    "  (#states > 0 and ', ' or '') .. table.concat(states, ' ')\n";

static const char *natural_of(char refund, char text[static 40])
{
    (void)snprintf(text, 40, "01/refunds/web/shop/%c", refund);
    return text;
}

static const char *key_name(const char *kind, const char *rest, char text[static 200])
{
    return keys_name(credit.keys, kind, rest, text, 200);
}

static const char *draw(char text[static 400])
{
    char names[5][200], natural[40], at[40];
    (void)snprintf(at, sizeof at, "%s:%d", credit.keys->flow, PARTITION);
    for (size_t i = 0; i < 3; i++)
        (void)key_name("k", natural_of((char)('a' + i), natural), names[2 + i]);
    return REDIS_ASK(text, "EVAL", show, "5", key_name("o", order, names[0]),
                     key_name("at", at, names[1]), names[2], names[3], names[4]);
}

/* ---- steps ---- */

struct step {
    char *words[WORDS_MAX];
    size_t count;
    const char *stamp, *delivery, *parent;
    int64_t read_to, version;
};

static const char *word(const struct step *s, size_t i)
{
    if (i >= s->count)
        fail_msg("step \"%s\" needs more words", s->words[0]);
    return s->words[i];
}

static int64_t number(const struct step *s, size_t i)
{
    return strtoll(word(s, i), NULL, 10);
}

static bool has(const struct step *s, const char *what)
{
    for (size_t i = 1; i < s->count; i++)
        if (strcmp(s->words[i], what) == 0)
            return true;
    return false;
}

struct attempt {
    struct key_work work;
    struct key_credit credit;
    char natural[40];
    uint8_t identity[IDENTITY_SIZE];
    char summary[8], request[8];
};

/* Of refund and token in words 1 and 2; its content in word `at`, or 'A'. */
static void attempt_begin(struct attempt *a, const struct step *s, size_t at)
{
    const char content = at < s->count ? s->words[at][0] : 'A';
    memset(a->identity, content, IDENTITY_SIZE);
    (void)snprintf(a->summary, sizeof a->summary, "sum%c", content);
    (void)snprintf(a->request, sizeof a->request, "req%c", content);
    a->credit = (struct key_credit){.order = order,
                                    .order_natural = "01/orders/web/shop/1",
                                    .partition = PARTITION,
                                    .stamp = s->stamp != NULL ? s->stamp : credit.stamp,
                                    .read_to = s->read_to};
    a->work = (struct key_work){.natural = natural_of(word(s, 1)[0], a->natural),
                                .identity = a->identity,
                                .delivery = s->delivery != NULL ? s->delivery : s->words[1],
                                .parent = s->parent,
                                .version = s->version,
                                .credit = &a->credit};
    memset(a->work.token, word(s, 2)[0], TOKEN_SIZE);
}

static void do_finish(const struct step *s, struct attempt *a, struct said *said)
{
    const enum finish_how how = has(s, "ok")      ? FINISH_OK
                                : has(s, "found") ? FINISH_FOUND
                                                  : FINISH_ADOPT;
    attempt_begin(a, s, 4);
    keys_finish(credit.keys, &a->work, how, a->identity, !has(s, "other"),
                (struct redis_bytes){a->summary, 4}, say, said);
}

static void do_person(const struct step *s, struct said *said)
{
    static const struct {
        const char *name;
        enum parked_word word;
    } words[] = {{"take", PARKED_TAKE}, {"adopt", PARKED_ADOPT}, {"discard", PARKED_DISCARD}};
    char natural[40], message[300] = "";
    uint8_t identity[IDENTITY_SIZE];
    struct parked_view view;
    size_t what = 0;
    while (what < 2 && strcmp(words[what].name, word(s, 1)) != 0)
        what++;
    memset(identity, 'A', sizeof identity);
    struct parked_key key = {.prefix = credit.keys->prefix,
                             .flow = credit.keys->flow,
                             .natural = natural_of(word(s, 2)[0], natural),
                             .order = order,
                             .ttl_ms = credit.keys->ttl_ms,
                             .lease_ms = credit.lease_ms,
                             .identity = identity,
                             .delivery = word(s, 2),
                             .summary = {"", 0}};
    memset(key.token, word(s, 3)[0], TOKEN_SIZE);
    said->verdict = key_parked(credit.once, words[what].word, &key, &view, message);
    if (said->verdict == VERDICT_DEFECT)
        fail_msg("%s", message);
    (void)snprintf(said->text, sizeof said->text, "%s",
                   said->verdict == VERDICT_CLAIMED     ? "claimed"
                   : said->verdict == VERDICT_FINISHED  ? "finished"
                   : said->verdict == VERDICT_DISCARDED ? "discarded"
                                                        : "not taken");
}

/* A posted order, with its life (scripts/record.lua). */
static const char order_record[] = "redis.call('SET', KEYS[1], cmsgpack.pack({'p', 'f', '', 0, 0, "
                                   "'', 0, 'in/0/0', '', 1, '', {}, '', 1, 1, 1, "
                                   "'g', 'm', {'', 1, ARGV[1], '', '', 1, '', ARGV[2]}}))";

/* What Redis says to the command line, or to the rebuild, at once. */
static void do_at_once(const struct step *s, struct said *said)
{
    struct credit_block block = {.prefix = credit.keys->prefix,
                                 .flow = credit.keys->flow,
                                 .order = order,
                                 .partition = PARTITION,
                                 .lease_ms = credit.block_ms,
                                 .ttl_ms = credit.keys->ttl_ms};
    struct keys_batch batch = {.redis = credit.once, .ks = credit.keys};
    struct redis_reply reply;
    char message[300] = "", natural[40];
    uint8_t identity[IDENTITY_SIZE];
    if (strcmp(s->words[0], "person") == 0) {
        do_person(s, said);
        return;
    }
    *said = (struct said){.verdict = VERDICT_RESTORED, .text = "restored"};
    if (strcmp(s->words[0], "at") == 0) {
        if (keys_credit_position(&batch, PARTITION, number(s, 1)) < 0 || keys_batch_end(&batch) < 0)
            (void)snprintf(said->text, sizeof said->text, "failed");
        return;
    }
    if (strcmp(s->words[0], "restore") == 0) {
        memset(identity, word(s, 2)[0], sizeof identity);
        const struct keys_restored key = {.state = "p",
                                          .natural = natural_of(word(s, 1)[0], natural),
                                          .identity = identity,
                                          .delivery = s->words[1],
                                          .code = "",
                                          .at_ms = 1};
        if (keys_batch_restore(&batch, &key) < 0 || keys_batch_end(&batch) < 0)
            fail_msg("not restored");
        return;
    }
    block.holder = s->count > 1 ? word(s, 1) : "";
    struct redis_once *once = block.holder[0] >= 'x' && block.holder[0] <= 'z'
                                  ? credit.commands[block.holder[0] - 'x']
                                  : credit.once;
    if (strcmp(s->words[0], "order") == 0) { /* what its channel has told of it since */
        char name[200], text[400];
        (void)REDIS_ASK(text, "EVAL", order_record, "1",
                        key_name("k", "01/orders/web/shop/1", name),
                        has(s, "amended") ? "goods" : "", has(s, "cancelled") ? "in/0/1" : "");
        return;
    }
    if (strcmp(s->words[0], "forget") == 0) { /* Redis is set back behind the block */
        char name[200], text[400];
        (void)REDIS_ASK(text, "DEL", key_name("o", order, name));
        (void)REDIS_ASK(text, "SET", key_name("amends", block.holder, name), "1 00000000000000 0");
        return;
    }
    if (strcmp(s->words[0], "again") == 0) {
        static const char *const words[] = {[VERDICT_KNOWN] = "known",
                                            [VERDICT_LOST] = "lost",
                                            [VERDICT_SUSPECT] = "suspect",
                                            [VERDICT_UNREADABLE] = "unreadable"};
        said->verdict = keys_credit_block_again(once, &block, message);
        if (said->verdict == VERDICT_DEFECT)
            fail_msg("%s", message);
        (void)snprintf(said->text, sizeof said->text, "%s", words[said->verdict]);
        return;
    }
    if (strcmp(s->words[0], "block") == 0) {
        if (keys_credit_block(once, &block, &reply, message) == VERDICT_DEFECT)
            fail_msg("%s", message);
        say(said, &reply);
        return;
    }
    if (strcmp(s->words[0], "show") == 0) {
        if (keys_credit_show(credit.once, &block, &reply, message) == VERDICT_DEFECT)
            fail_msg("%s", message);
        say(said, &reply);
        return;
    }
    static const char *const names[] = {[VERDICT_RELEASED] = "released",
                                        [VERDICT_LOST] = "lost",
                                        [VERDICT_SUSPECT] = "suspect",
                                        [VERDICT_UNREADABLE] = "unreadable"};
    said->verdict = keys_credit_unblock(once, &block, number(s, 2), message);
    if (said->verdict == VERDICT_DEFECT)
        fail_msg("%s", message);
    (void)snprintf(said->text, sizeof said->text, "%s", names[said->verdict]);
}

static bool is_at_once(const char *what)
{
    return strcmp(what, "at") == 0 || strcmp(what, "show") == 0 || strcmp(what, "block") == 0 ||
           strcmp(what, "again") == 0 || strcmp(what, "forget") == 0 ||
           strcmp(what, "order") == 0 || strcmp(what, "person") == 0 ||
           strcmp(what, "unblock") == 0 || strcmp(what, "restore") == 0;
}

static void begin_step(const struct step *s, struct said *said)
{
    struct keyspace *ks = credit.keys;
    const char *what = s->words[0];
    struct attempt a;
    if (strcmp(what, "look") == 0) {
        keys_credit_look(ks, order, PARTITION, say, said);
        return;
    }
    if (strcmp(what, "done") == 0) {
        const struct keys_told told = {word(s, 1), {"kept", 4}};
        keys_credit_done(ks, order, PARTITION, natural_of(word(s, 1)[0], a.natural), number(s, 2),
                         s->delivery, number(s, 3), has(s, "told") ? &told : NULL, say, said);
        return;
    }
    attempt_begin(&a, s, 4);
    if (strcmp(what, "claim") == 0)
        keys_claim(ks, &a.work, credit.lease_ms, credit.window_ms, say, said);
    else if (strcmp(what, "sent") == 0)
        keys_sent(ks, &a.work, number(s, 3), credit.lease_ms, credit.window_ms, a.identity,
                  (struct redis_bytes){a.request, 4}, (struct redis_bytes){a.summary, 4}, say,
                  said);
    else if (strcmp(what, "claimsent") == 0)
        keys_claim_sent(ks, &a.work, number(s, 3), credit.lease_ms, credit.window_ms,
                        (struct redis_bytes){a.request, 4}, (struct redis_bytes){a.summary, 4}, say,
                        said);
    else if (strcmp(what, "answered") == 0)
        keys_answered(ks, &a.work, number(s, 3), "", say, said);
    else if (strcmp(what, "exists") == 0)
        keys_answered(ks, &a.work, number(s, 3), "exists_unproven", say, said);
    else if (strcmp(what, "refuse") == 0)
        keys_refuse(ks, &a.work, number(s, 3), "refused", "refused_after_unknown", !has(s, "other"),
                    say, said);
    else if (strcmp(what, "finish") == 0)
        do_finish(s, &a, said);
    else if (strcmp(what, "absent") == 0)
        keys_absent(ks, &a.work, credit.lease_ms, credit.window_ms, has(s, "anew"),
                    has(s, "over") ? "\np 0 5\n" : "", say, said);
    else if (strcmp(what, "park") == 0)
        keys_park(ks, &a.work, "outcome_unknown", false, say, said);
    else if (strcmp(what, "renew") == 0)
        keys_renew(ks, &a.work, credit.lease_ms, credit.window_ms, say, said);
    else if (strcmp(what, "defer") == 0)
        keys_defer(ks, &a.work, LONG_MS, say, said);
    else if (strcmp(what, "release") == 0)
        keys_release(ks, &a.work, has(s, "ends"), say, said);
    else if (strcmp(what, "owe") == 0)
        keys_release_owing(ks, &a.work, (struct redis_bytes){a.summary, 4}, say, said);
    else
        fail_msg("no such step: %s", what);
}

static void step_run(const struct step *s, struct said *said)
{
    *said = (struct said){.verdict = VERDICT_COUNT};
    if (is_at_once(s->words[0])) {
        do_at_once(s, said);
        return;
    }
    begin_step(s, said);
    while (said->verdict == VERDICT_COUNT)
        (void)uv_run(world_loop(), UV_RUN_ONCE);
}

static void do_set(const struct step *s)
{
    char name[20], value[40], key[200], text[400];
    for (size_t i = 1; i < s->count; i++) {
        if (sscanf(s->words[i], "%19[a-z]=%39s", name, value) != 2)
            fail_msg("set what? %s", s->words[i]);
        const int64_t ms = strtoll(value, NULL, 10);
        if (strcmp(name, "lease") == 0)
            credit.lease_ms = ms;
        else if (strcmp(name, "window") == 0)
            credit.window_ms = ms;
        else if (strcmp(name, "block") == 0)
            credit.block_ms = ms;
        else if (strcmp(name, "marker") == 0)
            (void)snprintf(credit.keys->marker, sizeof credit.keys->marker, "%s", value);
        else if (strcmp(name, "newmarker") == 0)
            (void)REDIS_ASK(text, "SET", key_name("marker", credit.keys->flow, key), value);
        else
            fail_msg("set what? %s", s->words[i]);
    }
}

/* Puts what is none of ours where the order's record is, or into it. */
static bool do_spoil(const struct step *s)
{
    char key[200], text[400];
    if (strcmp(s->words[0], "spoil") == 0)
        (void)REDIS_ASK(text, "SET", key_name("o", order, key), "x");
    else if (strcmp(s->words[0], "garble") == 0)
        (void)REDIS_ASK(text, "HSET", key_name("o", order, key), "01/refunds/web/shop/z", "x");
    else
        return false;
    return true;
}

static void read_step(char *text, struct step *s)
{
    char *save = NULL;
    *s = (struct step){.parent = "", .read_to = READ_TO};
    for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        if (strncmp(w, "s=", 2) == 0)
            s->stamp = w[2] == '-' ? "" : w + 2;
        else if (strncmp(w, "read=", 5) == 0)
            s->read_to = strtoll(w + 5, NULL, 10);
        else if (strncmp(w, "v=", 2) == 0)
            s->version = strtoll(w + 2, NULL, 10);
        else if (strncmp(w, "d=", 2) == 0)
            s->delivery = w + 2;
        else if (strncmp(w, "p=", 2) == 0)
            s->parent = w + 2;
        else if (s->count < WORDS_MAX)
            s->words[s->count++] = w;
    }
}

static void do_step(const char *row, const struct step *s, struct said *said)
{
    struct said again;
    char once[400], twice[400];
    if (strcmp(s->words[0], "set") == 0) {
        do_set(s);
        return;
    }
    if (do_spoil(s))
        return;
    step_run(s, said);
    (void)draw(once);
    step_run(s, &again);
    (void)draw(twice);
    if (strcmp(once, twice) != 0)
        fail_msg("%s: %s twice leaves\n%s, not\n%s", row, s->words[0], twice, once);
    if (strcmp(said->text, again.text) != 0 && strcmp(s->words[0], "restore") != 0)
        fail_msg("%s: %s twice says\n%s, not\n%s", row, s->words[0], again.text, said->text);
}

void credit_begin(void)
{
    credit.keys = world_fresh();
    credit.lease_ms = credit.window_ms = credit.block_ms = LONG_MS;
    credit.stamp[0] = '\0';
}

void credit_step(const char *step, char answer[static 600], char state[static 400])
{
    char text[200];
    struct said said = {.verdict = VERDICT_COUNT};
    struct step s;
    (void)snprintf(text, sizeof text, "%s", step);
    read_step(text, &s);
    do_step(step, &s, &said);
    (void)snprintf(answer, 600, "%s", said.text);
    (void)draw(state);
}

static void row_runs(const struct credit_row *row)
{
    char steps[1200], state[400], *save = NULL;
    struct said said = {.verdict = VERDICT_COUNT};
    credit_begin();
    (void)snprintf(steps, sizeof steps, "%s", row->steps);
    for (char *text = strtok_r(steps, ";", &save); text != NULL;
         text = strtok_r(NULL, ";", &save)) {
        struct step s;
        read_step(text, &s);
        if (s.count > 0)
            do_step(row->name, &s, &said);
    }
    if (strcmp(said.text, row->answer) != 0)
        fail_msg("%s: the answer is\n%s, not\n%s", row->name, said.text, row->answer);
    if (strcmp(draw(state), row->state) != 0)
        fail_msg("%s: the state is\n%s, not\n%s", row->name, state, row->state);
}

void credit_rows_run(const struct credit_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        row_runs(&rows[i]);
}
