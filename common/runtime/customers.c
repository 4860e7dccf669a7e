/* A customer's account: known, or found in Prima, or created once.
 *
 * The claim in Redis holds by e-mail and by channel id, so that two orders of a new customer, on two workers, make one account. A
 * NewCustomer whose outcome is unknown is searched for once its time is over, by whoever claims next: found, by our reference or by the
 * address, it is the account. Not found, it is never sent again: its sender may only be asleep. The order goes on hold (FACT_UNCERTAIN),
 * and so do later ones of that person, until a search finds the account that somebody made for them. */
#include "runtime/facts.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/worker.h"

enum { REQUEST_MAX = 64 << 10, BUSY_MS_MIN = 25, BUSY_MS_MAX = 500 };

static struct fact *fact_of(struct record *r)
{
    return &r->facts[r->fact_at];
}

/* The personal half of the key is a keyed digest: Redis holds no address. NULL: no memory. */
static const char *mail_key(struct record *r)
{
    const struct fact *fact = fact_of(r);
    if (fact->email == NULL || fact->email[0] == '\0')
        return "";
    uint8_t hash[DIGEST_SIZE];
    const char *key = arena_printf(r->arena, "%s/%s", config_text(r->worker->config, CFG_customers_secret), r->key.company);
    char *hex = arena_alloc(r->arena, 33);
    if (key == NULL || hex == NULL)
        return NULL;
    digest_hmac(key, strlen(key), fact->email, strlen(fact->email), hash);
    return digest_hex(hash, 16, hex);
}

static const char *channel_key(struct record *r)
{
    const struct fact *fact = fact_of(r);
    if (fact->channel_customer == NULL || fact->channel_customer[0] == '\0')
        return "";
    return arena_printf(r->arena, "%s/%s", r->key.company, fact->channel_customer);
}

static void step(struct record *r, enum customer_step what, const char *account, redis_done done)
{
    struct worker *w = r->worker;
    const int64_t window = prima_deadline_ms(w->prima, PRIMA_NEW_CUSTOMER) + config_int(w->config, CFG_prima_max_apply_delay);
    record_hold(r);
    keys_customer(&w->keys, what, r->customer_mail, r->customer_channel, r->work.token, w->lease_ms, window, account, done, r);
}

static void concluded(struct record *r, enum fact_state state)
{
    if (state == FACT_KNOWN && fact_of(r)->account[0] != '\0')
        accounts_add(r->worker->accounts, &r->customer, fact_of(r)->account);
    fact_of(r)->state = state;
    facts_next(r);
}

static void on_known(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("customer.known");
    if (!record_let_go(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    concluded(r, FACT_KNOWN);
}

static void account_is(struct record *r, const char *account)
{
    fact_of(r)->account = record_keep(r, account, strlen(account)).data;
    step(r, CUSTOMER_KNOWN, fact_of(r)->account, on_known);
}

static void on_ambiguous(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    concluded(r, r->customer_is_unsure ? FACT_UNCERTAIN : FACT_AMBIGUOUS);
}

/* ---- creating ---- */

/* Not a byte was acted on, and Redis knows: the whole again, later. */
static void on_not_applied(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_let_go(r) && !claim_is_over(r, keys_verdict(reply)))
        facts_wait(r);
}

static void on_refused(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    r->customer_is_unsure = true; /* Prima will not have this customer: a person looks at the order */
    step(r, CUSTOMER_RELEASE, "", on_ambiguous);
}

static void on_created(struct record *r, const struct prima_reply *reply)
{
    (void)fail_point("customer.created");
    if (reply->fate == PRIMA_OK && reply->account_count == 1)
        account_is(r, reply->accounts[0].account);
    else if (reply->fate == PRIMA_NOT_ACCEPTED || reply->fate == PRIMA_NOT_SENT || reply->fate == PRIMA_DENIED)
        step(r, CUSTOMER_ANSWERED, "", on_not_applied);
    else if (reply->fate == PRIMA_REFUSED)
        step(r, CUSTOMER_ANSWERED, "", on_refused);
    else
        facts_wait(r); /* begins at the claim again, which knows that a send is open and says how long to wait */
}

static void on_stored(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (verdict == VERDICT_LOST) {
        facts_wait(r);
        return;
    }
    if (claim_is_over(r, verdict))
        return;
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    if (prima_request_new_customer(&r->worker->names, &fact_of(r)->customer, &request) == 0) {
        (void)fail_point("customer.before_post");
        facts_ask(r, PRIMA_NEW_CUSTOMER, &request, on_created);
    } else {
        r->customer_is_unsure = true;
        step(r, CUSTOMER_RELEASE, "", on_ambiguous);
    }
    buf_release(&request);
}

/* In the shadow nobody is created: the order goes on without an account, as it would to a Prima that makes accounts itself. */
static void on_would_create(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    r->creates_customer = true;
    fact_of(r)->account = "";
    concluded(r, FACT_KNOWN);
}

/* ---- searching ----
 *
 * By our own reference first, which names this customer of this channel whatever became of the e-mail address, where we may have used it: a
 * creation without an answer, or a Redis that forgot since the first start. Then by the address, which other channels and people at Prima
 * may have used. One question for both would depend on how Prima joins them. */

/* The one account of a reply; NULL: none. Another one besides it: *ret_many. */
static const char *one_account(const struct prima_reply *reply, bool *ret_many)
{
    const char *account = NULL;
    *ret_many = false;
    for (size_t i = 0; i < reply->account_count; i++) {
        *ret_many |= account != NULL && strcmp(account, reply->accounts[i].account) != 0;
        account = reply->accounts[i].account;
    }
    return account;
}

static void ask_for(struct record *r, const char *reference, const char *email, facts_answer done)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    if (prima_request_customer_search(&r->worker->names, reference, email, &request) == 0)
        facts_ask(r, PRIMA_CUSTOMER_SEARCH, &request, done);
    else
        facts_wait(r);
    buf_release(&request);
}

/* False: nobody was found. */
static bool is_settled_by(struct record *r, const struct prima_reply *reply)
{
    bool many;
    const char *account = one_account(reply, &many);
    if (reply->fate != PRIMA_OK && reply->fate != PRIMA_ABSENT)
        facts_wait(r);
    else if (many)
        step(r, CUSTOMER_RELEASE, "", on_ambiguous);
    else if (account != NULL)
        account_is(r, account);
    else
        return false;
    return true;
}

static void nobody_is_found(struct record *r)
{
    if (r->customer_is_unsure)
        step(r, CUSTOMER_RELEASE, "", on_ambiguous);
    else if (r->worker->shadow && !fail_point("shadow.forgets_customer"))
        step(r, CUSTOMER_RELEASE, "", on_would_create);
    else
        step(r, CUSTOMER_SENT, "", on_stored);
}

static void on_found_by_email(struct record *r, const struct prima_reply *reply)
{
    if (!is_settled_by(r, reply))
        nobody_is_found(r);
}

static void on_found_by_reference(struct record *r, const struct prima_reply *reply)
{
    const struct fact *fact = fact_of(r);
    if (is_settled_by(r, reply))
        return;
    if (fact->email != NULL && fact->email[0] != '\0')
        ask_for(r, "", fact->email, on_found_by_email);
    else
        nobody_is_found(r);
}

static void search(struct record *r)
{
    const struct worker *w = r->worker;
    const struct fact *fact = fact_of(r);
    const char *reference = fact->customer.customer_ref;
    const bool has_email = fact->email != NULL && fact->email[0] != '\0', has_reference = reference != NULL && reference[0] != '\0';
    const bool may_be_used = r->customer_is_unsure || w->shadow || !w->customers_are_whole;
    if (has_reference && (may_be_used || !has_email))
        ask_for(r, reference, "", on_found_by_reference);
    else
        ask_for(r, "", fact->email, on_found_by_email);
}

/* Another record has this customer in hand. A search and a creation take two requests; whoever died with it, its lease. */
static void wait_for_other(struct record *r, int64_t lease_ms)
{
    const int64_t longer = 2 * r->customer_wait_ms;
    r->customer_wait_ms = longer < BUSY_MS_MIN ? BUSY_MS_MIN : longer > BUSY_MS_MAX ? BUSY_MS_MAX : longer;
    r->wait_ms = lease_ms < r->customer_wait_ms ? lease_ms : r->customer_wait_ms;
    facts_wait(r);
}

static void on_claim(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    const struct redis_item *item = reply->items;
    (void)fail_point("customer.claimed");
    r->customer_is_unsure = false;
    switch (verdict) {
    case VERDICT_KNOWN:
        fact_of(r)->account = record_keep(r, item[1].text, item[1].size).data;
        concluded(r, FACT_KNOWN);
        break;
    case VERDICT_CLAIMED:
        search(r);
        break;
    case VERDICT_UNSURE:
        if (item[1].number > 0) {
            r->wait_ms = item[1].number;
            facts_wait(r);
        } else {
            r->customer_is_unsure = true;
            search(r);
        }
        break;
    case VERDICT_BUSY:
        wait_for_other(r, item[1].number);
        break;
    default:
        (void)claim_is_over(r, verdict);
    }
}

const char *customers_look(struct record *r, const struct fact *fact)
{
    r->customer =
        accounts_tag(r->key.company, fact->channel_customer != NULL ? fact->channel_customer : "", fact->email != NULL ? fact->email : "");
    const char *account = accounts_find(r->worker->accounts, &r->customer);
    return account != NULL ? arena_text(r->arena, account, strlen(account)) : NULL;
}

void customers_find(struct record *r)
{
    const char *account = customers_look(r, fact_of(r));
    if (account != NULL) {
        fact_of(r)->account = account;
        concluded(r, FACT_KNOWN);
        return;
    }
    if (r->customer_mail == NULL) { /* once a claim: a decision names one customer */
        r->customer_mail = mail_key(r);
        r->customer_channel = channel_key(r);
    }
    if (r->customer_mail == NULL || r->customer_channel == NULL) { /* never "": that key would be everybody's */
        r->customer_mail = NULL;
        r->code = PF_E_avro_too_large;
        life_happens(r, NOT_ACCEPTABLE);
        return;
    }
    step(r, CUSTOMER_CLAIM, "", on_claim);
}
