/* Typed calls and answers; see fact_calls.h. */
#include "facts/fact_calls.h"

#include "idempotency/keys_call.h"

#include "scripts.inc"

enum { ONE_KEYS = 0, ONE_ARGS = 0, COUNTED = 1, FREE = 0 };

enum fact_script {
#define SCRIPT(id, file, parts, calls, counted) SCRIPT_##id,
#include "facts/scripts.def"
#undef SCRIPT
    FACT_SCRIPTS
};

static struct redis_script list[FACT_SCRIPTS] = {
#define SCRIPT(id, file, parts, calls, counted)                                                    \
    [SCRIPT_##id] = {#file, script_##file, counted, calls##_KEYS, calls##_ARGS, NULL, ""},
#include "facts/scripts.def"
#undef SCRIPT
};

const struct redis_scripts *fact_scripts(void)
{
    static struct redis_scripts scripts = {list, FACT_SCRIPTS, NULL};
    scripts.next = scripts_all();
    redis_scripts_load(&scripts);
    return &scripts;
}

static void fact_calls_run(struct keys_call *c, struct keyspace *ks, enum fact_script script,
                           redis_done done, void *user)
{
    redis_run(ks->redis, &fact_scripts()->list[script], c->args, c->key_count, c->arg_count, done,
              user);
}

void fact_calls_customer(struct keyspace *ks, enum customer_step step, const char *mail,
                         const char *channel, const uint8_t token[static TOKEN_SIZE],
                         int64_t lease_ms, int64_t window_ms, const char *account, redis_done done,
                         void *user)
{
    static const char *const steps[] = {"claim", "sent", "answered", "known", "release", "ended"};
    char by_mail[96], by_channel[KEY_NAME_MAX / 2];
    struct keys_call c;
    (void)snprintf(by_mail, sizeof by_mail, "m:%s", mail);
    (void)snprintf(by_channel, sizeof by_channel, "i:%s", channel);
    const char *first = mail[0] != '\0' ? by_mail : by_channel,
               *second = channel[0] != '\0' ? by_channel : by_mail;
    keys_call_begin_at(&c, ks, "c", first);
    keys_call_key(&c, ks, "c", second);
    keys_call_begin_args(&c, ks);
    keys_call_text(&c, steps[step]);
    keys_call_bytes(&c, token, TOKEN_SIZE);
    keys_call_number(&c, lease_ms);
    keys_call_number(&c, window_ms);
    keys_call_text(&c, account);
    keys_call_text(&c, ks->sender);
    keys_call_number(&c, ks->apply_delay_ms);
    fact_calls_run(&c, ks, SCRIPT_CUSTOMER, done, user);
}

void fact_calls_known(struct keyspace *ks, const char *company,
                      const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                      int64_t since_ms, int64_t max_age_ms, int64_t question_ms, redis_done done,
                      void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, "-");
    keys_call_key(&c, ks, "p", company);
    keys_call_key(&c, ks, "q", company);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, token, TOKEN_SIZE);
    keys_call_add(&c, tags.data, tags.size);
    keys_call_number(&c, since_ms);
    keys_call_number(&c, max_age_ms);
    keys_call_number(&c, question_ms);
    fact_calls_run(&c, ks, SCRIPT_KNOWN, done, user);
}

void fact_calls_heard(struct keyspace *ks, const char *company, int64_t asked_ms,
                      struct redis_bytes has, struct redis_bytes lacks, int64_t room,
                      int64_t max_age_ms, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, "-");
    keys_call_key(&c, ks, "p", company);
    keys_call_key(&c, ks, "q", company);
    keys_call_begin_args(&c, ks);
    keys_call_number(&c, asked_ms);
    keys_call_add(&c, has.data, has.size);
    keys_call_add(&c, lacks.data, lacks.size);
    keys_call_number(&c, room);
    keys_call_number(&c, max_age_ms);
    fact_calls_run(&c, ks, SCRIPT_HEARD, done, user);
}

/* ---- answers ---- */

struct redis_bytes fact_calls_account(const struct redis_reply *reply)
{
    return keys_reply_bytes(reply, 1);
}

struct customer_creation fact_calls_creation(const struct redis_reply *reply)
{
    return (struct customer_creation){.absence_wait_ms = reply->items[1].number,
                                      .senders = keys_reply_bytes(reply, 2),
                                      .since_ms = reply->items[3].number,
                                      .sends = reply->items[4].number};
}

struct known_products fact_calls_products(const struct redis_reply *reply)
{
    return (struct known_products){.now_ms = reply->items[1].number,
                                   .ages = keys_reply_bytes(reply, 2)};
}
