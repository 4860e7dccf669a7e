/* The fakes and the flow that does as it is told; see test_posting_world.h. */
#include "test_posting_world.h"

/* ---- the world, by a script ---- */

int (*more_plans)(struct fact *facts, size_t fact_count, struct arena *arena,
                  struct flow_plan *ret_plan);
bool (*more_answers)(const char *words, struct prima_reply *ret_reply);
void (*more_questions)(enum prima_type type, const char *request, size_t size);
int64_t now_ms;
static int64_t asleep_ms;
const char *script; /* answers still to come: "claimed;sent 1;ok;finished 5" */
char trace[2000];   /* what was asked for: "claim sent post finish:ok" */

static struct {
    redis_done redis;
    prima_done prima;
    former_done former;
    void *user;
} open_question; /* a record asks one at a time */

void note(const char *format, ...)
{
    const size_t used = strlen(trace);
    va_list arguments;
    if (used > 0)
        (void)snprintf(trace + used, sizeof trace - used, " ");
    va_start(arguments, format);
    (void)vsnprintf(trace + strlen(trace), sizeof trace - strlen(trace), format, arguments);
    va_end(arguments);
}

static bool is_asked(void)
{
    return open_question.redis != NULL || open_question.prima != NULL ||
           open_question.former != NULL;
}

/* A lease, and the time in which a send may be applied: never one for the other. */
static void assert_times(int64_t lease_ms, int64_t window_ms)
{
    assert_int_equal(lease_ms, worker.times.lease_ms);
    assert_int_equal(window_ms, worker.times.window_ms);
}

void asked_redis(redis_done done, void *user)
{
    assert_false(is_asked());
    open_question.redis = done;
    open_question.user = user;
}

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_boot_ms(void);
int64_t __wrap_clock_wall_ms(void);
bool __wrap_watch_may_send(const struct worker *w);
void __wrap_worker_refresh_fence(struct worker *w);
void __wrap_commit_soon(struct worker *w);
void __wrap_stale_heard(struct record *r, int64_t fence);
void __wrap_keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                       int64_t window_ms, redis_done done, void *user);
void __wrap_keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                      int64_t lease_ms, int64_t window_ms, const uint8_t *identity,
                      struct redis_bytes request, struct redis_bytes summary, redis_done done,
                      void *user);
void __wrap_keys_claim_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                            int64_t lease_ms, int64_t window_ms, struct redis_bytes request,
                            struct redis_bytes summary, redis_done done, void *user);
void __wrap_keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number,
                          const char *code, redis_done done, void *user);
void __wrap_keys_told_no(struct keyspace *ks, const struct key_work *w, int64_t number,
                         redis_done done, void *user);
void __wrap_keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how,
                        const uint8_t *identity, bool ours, struct redis_bytes summary,
                        redis_done done, void *user);
void __wrap_keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number,
                        const char *code, const char *parked, bool ours, redis_done done,
                        void *user);
void __wrap_keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                        int64_t window_ms, bool anew, const char *over, redis_done done,
                        void *user);
void __wrap_keys_over(struct keyspace *ks, const struct key_work *w, redis_done done, void *user);
void __wrap_keys_park(struct keyspace *ks, const struct key_work *w, const char *code, bool unknown,
                      redis_done done, void *user);
void __wrap_keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                       int64_t window_ms, redis_done done, void *user);
void __wrap_keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                         void *user);
void __wrap_keys_wait(struct keyspace *ks, const struct key_work *w, int64_t life_ms,
                      redis_done done, void *user);
void __wrap_keys_cancel(struct keyspace *ks, const struct key_work *w, const char *why_empty,
                        redis_done done, void *user);
void __wrap_keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms,
                       redis_done done, void *user);
void __wrap_keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user);
void __wrap_keys_pause(struct keyspace *ks, int64_t ms, redis_done done, void *user);
void __wrap_prima_client_send(struct prima_client *client, enum prima_type type,
                              const char *company, const char *request, size_t size,
                              prima_done done, void *user);

void __wrap_former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                        former_done done, void *user);
int __wrap_codec_decode(struct codec *codec, const struct bound_record *record, const void *bytes,
                        size_t size, struct arena *arena, void *ret_struct,
                        struct codec_fault *ret_fault);

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

int64_t __wrap_clock_boot_ms(void)
{
    return now_ms + asleep_ms;
}

int64_t __wrap_clock_wall_ms(void)
{
    return WALL_MS + now_ms + asleep_ms;
}

bool __wrap_watch_may_send(const struct worker *w)
{
    (void)w;
    return true;
}

void __wrap_worker_refresh_fence(struct worker *w)
{
    (void)w;
    note("fence");
}

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
}

void __wrap_stale_heard(struct record *r, int64_t fence)
{
    (void)r;
    (void)fence;
}

void __wrap_keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                       int64_t window_ms, redis_done done, void *user)
{
    (void)ks, (void)w;
    assert_times(lease_ms, window_ms);
    note("claim");
    asked_redis(done, user);
}

void __wrap_keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                      int64_t lease_ms, int64_t window_ms, const uint8_t *identity,
                      struct redis_bytes request, struct redis_bytes summary, redis_done done,
                      void *user)
{
    (void)ks, (void)w, (void)identity, (void)summary;
    assert_times(lease_ms, window_ms);
    assert_true(number != 0);
    note("sent:%.*s", (int)request.size, request.data);
    asked_redis(done, user);
}

void __wrap_keys_claim_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                            int64_t lease_ms, int64_t window_ms, struct redis_bytes request,
                            struct redis_bytes summary, redis_done done, void *user)
{
    (void)ks, (void)w, (void)summary;
    assert_times(lease_ms, window_ms);
    assert_true(number != 0);
    note("both:%.*s", (int)request.size, request.data);
    asked_redis(done, user);
}

void __wrap_keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number,
                          const char *code, redis_done done, void *user)
{
    (void)ks, (void)w, (void)number;
    note("answered%s%s", code[0] != '\0' ? ":" : "", code);
    asked_redis(done, user);
}

void __wrap_keys_told_no(struct keyspace *ks, const struct key_work *w, int64_t number,
                         redis_done done, void *user)
{
    (void)ks, (void)w, (void)number;
    note("told_no");
    asked_redis(done, user);
}

void __wrap_keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how,
                        const uint8_t *identity, bool ours, struct redis_bytes summary,
                        redis_done done, void *user)
{
    (void)ks, (void)w, (void)identity, (void)summary;
    note("finish:%s%s", how == FINISH_OK ? "ok" : "found", ours ? "" : ":other");
    asked_redis(done, user);
}

void __wrap_keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number,
                        const char *code, const char *parked, bool ours, redis_done done,
                        void *user)
{
    (void)ks, (void)w, (void)number, (void)parked;
    note("refuse:%s%s", code, ours ? "" : ":other");
    asked_redis(done, user);
}

void __wrap_keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                        int64_t window_ms, bool anew, const char *over, redis_done done, void *user)
{
    (void)ks, (void)w, (void)over;
    assert_times(lease_ms, window_ms);
    note("absent%s", anew ? ":anew" : "");
    asked_redis(done, user);
}

void __wrap_keys_over(struct keyspace *ks, const struct key_work *w, redis_done done, void *user)
{
    (void)ks, (void)w, (void)done, (void)user;
    note("over");
}

void __wrap_keys_park(struct keyspace *ks, const struct key_work *w, const char *code, bool unknown,
                      redis_done done, void *user)
{
    (void)ks, (void)w, (void)unknown;
    note("park:%s", code);
    asked_redis(done, user);
}

void __wrap_keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms,
                       int64_t window_ms, redis_done done, void *user)
{
    (void)ks, (void)w;
    assert_times(lease_ms, window_ms);
    note("renew");
    asked_redis(done, user);
}

void __wrap_keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                         void *user)
{
    (void)ks, (void)w;
    note(user == NULL ? "gives_back" : ended ? "release:ends" : "release");
    if (user != NULL) /* nobody waits for it */
        asked_redis(done, user);
}

void __wrap_keys_wait(struct keyspace *ks, const struct key_work *w, int64_t life_ms,
                      redis_done done, void *user)
{
    (void)ks, (void)w, (void)life_ms;
    note("wait");
    asked_redis(done, user);
}

void __wrap_keys_cancel(struct keyspace *ks, const struct key_work *w, const char *why_empty,
                        redis_done done, void *user)
{
    (void)ks, (void)w;
    note("cancel%s%s", why_empty[0] != '\0' ? ":" : "", why_empty);
    asked_redis(done, user);
}

void __wrap_keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms,
                       redis_done done, void *user)
{
    (void)ks, (void)w, (void)life_ms;
    note("defer");
    asked_redis(done, user);
}

/* Nobody throttles the fleet. */
void __wrap_keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user)
{
    const struct redis_reply go = {.count = 1, .items = {{"go", 2, 0}}};
    (void)ks, (void)wanted;
    done(user, &go);
}

void __wrap_keys_pause(struct keyspace *ks, int64_t ms, redis_done done, void *user)
{
    (void)ks, (void)done, (void)user;
    note("pause:%d", (int)ms);
}

void __wrap_prima_client_send(struct prima_client *client, enum prima_type type,
                              const char *company, const char *request, size_t size,
                              prima_done done, void *user)
{
    (void)client, (void)company;
    assert_false(is_asked());
    if (more_questions != NULL && type != PRIMA_NEW_ORDER)
        more_questions(type, request, size);
    else if (type == PRIMA_NEW_ORDER)
        note("post:%.*s", (int)size, request);
    else
        note("ask");
    open_question.prima = done;
    open_question.user = user;
}

void __wrap_former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                        former_done done, void *user)
{
    (void)w;
    assert_false(is_asked());
    note("read:%s,%.*s", delivery, (int)key_size, (const char *)key);
    open_question.former = done;
    open_question.user = user;
}

int __wrap_codec_decode(struct codec *codec, const struct bound_record *record, const void *bytes,
                        size_t size, struct arena *arena, void *ret_struct,
                        struct codec_fault *ret_fault)
{
    (void)codec, (void)record, (void)arena, (void)ret_struct, (void)ret_fault;
    return size == 1 && *(const char *)bytes == 'v' ? 0 : -EBADMSG;
}

/* ---- answers ---- */

static void answer_former(const char *words)
{
    static const struct {
        const char *words;
        enum former_how how;
        const char *value, *why;
    } answers[] = {
        {"read", FORMER_READ, "v", ""},
        {"unreadable", FORMER_READ, "?", ""},
        {"gone", FORMER_GONE, NULL, "gone"},
        {"away", FORMER_AWAY, NULL, "away"},
        {"denied", FORMER_REFUSED, NULL, "denied"},
    };
    const former_done done = open_question.former;
    open_question.former = NULL;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(words, answers[i].words) == 0) {
            const struct former_version version = {.value = answers[i].value, .size = 1};
            done(open_question.user, answers[i].how, answers[i].value != NULL ? &version : NULL,
                 answers[i].why);
            return;
        }
    fail_msg("no such answer: %s", words);
}

static void answer_redis(char *words)
{
    struct redis_reply reply = {0};
    char *save = NULL;
    for (char *word = strtok_r(words, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        for (char *comma; (comma = strchr(word, ',')) != NULL;) /* a list is one item */
            *comma = ' ';
        reply.items[reply.count++] =
            (struct redis_item){strcmp(word, "-") == 0 ? "" : word,
                                strcmp(word, "-") == 0 ? 0 : strlen(word), strtoll(word, NULL, 10)};
    }
    const redis_done done = open_question.redis;
    open_question.redis = NULL;
    done(open_question.user, &reply);
}

static void answer_prima(const char *words)
{
    static const struct {
        const char *words;
        struct prima_reply reply;
    } answers[] = {
        {"ok", {.fate = PRIMA_OK}},
        {"found", {.fate = PRIMA_OK}},
        {"missing", {.fate = PRIMA_ABSENT}},
        {"exists", {.fate = PRIMA_EXISTS}},
        {"refused", {.fate = PRIMA_REFUSED, .code = PF_E_prima_unknown_product}},
        {"timeout", {.fate = PRIMA_UNKNOWN}},
        {"soap fault", {.fate = PRIMA_UNKNOWN, .http_status = 500, .is_soap_fault = true}},
        {"strange words", {.fate = PRIMA_UNCLASSIFIED, .http_status = 200}},
        {"busy", {.fate = PRIMA_NOT_ACCEPTED, .http_status = 429, .retry_after_ms = 300}},
        {"unsent", {.fate = PRIMA_NOT_SENT}},
        {"no rights", {.fate = PRIMA_DENIED, .http_status = 403}},
    };
    const prima_done done = open_question.prima;
    open_question.prima = NULL;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(words, answers[i].words) == 0) {
            struct prima_reply reply = answers[i].reply;
            reply.words = "";
            done(open_question.user, &reply);
            return;
        }
    struct prima_reply reply = {.words = ""};
    if (more_answers == NULL || !more_answers(words, &reply))
        fail_msg("no such answer: %s", words);
    done(open_question.user, &reply);
}

/* Another order of the same company, a moment before: it is taken ("+"), or answered in words that
 * no pattern knows ("-"). */
static void others(char sign)
{
    static const char another[] = "01/orders/shop/uk/2";
    now_ms++;
    recent_add(&posting.recent, PRIMA_NEW_ORDER, another, sign == '+', now_ms);
    if (sign == '+')
        breaker_success(&posting.breaker, PRIMA_NEW_ORDER, now_ms);
    else
        (void)breaker_failure(&posting.breaker, PRIMA_NEW_ORDER, another, false, now_ms);
    now_ms++;
}

/* ";"-separated; "~" in front: so many ms pass first ("~200 ok"); "^": the machine sleeps so long,
 * which the monotonic clock does not count; "+", "-": others. */
static bool answer_next(void)
{
    char words[200];
    const size_t size = strcspn(script, ";");
    if (script[0] == '\0' || !is_asked())
        return false;
    assert_true(size < sizeof words);
    memcpy(words, script, size);
    words[size] = '\0';
    script += script[size] == ';' ? size + 1 : size;
    char *at = words;
    if (at[0] == '~' || at[0] == '^') {
        int64_t *clock_ms = at[0] == '~' ? &now_ms : &asleep_ms;
        *clock_ms += strtoll(at + 1, &at, 10);
        at++;
    }
    if (at[0] == '+' || (at[0] == '-' && at[1] != '\0'))
        others(*at++);
    if (open_question.redis != NULL)
        answer_redis(at);
    else if (open_question.prima != NULL)
        answer_prima(at);
    else
        answer_former(at);
    return true;
}

/* ---- a flow that does as it is told ---- */

int plan;
int decisions;

static int decide(const void *event, const struct flow_key *key, const void *rules,
                  struct fact *facts, size_t fact_count, const struct flow_known *known,
                  struct arena *arena, struct flow_plan *ret_plan)
{
    (void)event, (void)key, (void)rules, (void)facts, (void)fact_count, (void)known, (void)arena;
    decisions++;
    if (more_plans != NULL)
        return more_plans(facts, fact_count, arena, ret_plan);
    switch (plan) {
    case PLAN_SENDS:
        *ret_plan = (struct flow_plan){.verdict = FLOW_SENDS,
                                       .request = "R1",
                                       .request_size = 2,
                                       .summary = "S",
                                       .summary_size = 1};
        break;
    case PLAN_IGNORES:
        *ret_plan = (struct flow_plan){.verdict = FLOW_SETTLES,
                                       .outcome = OUTCOME_IGNORED_TEST,
                                       .summary = ", and why",
                                       .summary_size = 9};
        break;
    case PLAN_REFUSES:
        *ret_plan = (struct flow_plan){
            .verdict = FLOW_DEAD_LETTERS, .codes = {PF_E_event_invalid}, .code_count = 1};
        break;
    case PLAN_WAITS:
        *ret_plan = (struct flow_plan){
            .verdict = FLOW_WAITS, .codes = {PF_E_company_unmapped}, .code_count = 1};
        break;
    }
    return 0;
}

static int status_request(const struct flow_key *key, const void *rules, struct buf *out)
{
    (void)rules;
    buf_text(out, key->document);
    return 0;
}

static enum outcome summary_outcome(const char *summary, size_t size, enum pf_error codes[static 8],
                                    size_t *ret_count)
{
    (void)summary, (void)size, (void)codes;
    *ret_count = 0;
    return OUTCOME_POSTED;
}

static int write_outputs(struct codec *codec, const struct flow_settlement *s, const void *event,
                         const void *rules, struct arena *arena, struct flow_outputs *outputs)
{
    (void)codec, (void)event, (void)rules, (void)arena;
    buf_text(outputs->value,
             s->is_dead_letter ? pf_error_info(s->code)->name : outcome_name(s->outcome));
    if (s->outcome == OUTCOME_IGNORED_TEST)
        buf_append(outputs->value, s->summary, s->summary_size);
    outputs->put(outputs, s->is_dead_letter ? 1 : 0, s->is_dead_letter ? "beside" : NULL);
    return 0;
}

static enum pf_error money_moved(const void *event, const char *summary, size_t size,
                                 struct arena *arena, const char **ret_detail)
{
    (void)event, (void)size, (void)arena;
    *ret_detail = "money moved";
    return summary != NULL && summary[0] == 'L' ? PF_E_payment_lost : PF_OK;
}

static enum pf_error goods_moved(const struct codec *codec, const void *former,
                                 const char *former_why, const void *event, struct arena *arena,
                                 const char **ret_detail)
{
    (void)codec, (void)event, (void)arena;
    note("goods:%s", former != NULL ? "named" : former_why);
    *ret_detail = "goods moved";
    return PF_E_order_amended;
}

static int64_t former_version; /* of what is read again: flow.key is asked about nothing else */

static enum pf_error key_of(const void *event, const void *rules, struct arena *arena,
                            struct flow_key *ret_key, const char **ret_detail)
{
    (void)event, (void)rules, (void)arena, (void)ret_detail;
    ret_key->version = former_version;
    return PF_OK;
}

static const struct bound_record event_record = {.name = "Event", .size = 1};

static const struct flow flow = {
    .name = "orders",
    .event = &event_record,
    .key = key_of,
    .reads = "orders.raw",
    .writes = PRIMA_NEW_ORDER,
    .asks = PRIMA_ORDER_STATUS,
    .decide = decide,
    .money_moved = money_moved,
    .amended = PF_E_refund_amended,
    .goods_moved = goods_moved,
    .status_request = status_request,
    .summary_outcome = summary_outcome,
    .outputs = {{"orders.results", "R", "result", true}, {"beside", "B", "word beside", true}},
    .write_outputs = write_outputs};

/* ---- one record's way ---- */

struct stream stream;
struct posting posting;
struct worker worker;
struct input_topic topic = {.name = "orders.raw", .role = TOPIC_INPUT};
struct partition partition;
static struct config *config;

int set_up(void **state)
{
    struct config_message message;
    (void)state;
    record_state_use(&transitions);
    return config_load(NULL, NULL, 0, &config, &message);
}

int tear_down(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

void begin_world(void)
{
    now_ms = BEGINNING_MS;
    asleep_ms = 0;
    trace[0] = '\0';
    decisions = 0;
    former_version = 2;
    memset(&open_question, 0, sizeof open_question);
    stream = (struct stream){.engine = &posting_engine,
                             .outputs = {.retry = {"orders.raw.retry.1s"},
                                         .dlq = "orders.raw.dlq",
                                         .written = {"orders.results"},
                                         .retry_count = 1},
                             .reach = 1000};
    posting = (struct posting){.in_flight_max = 8,
                               .buffered_max = 8,
                               .connections_max = 8,
                               .settle_deadline_ms = 60000,
                               .retry_max_age_ms = 86400000,
                               .resolve_max_ms = 600000,
                               .unproven_wait_ms = 5000,
                               .in_vain = 1000, /* keys are claimed first, but where it is said */
                               .unique = true};
    worker = (struct worker){
        .flow = &flow,
        .host.config = config,
        .stream = &stream,
        .posting = &posting,
        .times = {.lease_ms = 30000, .margin_ms = 2000, .window_ms = 4000, .ttl_ms = 86400000}};
    (void)snprintf(stream.group, sizeof stream.group, "primaflow.orders");
    partition = (struct partition){
        .topic = &topic, .worker = &worker, .place = {"orders.raw", 0, 0}, .committed = 70};
    ready_init(&posting.ready);
    posting.send_queue.last = &posting.send_queue.first;
    buf_init(&posting.message, 4096);
    assert_int_equal(uv_loop_init(&worker.host.loop), 0);
    timers_init(&worker.host.timers, &worker.host.loop);
    lanes_init(&posting.lanes);
    breaker_init(&posting.breaker, PRIMA_NEW_ORDER, 5, 1000);
    recent_init(&posting.recent, 60000);
    posting_engine.assigned(&partition);
}

void end_world(void)
{
    const struct redis_reply redis = {.count = 1, .items = {{"lost", 4, 0}}};
    const struct prima_reply prima = {.fate = PRIMA_NOT_SENT, .words = ""};
    posting_engine.revoked(&partition); /* whoever waits is gone when the answer comes */
    if (open_question.redis != NULL)
        open_question.redis(open_question.user, &redis);
    if (open_question.prima != NULL)
        open_question.prima(open_question.user, &prima);
    if (open_question.former != NULL)
        open_question.former(open_question.user, FORMER_GONE, NULL, "");
    ready_run(&worker); /* frees those that were dropped */
    assert_null(posting.ready.first);
    timers_release(&worker.host.timers);
    lanes_release(&posting.lanes);
    buf_release(&posting.message);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&worker.host.loop), 0);
}

/* As the worker's turn does, and time passes when nothing else can happen. */
bool step(void)
{
    if (posting.ready.first != NULL) {
        ready_run(&worker);
        return true;
    }
    if (answer_next())
        return true;
    if (worker.host.timers.count == 0 || is_asked() || script[0] == '\0')
        return false;
    struct timer *timer = worker.host.timers.heap[1];
    now_ms = timer->at_ms > now_ms ? timer->at_ms : now_ms;
    timers_cancel(&worker.host.timers, timer);
    timer->fire(timer->owner);
    return true;
}

static const char *header_of(const struct kafka_message *m, const char *name, char text[static 64])
{
    text[0] = '\0';
    for (size_t i = 0; i < m->header_count; i++)
        if (strcmp(m->headers[i].name, name) == 0)
            (void)snprintf(text, 64, "%.*s", (int)m->headers[i].size,
                           (const char *)m->headers[i].value);
    return text;
}

static void note_end(const struct record *r)
{
    char text[64];
    if (r->state < SETTLED) {
        note("| %s", life_state_name(r->state));
        return;
    }
    const struct kafka_message *m = &r->out.list[0].message;
    if (strcmp(m->topic, "orders.results") == 0)
        note("| %.*s", (int)m->value_size, (const char *)m->value);
    else if (strcmp(m->topic, "orders.raw.dlq") == 0)
        note("| dead letter %s", header_of(m, HEADER_CODE, text));
    else
        note("| retry %s%s", header_of(m, HEADER_RETRY_REASON, text),
             header_of(m, HEADER_SENT, text)[0] != '\0' ? ", sent" : "");
}

/* A record with this key that was just decoded. */
struct record *decoded(bool cancels, bool resolve_first)
{
    static uint8_t event;
    struct kafka_record raw = {.topic = "orders.raw",
                               .offset = 77,
                               .timestamp_ms = WALL_MS + now_ms,
                               .key = "k",
                               .key_size = 1,
                               .value = "v",
                               .value_size = 1};
    struct backlog *b = backlog_of(&partition);
    struct record *r = record_new(&worker, &partition, &raw);
    *b->last = r;
    b->last = &r->next;
    b->count++;
    window_fetched(&posting.window, r->bytes);
    r->event = &event;
    r->lineage.resolve_first = resolve_first ? RESOLVE_FIRST_AFTER_OLD_LOSS : RESOLVE_AS_NEEDED;
    r->key = (struct flow_key){.natural = "01/orders/shop/uk/1",
                               .kafka = "01/shop/uk/1",
                               .company = "01",
                               .document = "1",
                               .version = 2,
                               .cancels = cancels};
    memset(r->identity, 7, sizeof r->identity);
    r->work.natural = r->key.natural;
    r->work.identity = r->identity;
    r->work.delivery = r->lineage.delivery;
    return r;
}

void walk(const struct way *way)
{
    begin_world();
    script = way->script;
    plan = way->plan;
    posting.unique = !way->is_shared;
    former_version = 2;
    posting.in_vain = way->decides_ahead ? 0 : posting.in_vain;
    struct record *r = decoded(way->cancels, way->resolve_first);
    r->key.is_empty = way->is_empty;
    if (way->is_old)
        r->lineage.first_seen_ms -= 2 * posting.retry_max_age_ms;
    record_transition(r, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
        continue;
    note_end(r);
    if (strcmp(trace, way->trace) != 0 || script[0] != '\0')
        fail_msg("%s:\n  %s\ninstead of\n  %s\nleft of the script: \"%s\"", way->name, trace,
                 way->trace, script);
    end_world();
}
