/* The script's side of facts; see test_facts_world.h. */
#include "test_facts_world.h"

#include "facts/fact_calls.h"
#include "prima/client.h"

static const struct facts_way *here;
static struct record *at_hand;

void __wrap_fact_calls_customer(struct keyspace *ks, enum customer_step step, const char *mail,
                                const char *channel, const uint8_t token[static TOKEN_SIZE],
                                int64_t lease_ms, int64_t window_ms, const char *account,
                                redis_done done, void *user);
void __wrap_fact_calls_known(struct keyspace *ks, const char *company,
                             const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                             int64_t since_ms, int64_t max_age_ms, int64_t question_ms,
                             redis_done done, void *user);
void __wrap_fact_calls_heard(struct keyspace *ks, const char *company, int64_t asked_ms,
                             struct redis_bytes has, struct redis_bytes lacks, int64_t room,
                             int64_t max_age_ms, redis_done done, void *user);
int64_t __wrap_prima_deadline_ms(const struct prima_client *client, enum prima_type type);

int64_t __wrap_prima_deadline_ms(const struct prima_client *client, enum prima_type type)
{
    (void)client;
    return type == PRIMA_PRODUCT_READ ? 1500 : 9000;
}

/* Whose it is shows: "mail", "channel", or both. */
void __wrap_fact_calls_customer(struct keyspace *ks, enum customer_step step, const char *mail,
                                const char *channel, const uint8_t token[static TOKEN_SIZE],
                                int64_t lease_ms, int64_t window_ms, const char *account,
                                redis_done done, void *user)
{
    static const char *const steps[] = {"claim", "sent", "answered", "known", "release", "ended"};
    (void)ks, (void)token;
    note("%s%s%s%s%s", steps[step], account[0] != '\0' ? ":" : "", account,
         mail[0] == '\0' ? ":by_channel" : "", channel[0] == '\0' ? ":by_mail" : "");
    assert_int_equal(lease_ms, 30000);
    if (step == CUSTOMER_SENT)
        assert_int_equal(window_ms,
                         2000 + 9000 + config_int(worker.host.config, CFG_prima_max_apply_delay));
    if (user != NULL)
        asked_redis(done, user);
}

void __wrap_fact_calls_known(struct keyspace *ks, const char *company,
                             const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                             int64_t since_ms, int64_t max_age_ms, int64_t question_ms,
                             redis_done done, void *user)
{
    (void)ks, (void)token;
    assert_string_equal(company, "01");
    assert_int_equal(question_ms, 1500);
    note("known:%zu%s%s", tags.size / PRODUCT_TAG_SIZE, since_ms > 0 ? ":since" : "",
         max_age_ms == 0 ? ":now" : "");
    asked_redis(done, user);
}

void __wrap_fact_calls_heard(struct keyspace *ks, const char *company, int64_t asked_ms,
                             struct redis_bytes has, struct redis_bytes lacks, int64_t room,
                             int64_t max_age_ms, redis_done done, void *user)
{
    const struct redis_reply nothing = {0};
    (void)ks, (void)company;
    note("heard:%zu/%zu", has.size / PRODUCT_TAG_SIZE, lacks.size / PRODUCT_TAG_SIZE);
    for (size_t i = 0; i < NEEDS_MAX && here->needs[i].kind == FACT_PRODUCT; i++) {
        const struct product_tag tag = catalogue_tag("01", &here->needs[i].sku);
        const char *name = here->needs[i].sku.product;
        for (size_t at = 0; name != NULL && at < has.size; at += PRODUCT_TAG_SIZE)
            if (memcmp(has.data + at, tag.bytes, PRODUCT_TAG_SIZE) == 0)
                note("+%s", name);
    }
    assert_int_equal(asked_ms, 1000); /* Redis' clock, out of its last answer */
    assert_int_equal(room, config_int(worker.host.config, CFG_catalogue_products_max));
    assert_int_equal(max_age_ms, config_int(worker.host.config, CFG_catalogue_max_age));
    done(user, &nothing);
}

/* ---- Prima ---- */

static void questions(enum prima_type type, const char *request, size_t size)
{
    if (type == PRIMA_NEW_CUSTOMER) {
        note("create");
    } else if (type == PRIMA_CUSTOMER_SEARCH) {
        note("search:%s", memmem(request, size, "REF", 3) != NULL ? "ref" : "mail");
    } else {
        note("ask");
        for (size_t i = 0; i < NEEDS_MAX && here->needs[i].sku.product != NULL; i++)
            if (memmem(request, size, here->needs[i].sku.product,
                       strlen(here->needs[i].sku.product)) != NULL)
                note("%s", here->needs[i].sku.product);
    }
}

static bool answers(const char *words, struct prima_reply *ret_reply)
{
    static char text[100];
    static struct prima_product products[8];
    static struct prima_account accounts[8];
    static char names[8][20];
    size_t count = 0;
    (void)snprintf(text, sizeof text, "%s", words);
    char *save = NULL;
    const char *what = strtok_r(text, " ", &save);
    for (char *word; (word = strtok_r(NULL, " ", &save)) != NULL;)
        (void)snprintf(names[count++], sizeof *names, "%s", word);
    for (size_t i = 0; i < count; i++) {
        products[i] = (struct prima_product){.product = names[i]};
        accounts[i] = (struct prima_account){.account = names[i]};
    }
    ret_reply->fate = PRIMA_OK;
    ret_reply->took_us = 50000;
    if (strcmp(what, "rows") == 0) {
        ret_reply->products = products;
        ret_reply->product_count = count;
    } else if (strcmp(what, "accounts") == 0) {
        ret_reply->accounts = accounts;
        ret_reply->account_count = count;
    } else if (strcmp(what, "words") == 0) {
        ret_reply->fate = PRIMA_ABSENT;
        ret_reply->words = "unknown product";
    } else if (strcmp(what, "nobody") == 0) {
        ret_reply->fate = PRIMA_ABSENT;
    } else {
        return false;
    }
    return true;
}

/* ---- the flow ---- */

static int plans(struct fact *facts, size_t fact_count, struct arena *arena,
                 struct flow_plan *ret_plan)
{
    if (facts == NULL) {
        size_t count = 0;
        while (count < NEEDS_MAX &&
               (here->needs[count].sku.product != NULL || here->needs[count].email != NULL))
            count++;
        struct fact *list = arena_alloc(arena, count * sizeof *list);
        memcpy(list, here->needs, count * sizeof *list);
        at_hand->claim.distrusts_catalogue = here->distrusts;
        *ret_plan =
            (struct flow_plan){.verdict = FLOW_NEEDS_FACTS, .facts = list, .fact_count = count};
        return 0;
    }
    char text[100] = "decided:";
    for (size_t i = 0; i < fact_count; i++) {
        const size_t size = strlen(text);
        (void)snprintf(
            text + size, sizeof text - size, "%c%s", "?ka2u"[facts[i].state],
            facts[i].kind == FACT_CUSTOMER && facts[i].state == FACT_KNOWN ? facts[i].account : "");
    }
    note("%s", text);
    *ret_plan = (struct flow_plan){
        .verdict = FLOW_DEAD_LETTERS, .codes = {PF_E_event_invalid}, .code_count = 1};
    return 0;
}

/* ---- a record's way ---- */

static const struct fact_source *const sources[] = {&products_source, &customers_source, NULL};

struct record *facts_world_begin(const struct facts_way *way)
{
    here = way;
    more_plans = plans;
    more_answers = answers;
    more_questions = questions;
    begin_world();
    script = way->script;
    posting.fact_sources = sources;
    posting.catalogue = catalogue_new(config_int(worker.host.config, CFG_catalogue_max_age));
    posting.accounts = accounts_new();
    worker.shadow = way->shadow;
    stream.trust.customers_are_whole = !way->is_not_whole;
    struct config_message message;
    if (prima_names_read(worker.host.config, &posting.names, &message) < 0)
        fail_msg("%s", message.text);
    for (size_t i = 0; way->knows != NULL && i < NEEDS_MAX && way->needs[i].sku.product; i++)
        if (strstr(way->knows, way->needs[i].sku.product) != NULL) {
            const struct product_tag tag = catalogue_tag("01", &way->needs[i].sku);
            catalogue_add(posting.catalogue, &tag, now_ms);
        }
    struct record *r = decoded(false, false);
    at_hand = r;
    record_transition(r, DECODED_OK);
    return r;
}

void facts_go(struct record *r)
{
    for (int64_t before = now_ms; r->state < SETTLED && strstr(trace, "decided:") == NULL;
         before = now_ms) {
        char sofar[sizeof trace];
        memcpy(sofar, trace, sizeof trace);
        trace[0] = '\0';
        const bool more = step();
        char since[sizeof trace];
        memcpy(since, trace, sizeof trace);
        memcpy(trace, sofar, sizeof trace);
        if (now_ms > before)
            note("+%d", (int)(now_ms - before));
        if (since[0] != '\0')
            note("%s", since);
        if (!more)
            break;
    }
    char *decision = strstr(trace, "decided:"); /* what follows it is the engine's */
    if (decision != NULL)
        decision[strcspn(decision, " ")] = '\0';
}

void facts_end(void)
{
    end_world();
    catalogue_free(posting.catalogue);
    accounts_free(posting.accounts);
    free(posting.findings.list);
    more_plans = NULL;
    more_answers = NULL;
    more_questions = NULL;
}

void facts_walk(const struct facts_way *way)
{
    struct record *r = facts_world_begin(way);
    facts_go(r);
    if (way->trace == NULL || strcmp(trace, way->trace) != 0 || script[0] != '\0')
        fail_msg("%s:\n  %s\ninstead of\n  %s\nleft of the script: \"%s\"", way->name, trace,
                 way->trace, script);
    facts_end();
}
