/* Typed calls of the scripts; see keys.h. */
#include "idempotency/keys.h"

#include "base/digits.h"

#include <assert.h>

enum { KEY_NAME_MAX = 512 };

/* Appends as much as there is room for, and a NUL. */
static size_t append(char *text, size_t at, size_t room, const char *part)
{
    const size_t left = room - at - 1, wanted = strlen(part), size = wanted < left ? wanted : left;
    memcpy(text + at, part, size);
    text[at + size] = '\0';
    return at + size;
}

const char *keys_name(const struct keyspace *ks, const char *kind, const char *rest, char *text, size_t room)
{
    const bool is_shared = ks->limit_prefix != NULL && (strcmp(kind, "bucket") == 0 || strcmp(kind, "pause") == 0);
    size_t at = append(text, 0, room, is_shared ? ks->limit_prefix : ks->prefix);
    at = append(text, at, room, ":");
    at = append(text, at, room, kind);
    if (rest[0] != '\0') {
        at = append(text, at, room, ":");
        (void)append(text, at, room, rest);
    }
    return text;
}

enum verdict keys_verdict(const struct redis_reply *reply)
{
    static const char *const names[] = {
        [VERDICT_SUSPECT] = "suspect",     [VERDICT_SLOT_LOST] = "slot_lost",
        [VERDICT_STALE] = "stale",         [VERDICT_LOST] = "lost",
        [VERDICT_DEFERRED] = "deferred",   [VERDICT_CLAIMED] = "claimed",
        [VERDICT_BUSY] = "busy",           [VERDICT_TAKEOVER] = "takeover",
        [VERDICT_POSTED] = "posted",       [VERDICT_REFUSED] = "refused",
        [VERDICT_PARKED] = "parked",       [VERDICT_DISCARDED] = "discarded",
        [VERDICT_CANCELLED] = "cancelled", [VERDICT_SENT] = "sent",
        [VERDICT_WAIT] = "wait",           [VERDICT_GO] = "go",
        [VERDICT_FINISHED] = "finished",   [VERDICT_UNPROVEN] = "unproven",
        [VERDICT_ABSENT] = "absent",       [VERDICT_RENEWED] = "renewed",
        [VERDICT_RELEASED] = "released",   [VERDICT_PAUSED] = "paused",
        [VERDICT_RESTORED] = "restored",   [VERDICT_KEPT] = "kept",
        [VERDICT_KNOWN] = "known",         [VERDICT_UNSURE] = "unsure",
        [VERDICT_ANSWERED] = "answered",   [VERDICT_TAKEN] = "taken",
        [VERDICT_HEARD] = "heard",
    };
    if (reply->error == NULL && reply->count > 0 && reply->items[0].text != NULL)
        for (int i = 0; i < VERDICT_DEFECT; i++)
            if (names[i][0] == reply->items[0].text[0] && strcmp(names[i], reply->items[0].text) == 0)
                return (enum verdict)i;
    return VERDICT_DEFECT;
}

/* One call being put together: KEYS first, then ARGV, with room for the texts of names and numbers. */
struct call {
    struct redis_bytes args[REDIS_ARGS_MAX];
    size_t key_count, arg_count;
    char names[5][KEY_NAME_MAX], numbers[12][DIGITS_MAX];
    size_t name_count, number_count;
};

static void add(struct call *c, const char *data, size_t size)
{
    assert(c->key_count + c->arg_count < REDIS_ARGS_MAX);
    c->args[c->key_count + c->arg_count++] = (struct redis_bytes){data, size};
}

static void add_text(struct call *c, const char *text)
{
    add(c, text, strlen(text));
}

static void add_number(struct call *c, int64_t number)
{
    assert(c->number_count < sizeof c->numbers / sizeof *c->numbers);
    char *text = c->numbers[c->number_count++];
    add(c, text, digits_write(number, text));
}

static void add_bytes(struct call *c, const uint8_t *bytes, size_t size)
{
    add(c, (const char *)bytes, size);
}

static void add_key(struct call *c, const struct keyspace *ks, const char *kind, const char *rest)
{
    assert(c->arg_count == 0 && c->name_count < sizeof c->names / sizeof *c->names);
    char *name = c->names[c->name_count++];
    (void)keys_name(ks, kind, rest, name, KEY_NAME_MAX);
    c->args[c->key_count++] = (struct redis_bytes){name, strlen(name)};
}

static void begin_at(struct call *c, const struct keyspace *ks, const char *kind, const char *rest)
{
    char slot[160];
    c->key_count = c->arg_count = c->name_count = c->number_count = 0;
    size_t at = append(slot, 0, sizeof slot, ks->flow);
    at = append(slot, at, sizeof slot, ":");
    (void)append(slot, at, sizeof slot, ks->slot);
    add_key(c, ks, "marker", ks->flow);
    add_key(c, ks, "e", slot);
    add_key(c, ks, kind, rest);
}

static void begin(struct call *c, const struct keyspace *ks, const char *natural)
{
    begin_at(c, ks, "k", natural);
}

static void begin_args(struct call *c, const struct keyspace *ks)
{
    add_text(c, ks->marker);
    add_number(c, ks->fence);
    add_text(c, ks->slot);
    add_number(c, ks->slot_epoch);
    add_number(c, ks->ttl_ms);
}

static void add_limits(struct call *c, const struct keyspace *ks)
{
    add_text(c, ks->limit_class);
    add_number(c, ks->limit_weight);
    add_number(c, ks->limit_rate);
    add_number(c, ks->limit_burst);
}

static void run(struct call *c, struct keyspace *ks, enum script script, redis_done done, void *user)
{
    redis_run(ks->redis, script, c->args, c->key_count, c->arg_count, done, user);
}

void keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->identity, IDENTITY_SIZE);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, lease_ms);
    add_text(&c, w->delivery);
    add_text(&c, w->parent);
    add_number(&c, w->version);
    add_number(&c, window_ms);
    run(&c, ks, SCRIPT_CLAIM, done, user);
}

void keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number, int64_t lease_ms, int64_t window_ms, const uint8_t *identity,
               struct redis_bytes request, struct redis_bytes summary, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "bucket", "");
    add_key(&c, ks, "pause", "");
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, number);
    add_number(&c, lease_ms);
    add_number(&c, window_ms);
    add_bytes(&c, identity, IDENTITY_SIZE);
    add(&c, request.data, request.size);
    add(&c, summary.data, summary.size);
    add_limits(&c, ks);
    run(&c, ks, SCRIPT_SENT, done, user);
}

void keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code_when_exists, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, number);
    add_text(&c, code_when_exists);
    add_text(&c, w->delivery);
    run(&c, ks, SCRIPT_ANSWERED, done, user);
}

void keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how, const uint8_t *identity, bool content_is_ours,
                 struct redis_bytes summary, redis_done done, void *user)
{
    static const char *const hows[] = {"ok", "found", "adopt"};
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_text(&c, hows[how]);
    add_bytes(&c, identity, IDENTITY_SIZE);
    add_text(&c, w->delivery);
    add_text(&c, content_is_ours ? "1" : "0");
    add(&c, summary.data, summary.size);
    run(&c, ks, SCRIPT_FINISH, done, user);
}

void keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code, const char *code_when_parked,
                 redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, number);
    add_text(&c, code);
    add_text(&c, w->delivery);
    add_text(&c, code_when_parked);
    run(&c, ks, SCRIPT_REFUSE, done, user);
}

void keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, bool begin_anew, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, lease_ms);
    add_text(&c, begin_anew ? "1" : "0");
    run(&c, ks, SCRIPT_ABSENT, done, user);
}

void keys_park(struct keyspace *ks, const struct key_work *w, const char *code, bool content_unknown, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_text(&c, code);
    add_text(&c, w->delivery);
    add_text(&c, content_unknown ? "1" : "0");
    run(&c, ks, SCRIPT_PARK, done, user);
}

void keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_number(&c, lease_ms);
    run(&c, ks, SCRIPT_RENEW, done, user);
}

void keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_text(&c, w->delivery);
    add_text(&c, ended ? "1" : "0");
    run(&c, ks, SCRIPT_RELEASE, done, user);
}

void keys_cancel(struct keyspace *ks, const struct key_work *w, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_bytes(&c, w->token, TOKEN_SIZE);
    add_text(&c, w->delivery);
    run(&c, ks, SCRIPT_CANCEL, done, user);
}

void keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, w->natural);
    add_key(&c, ks, "d", w->natural);
    begin_args(&c, ks);
    add_text(&c, w->delivery);
    add_number(&c, life_ms);
    add_bytes(&c, w->token, TOKEN_SIZE);
    run(&c, ks, SCRIPT_DEFER, done, user);
}

void keys_permit(struct keyspace *ks, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, "-");
    add_key(&c, ks, "bucket", "");
    add_key(&c, ks, "pause", "");
    begin_args(&c, ks);
    add_limits(&c, ks);
    run(&c, ks, SCRIPT_PERMIT, done, user);
}

void keys_pause(struct keyspace *ks, int64_t ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, "-");
    add_key(&c, ks, "pause", "");
    begin_args(&c, ks);
    add_number(&c, ms);
    run(&c, ks, SCRIPT_PAUSE, done, user);
}

void keys_customer(struct keyspace *ks, enum customer_step step, const char *mail, const char *channel,
                   const uint8_t token[static TOKEN_SIZE], int64_t lease_ms, int64_t window_ms, const char *account, redis_done done,
                   void *user)
{
    static const char *const steps[] = {"claim", "sent", "answered", "known", "release"};
    char by_mail[96], by_channel[KEY_NAME_MAX / 2];
    struct call c;
    (void)snprintf(by_mail, sizeof by_mail, "m:%s", mail);
    (void)snprintf(by_channel, sizeof by_channel, "i:%s", channel);
    const char *first = mail[0] != '\0' ? by_mail : by_channel, *second = channel[0] != '\0' ? by_channel : by_mail;
    begin_at(&c, ks, "c", first);
    add_key(&c, ks, "c", second);
    begin_args(&c, ks);
    add_text(&c, steps[step]);
    add_bytes(&c, token, TOKEN_SIZE);
    add_number(&c, lease_ms);
    add_number(&c, window_ms);
    add_text(&c, account);
    run(&c, ks, SCRIPT_CUSTOMER, done, user);
}

void keys_products_known(struct keyspace *ks, const char *company, const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                         int64_t since_ms, int64_t max_age_ms, int64_t question_ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, "-");
    add_key(&c, ks, "p", company);
    add_key(&c, ks, "q", company);
    begin_args(&c, ks);
    add_bytes(&c, token, TOKEN_SIZE);
    add(&c, tags.data, tags.size);
    add_number(&c, since_ms);
    add_number(&c, max_age_ms);
    add_number(&c, question_ms);
    run(&c, ks, SCRIPT_KNOWN, done, user);
}

void keys_products_heard(struct keyspace *ks, const char *company, int64_t asked_ms, struct redis_bytes has, struct redis_bytes lacks,
                         int64_t room, int64_t max_age_ms, redis_done done, void *user)
{
    struct call c;
    begin(&c, ks, "-");
    add_key(&c, ks, "p", company);
    add_key(&c, ks, "q", company);
    begin_args(&c, ks);
    add_number(&c, asked_ms);
    add(&c, has.data, has.size);
    add(&c, lacks.data, lacks.size);
    add_number(&c, room);
    add_number(&c, max_age_ms);
    run(&c, ks, SCRIPT_HEARD, done, user);
}

void keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms, redis_done done, void *user)
{
    struct call c = {0};
    char slot[160];
    (void)snprintf(slot, sizeof slot, "%s:%s", ks->flow, ks->slot);
    add_key(&c, ks, "s", slot);
    add_key(&c, ks, "e", slot);
    add_text(&c, token);
    add_number(&c, lease_ms);
    add_text(&c, "renew");
    add_text(&c, "");
    run(&c, ks, SCRIPT_SLOT, done, user);
}
