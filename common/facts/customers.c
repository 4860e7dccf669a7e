/* A customer's account: known, or found in Prima, or created once.
 *
 * The claim in Redis holds by e-mail and by channel id, so that two orders of a new customer, on
 * two workers, make one account. A NewCustomer whose outcome is unknown is searched for once its
 * time is over, by whoever claims next: found, by our reference or by the address, it is the
 * account. Not found, it is sent again only when its sender is known to be over (senders.h). Else
 * that one may only be asleep: proof is waited for, up to prima.unproven_wait; then the order goes
 * on hold (FACT_UNCERTAIN), and so do later ones of that person, until a search finds the account
 * that somebody made for them. */
#include "facts/fact_calls.h"
#include "facts/customers.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "facts/accounts.h"
#include "obs/log.h"
#include "posting/findings.h"
#include "posting/permit_line.h"
#include "posting/prima_ask.h"
#include "posting/resolve.h"
#include "posting/verdict.h"
#include "stream/watch.h"
#include "posting/posting.h"

enum { REQUEST_MAX = 64 << 10, BUSY_MS_MIN = 25, BUSY_MS_MAX = 500, PROOF_LOOK_MS = 5000 };

/* What a record knows of its customer. A new claim of the record makes void what an earlier one knew. */
struct customers {
    unsigned claim;             /* the record's so many-th */
    const char *mail, *channel; /* keys of the customer at hand; NULL: not made yet */
    struct account_tag tag;
    int64_t wait_ms; /* while another record has that customer */
    bool is_unsure;  /* a creation of it may still be under way: never a second one */
    bool is_refused; /* ... which Prima answered in words that no pattern knows: not tried again by
                         this record */
    bool may_exist;  /* ... or was: it is searched for by our own reference, too */
    int64_t sends;   /* creations so far without an answer that tells, by anybody */
};

/* False: the arena is full. */
static bool has_lookup(struct record *r)
{
    if (r->customers == NULL) {
        r->customers = arena_alloc(r->arena, sizeof *r->customers);
        if (r->customers == NULL)
            return false;
        *r->customers = (struct customers){.claim = r->claim.number};
    }
    if (r->customers->claim != r->claim.number) {
        r->customers->claim = r->claim.number;
        r->customers->mail = r->customers->channel = NULL;
        r->customers->is_refused = false;
    }
    return true;
}

static struct fact *fact_of(struct record *r)
{
    return &r->claim.facts[r->claim.fact_at];
}

/* The personal half of the key is a keyed digest: Redis holds no address. NULL: no memory. */
static const char *mail_key(struct record *r)
{
    const struct fact *fact = fact_of(r);
    if (fact->email == NULL || fact->email[0] == '\0')
        return "";
    uint8_t hash[DIGEST_SIZE];
    const char *key =
        arena_printf(r->arena, "%s/%s", config_text(r->worker->host.config, CFG_customers_secret),
                     r->key.company);
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
    const int64_t window = w->times.margin_ms +
                           prima_deadline_ms(w->posting->prima, PRIMA_NEW_CUSTOMER) +
                           config_int(w->host.config, CFG_prima_max_apply_delay);
    record_ref(r);
    fact_calls_customer(&w->keys, what, r->customers->mail, r->customers->channel, r->work.token,
                        w->times.lease_ms + permit_line_wait_ms(r), window, account, done, r);
}

static void concluded(struct record *r, enum fact_state state)
{
    permit_line_give_back(r);
    findings_end(r);
    if (state == FACT_KNOWN && fact_of(r)->account[0] != '\0')
        accounts_add(r->worker->posting->accounts, &r->customers->tag, fact_of(r)->account);
    fact_of(r)->state = state;
    facts_next(r);
}

static void on_known(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("customer.known");
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
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
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    concluded(r, r->customers->is_unsure ? FACT_UNCERTAIN : FACT_AMBIGUOUS);
}

/* ---- creating ---- */

/* Not a byte was acted on, and Redis knows: the whole again, later. */
static void on_not_applied(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_unref(r) && !claim_is_over(r, keys_verdict(reply)))
        facts_wait(r);
}

static void on_refused(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    r->customers->is_unsure =
        true; /* Prima will not have this customer: a person looks at the order */
    step(r, CUSTOMER_RELEASE, "", on_ambiguous);
}

/* Begins at the claim again, which knows that a send is open and says how long to wait. */
static void on_ended(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_unref(r) && !claim_is_over(r, keys_verdict(reply)))
        facts_wait(r);
}

static void on_told(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply; /* who claims next hears of it, or waits for other proof */
}

/* Dropped with a creation under way, which has ended now: whoever claims that customer next hears
 * of it. */
static void say_ended(struct record *r)
{
    const struct worker *w = r->worker;
    fact_calls_customer(&r->worker->keys, CUSTOMER_ENDED, r->customers->mail, r->customers->channel,
                        r->work.token, w->times.lease_ms, w->times.window_ms, "", on_told, NULL);
}

static void on_created(struct record *r, const struct prima_reply *reply)
{
    (void)fail_point("customer.created");
    if (reply->fate == PRIMA_OK && reply->account_count == 1)
        account_is(r, reply->accounts[0].account);
    else if (reply->fate == PRIMA_NOT_ACCEPTED || reply->fate == PRIMA_NOT_SENT ||
             reply->fate == PRIMA_DENIED)
        step(r, CUSTOMER_ANSWERED, "", on_not_applied);
    else if (reply->fate == PRIMA_REFUSED)
        step(r, CUSTOMER_ANSWERED, "", on_refused);
    else {
        r->customers->is_refused |= reply->fate == PRIMA_UNCLASSIFIED || reply->is_soap_fault;
        step(r, CUSTOMER_ENDED, "", on_ended);
    }
}

static void on_stored(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
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
    if (prima_request_new_customer(&r->worker->posting->names, &fact_of(r)->customer, &request) ==
        0) {
        (void)fail_point("customer.before_post");
        prima_ask(r, PRIMA_NEW_CUSTOMER, &request, on_created, say_ended);
    } else {
        r->customers->is_unsure = true;
        step(r, CUSTOMER_RELEASE, "", on_ambiguous);
    }
    buf_release(&request);
}

/* In the shadow nobody is created: the order goes on without an account, as it would to a Prima
 * that makes accounts itself. */
static void on_would_create(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    r->claim.creates_customer = true;
    fact_of(r)->account = "";
    concluded(r, FACT_KNOWN);
}

/* ---- searching ----
 *
 * By our own reference first, which names this customer of this channel whatever became of the
 * e-mail address, where we may have used it: a creation without an answer, or a Redis that forgot
 * since the first start. Then by the address, which other channels and people at Prima may have
 * used. One question for both would depend on how Prima joins them. */

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

static void ask_for(struct record *r, const char *reference, const char *email,
                    prima_ask_answer done)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    if (prima_request_customer_search(&r->worker->posting->names, reference, email, &request) == 0)
        prima_ask(r, PRIMA_CUSTOMER_SEARCH, &request, done, NULL);
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

/* A creation that Prima answers in words which no pattern knows, or again and again not at all, is
 * for a person. */
static bool is_hopeless(const struct record *r)
{
    return r->customers->is_refused ||
           r->customers->sends >= config_int(r->worker->host.config, CFG_breaker_record_faults_max);
}

static void store_creation(struct record *r)
{
    char time[24];
    (void)snprintf(time, sizeof time, "%lld", (long long)r->customers->sends + 1);
    step(r, CUSTOMER_SENT, time, on_stored);
}

static void nobody_is_found(struct record *r)
{
    if (r->customers->may_exist && is_hopeless(r))
        r->customers->is_unsure = true;
    if (r->customers->is_unsure)
        step(r, CUSTOMER_RELEASE, "", on_ambiguous);
    else if (r->worker->shadow && !fail_point("shadow.forgets_customer"))
        step(r, CUSTOMER_RELEASE, "", on_would_create);
    else if (!watch_may_send(r->worker))
        facts_wait(r);
    else if (permit_line_is_needed(r))
        permit_line_enter(
            r, false,
            nobody_is_found); /* the time in which it may be applied runs from the next step on */
    else
        store_creation(r);
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
    const bool has_email = fact->email != NULL && fact->email[0] != '\0',
               has_reference = reference != NULL && reference[0] != '\0';
    const bool may_be_used =
        r->customers->may_exist || w->shadow || !w->stream->trust.customers_are_whole;
    if (has_reference && (may_be_used || !has_email))
        ask_for(r, reference, "", on_found_by_reference);
    else
        ask_for(r, "", fact->email, on_found_by_email);
}

/* Another record has this customer in hand. A search and a creation take two requests; whoever died
 * with it, its lease. */
static void wait_for_other(struct record *r, int64_t lease_ms)
{
    const int64_t longer = 2 * r->customers->wait_ms;
    r->customers->wait_ms = longer < BUSY_MS_MIN   ? BUSY_MS_MIN
                            : longer > BUSY_MS_MAX ? BUSY_MS_MAX
                                                   : longer;
    r->timing.wait_ms = lease_ms < r->customers->wait_ms ? lease_ms : r->customers->wait_ms;
    facts_wait(r);
}

/* A creation of it has no answer. Once its time is over, absence counts for those of its senders
 * that are over. */
static void creation_is_open(struct record *r, const struct customer_creation *creation)
{
    const struct worker *w = r->worker;
    r->claim.senders = record_keep(r, creation->senders.data, creation->senders.size).data;
    r->resolve.absent_from_ms = clock_monotonic_ms() + creation->absence_wait_ms;
    resolve_look_at_senders(r);
    const int64_t left = r->resolve.absent_from_ms - clock_monotonic_ms();
    if (left > 0 || (r->claim.known.any_open && !r->claim.known.any_unknown &&
                     creation->since_ms < w->posting->unproven_wait_ms)) {
        r->timing.wait_ms = left > 0 ? left + 1 : PROOF_LOOK_MS;
        facts_wait(r);
        return;
    }
    r->customers->may_exist = true;
    r->customers->sends = creation->sends;
    r->customers->is_unsure = r->claim.known.any_open;
    search(r);
}

static void on_claim(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    const struct redis_bytes account = fact_calls_account(reply);
    const struct customer_creation creation = fact_calls_creation(reply);
    (void)fail_point("customer.claimed");
    r->customers->is_unsure = r->customers->may_exist = false;
    r->customers->sends = 0;
    switch (verdict) {
    case VERDICT_KNOWN:
        fact_of(r)->account = record_keep(r, account.data, account.size).data;
        concluded(r, FACT_KNOWN);
        break;
    case VERDICT_CLAIMED:
        search(r);
        break;
    case VERDICT_UNSURE:
        creation_is_open(r, &creation);
        break;
    case VERDICT_UNREADABLE: /* what Redis has there is none of ours: whether there is an account,
                                nobody knows */
        r->customers->is_unsure = true;
        concluded(r, FACT_UNCERTAIN);
        break;
    case VERDICT_BUSY:
        wait_for_other(r, keys_wait_ms(reply));
        break;
    default:
        (void)claim_is_over(r, verdict);
    }
}

/* In the record's arena; NULL: not known. */
static const char *account_known(struct record *r, const struct fact *fact)
{
    r->customers->tag =
        accounts_tag(r->key.company, fact->channel_customer != NULL ? fact->channel_customer : "",
                     fact->email != NULL ? fact->email : "");
    const char *account = accounts_find(r->worker->posting->accounts, &r->customers->tag);
    return account != NULL ? arena_text(r->arena, account, strlen(account)) : NULL;
}

static void find_account(struct record *r)
{
    if (!has_lookup(r)) {
        r->end.code = PF_E_avro_too_large;
        record_transition(r, NOT_ACCEPTABLE);
        return;
    }
    const char *account = account_known(r, fact_of(r));
    if (account != NULL) {
        fact_of(r)->account = account;
        concluded(r, FACT_KNOWN);
        return;
    }
    if (r->customers->mail == NULL) { /* once a claim: a decision names one customer */
        r->customers->mail = mail_key(r);
        r->customers->channel = channel_key(r);
    }
    if (r->customers->mail == NULL ||
        r->customers->channel == NULL) { /* never "": that key would be everybody's */
        r->customers->mail = NULL;
        r->end.code = PF_E_avro_too_large;
        record_transition(r, NOT_ACCEPTABLE);
        return;
    }
    if (findings_is_under_way(r, r->customers->tag.bytes)) {
        facts_wait_here(r, BUSY_MS_MAX);
        return;
    }
    findings_begin(r, r->customers->tag.bytes);
    step(r, CUSTOMER_CLAIM, "", on_claim);
}

static bool look(struct record *r, struct fact *fact)
{
    fact->account = has_lookup(r) ? account_known(r, fact) : NULL;
    return fact->account != NULL;
}

static bool find(struct record *r)
{
    for (size_t i = 0; i < r->claim.fact_count; i++)
        if (r->claim.facts[i].kind == FACT_CUSTOMER && r->claim.facts[i].state == FACT_UNASKED) {
            r->claim.fact_at = i;
            find_account(r);
            return true;
        }
    return false;
}

static void begin(struct worker *w)
{
    w->posting->accounts = accounts_new();
}

const struct fact_source customers_source = {
    .kind = FACT_CUSTOMER, .scripts = fact_scripts, .begin = begin, .look = look, .find = find};
