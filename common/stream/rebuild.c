/* The keys, from what was committed; see rebuild.h. */
#include "stream/rebuild.h"

#include <errno.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "kafka/admin.h"
#include "kafka/reader.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/forwards.h"
#include "kafka/headers.h"
#include "kafka/topics.h"

size_t rebuild_input_names(const struct worker *w, const char *names[TOPICS_MAX])
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        names[i] = w->stream->inputs.list[i].name;
    return w->stream->inputs.count;
}

const char *rebuild_marker_name(const struct worker *w, char text[static 200])
{
    return keys_name(&w->keys, "marker", w->flow->name, text, 200);
}

int rebuild_mark(const struct worker *w, struct redis_once *redis, const char *seen,
                 const char *marker)
{
    return keys_mark(redis, &w->keys, seen, marker);
}

/* ---- the lock ---- */

enum {
    LOCK_SLOT_LEASES = 3
}; /* the lock's lease: a multiple of slot.lease, by which a dead process is known to be one */

const char *rebuild_lock_name(const struct worker *w, char text[static 200])
{
    return keys_name(&w->keys, "rebuild", w->flow->name, text, 200);
}

static int64_t lock_ms(const struct worker *w)
{
    return LOCK_SLOT_LEASES * config_int(w->host.config, CFG_slot_lease);
}

int rebuild_lock(const struct worker *w, struct redis_once *redis)
{
    return keys_lock(redis, &w->keys, lock_ms(w));
}

int rebuild_unlock(const struct worker *w, struct redis_once *redis)
{
    return keys_unlock(redis, &w->keys, lock_ms(w));
}

/* ---- reading ---- */

struct rebuild {
    struct worker *worker;
    struct redis_once *redis;
    struct keys_batch batch;
    int64_t restored, renewed_ms;
    int result;
    int64_t unreadable;
    bool later_letters; /* the dead letters have some of a posted order's later version */
};

/* Redis has all that it was given, or the rebuild has failed. */
static void rebuild_catch_up(struct rebuild *b)
{
    const int result = keys_batch_end(&b->batch);
    if (b->result == 0)
        b->result = result;
}

/* Asked for each record that is read: false when the rebuild is over for us. */
static bool rebuild_goes_on(struct rebuild *b)
{
    (void)fail_point("rebuild.record");
    const int64_t now = clock_monotonic_ms();
    if (b->result == 0 && now - b->renewed_ms > lock_ms(b->worker) / 4) {
        rebuild_catch_up(b);
        if (b->result == 0)
            b->result = rebuild_lock(b->worker, b->redis);
        b->renewed_ms = now;
    }
    return b->result == 0;
}

/* ---- results and dead letters ---- */

static void rebuild_restore(struct rebuild *b, const struct keys_restored *key)
{
    b->result = keys_batch_restore(&b->batch, key);
    b->restored++;
}

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text != NULL ? text : "";
}

static bool is_of_code(const json_t *json, enum pf_error code)
{
    return strcmp(text_of(json, "code"), pf_error_info(code)->name) == 0;
}

/* What a result says became of its key, as scripts/restore.lua names it; NULL: nothing. */
static const char *state_of_result(const json_t *json)
{
    const char *outcome = text_of(json, "outcome");
    if (strncmp(outcome, "posted", 6) == 0)
        return "p";
    if (strcmp(outcome, "cancelled_before_posting") == 0)
        return is_of_code(json, PF_E_nothing_left) ? "w" : "x";
    if (strcmp(outcome, outcome_name(OUTCOME_PAYMENT_UPDATED)) == 0)
        return "m";
    if (json_is_object(json_object_get(json, "resolves")))
        return "e";
    return is_of_code(json, PF_E_order_amended) || is_of_code(json, PF_E_refund_amended) ? "b"
                                                                                         : NULL;
}

/* A later version's result may stand before the `posted` that it is about, when a crash came
 * between; its key is not there yet then, and the next version says the same again. */
static void on_result(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    struct codec_fault fault;
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    if (!rebuild_goes_on(b) || record->value == NULL)
        return;
    if (codec_fetch(b->worker->codec, record->value, record->value_size) < 0) {
        b->result = -EIO; /* a result that cannot be read is a key that would be forgotten */
        return;
    }
    json_t *json = codec_to_json(b->worker->codec, record->value, record->value_size, &fault);
    const char *state = state_of_result(json),
               *key = json_string_value(json_object_get(json, "key"));
    const json_t *delivery = json_object_get(json, "delivery");
    const bool has_parts = digest_of_hex(text_of(json, "goods"), goods, GOODS_SIZE) &&
                           digest_of_hex(text_of(json, "money"), money, MONEY_SIZE);
    if (state != NULL && key != NULL &&
        digest_of_hex(text_of(json, "identity"), identity, IDENTITY_SIZE)) {
        char place[DELIVERY_MAX];
        (void)snprintf(place, sizeof place, "%s/%lld/%lld", text_of(delivery, "topic"),
                       (long long)json_integer_value(json_object_get(delivery, "partition")),
                       (long long)json_integer_value(json_object_get(delivery, "offset")));
        rebuild_restore(b,
                        &(struct keys_restored){
                            .state = state,
                            .natural = key,
                            .identity = identity,
                            .delivery = place,
                            .code = strcmp(state, "w") == 0 ? text_of(json, "code") : "",
                            .version = json_integer_value(json_object_get(json, "source_version")),
                            .at_ms = json_integer_value(json_object_get(json, "posted_at")),
                            .goods = has_parts ? goods : NULL,
                            .money = has_parts ? money : NULL});
    }
    b->unreadable += json == NULL;
    json_decref(json);
}

/* 'k' for a parked key; of a letter that stands for what was too large to be told, what that would
 * have said. NULL: nothing of a key. */
static const char *state_of_letter(const struct kafka_record *record, char code[static 64])
{
    char class[32];
    if (kafka_header_text(record, HEADER_CLASS, class, sizeof class) == NULL ||
        kafka_header_text(record, HEADER_CODE, code, 64) == NULL)
        return NULL;
    if (strcmp(class, "park") == 0)
        return "k";
    if (strcmp(code, pf_error_info(PF_E_record_too_large)->name) != 0 ||
        kafka_header_text(record, HEADER_INSTEAD_OF, code, 64) == NULL)
        return NULL;
    if (strncmp(code, "posted", 6) == 0)
        return "p";
    if (strcmp(code, outcome_name(OUTCOME_CANCELLED_BEFORE_POSTING)) == 0)
        return "x";
    const enum pf_error error = pf_error_find(code);
    return error != PF_OK && pf_error_info(error)->class == PF_CLASS_PARK ? "k" : NULL;
}

/* ---- dead letters of a posted order's later version ---- */

static const char *later_state(const struct kafka_record *record)
{
    char code[64];
    if (kafka_header_text(record, HEADER_CODE, code, sizeof code) == NULL)
        return NULL;
    switch (pf_error_find(code)) {
    case PF_E_order_amended:
    case PF_E_units_cancelled_after_posting:
    case PF_E_refund_amended:
        return "a";
    case PF_E_payment_lost:
    case PF_E_refund_money_failed_after_credit:
    case PF_E_refund_more_money_after_credit:
        return "m";
    case PF_E_cancelled_after_posting:
        return "n";
    default:
        return NULL;
    }
}

static bool header_digest(const struct kafka_record *record, const char *name, uint8_t *ret_digest,
                          size_t size)
{
    char hex[2 * IDENTITY_SIZE + 1];
    return kafka_header_text(record, name, hex, sizeof hex) != NULL &&
           digest_of_hex(hex, ret_digest, size);
}

/* Restored once every `posted` is, which it stands behind in time. In which order they come does not
 * matter: versions decide. One of an earlier release has no parts, and says nothing here. */
static void on_later_letter(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    char version[DIGITS_MAX], key[500], delivery[DELIVERY_MAX];
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    const char *state = later_state(record);
    if (!rebuild_goes_on(b) || state == NULL ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL ||
        kafka_header_text(record, HEADER_SOURCE_VERSION, version, sizeof version) == NULL ||
        !header_digest(record, HEADER_FINGERPRINT, identity, IDENTITY_SIZE) ||
        !header_digest(record, HEADER_GOODS, goods, GOODS_SIZE) ||
        !header_digest(record, HEADER_MONEY, money, MONEY_SIZE))
        return;
    rebuild_restore(b, &(struct keys_restored){.state = state,
                                               .natural = key,
                                               .identity = identity,
                                               .delivery = delivery,
                                               .code = "",
                                               .version = strtoll(version, NULL, 10),
                                               .at_ms = record->timestamp_ms,
                                               .goods = goods,
                                               .money = money});
}

static void on_dead_letter(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    const char *state;
    char code[64], key[500], delivery[DELIVERY_MAX];
    uint8_t identity[IDENTITY_SIZE];
    if (!rebuild_goes_on(b))
        return;
    b->later_letters |= later_state(record) != NULL;
    if ((state = state_of_letter(record, code)) == NULL ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        !header_digest(record, HEADER_FINGERPRINT, identity, IDENTITY_SIZE) ||
        kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL)
        return;
    rebuild_restore(b, &(struct keys_restored){.state = state,
                                               .natural = key,
                                               .identity = identity,
                                               .delivery = delivery,
                                               .code = strcmp(state, "k") == 0 ? code : "",
                                               .at_ms = record->timestamp_ms});
}

/* ---- people's decisions ---- */

/* ops.decisions: a person's word that Prima's document holds another version now, or that nothing is
 * to be done about what is parked. */
static void on_decision(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    if (!rebuild_goes_on(b) || record->value == NULL)
        return;
    json_t *json = json_loadb(record->value, record->value_size, 0, NULL);
    if (strcmp(text_of(json, "decision"), "discarded") == 0 && text_of(json, "key")[0] != '\0') {
        memset(identity, 0, sizeof identity); /* it stays what the key has */
        rebuild_restore(b, &(struct keys_restored){.state = "d",
                                                   .natural = text_of(json, "key"),
                                                   .identity = identity,
                                                   .delivery = text_of(json, "delivery"),
                                                   .code = "",
                                                   .at_ms = record->timestamp_ms});
    } else if (strcmp(text_of(json, "decision"), "amended") == 0 &&
               digest_of_hex(text_of(json, "identity"), identity, IDENTITY_SIZE) &&
               digest_of_hex(text_of(json, "goods"), goods, GOODS_SIZE) &&
               digest_of_hex(text_of(json, "money"), money, MONEY_SIZE))
        rebuild_restore(b, &(struct keys_restored){
                               .state = "v",
                               .natural = text_of(json, "key"),
                               .identity = identity,
                               .delivery = text_of(json, "delivery"),
                               .code = "",
                               .version = json_integer_value(json_object_get(json, "version")),
                               .at_ms = record->timestamp_ms,
                               .goods = goods,
                               .money = money});
    json_decref(json);
}

/* ---- deferral marks ---- */

/* Keys with a record in a retry topic keep their order, also over a loss. */

static void on_mark(void *user, const char *natural, const char *delivery)
{
    struct rebuild *b = user;
    if (b->result == 0)
        b->result =
            keys_batch_defer(&b->batch, natural, delivery, b->worker->times.deferral_life_ms);
}

static int rebuild_marks(struct rebuild *b, const struct kafka_place *committed, size_t count,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    struct worker *w = b->worker;
    struct forwards *forwards = forwards_new(committed, count);
    int result = b->result;
    for (size_t i = 0; i < w->stream->inputs.count && result == 0;
         i++) { /* those that were taken out of retry.delays, too, while they hold records */
        if (w->stream->inputs.list[i].role != TOPIC_RETRY)
            continue;
        result = rebuild_lock(w, b->redis);
        if (result == 0)
            result = kafka_scan(w->host.config, w->stream->inputs.list[i].name, &w->host.give_up,
                                forwards_see, forwards, ret_message);
    }
    if (result == 0)
        forwards_in_order(forwards, on_mark, b);
    rebuild_catch_up(b);
    forwards_free(forwards);
    return result == 0 ? b->result : result;
}

/* ---- what anybody may have worked on ---- */

static enum topic_role role_of(const struct worker *w, const char *topic)
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (strcmp(w->stream->inputs.list[i].name, topic) == 0)
            return w->stream->inputs.list[i].role;
    return TOPIC_INPUT;
}

/* Of what was never in a retry topic: nobody has sent what became stable after everybody had heard
 * of the loss, or what lies too far behind the committed offset (partitions_may_send). */
static void lower_end(const struct worker *w, struct kafka_place *end, int64_t committed)
{
    if (role_of(w, end->topic) == TOPIC_RETRY)
        return;
    for (size_t i = 0; i < w->stream->incident.end_count; i++) {
        const struct kafka_place *heard = &w->stream->incident.ends[i];
        if (heard->partition == end->partition && strcmp(heard->topic, end->topic) == 0 &&
            heard->offset < end->offset)
            end->offset = heard->offset;
    }
    const int64_t reach = committed + fleet_reach(w);
    if (committed >= 0 && reach < end->offset)
        end->offset = reach;
}

/* The ends are taken once more: a transaction that was under way when the loss was noticed may have
 * written to a retry topic since, and what is there has been worked on. Suspicion does not wait for
 * what nobody can have sent. */
static int take_ends(struct worker *w, struct kafka_place **ret_committed,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &w->stream->control;
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    struct kafka_place *ends = NULL;
    size_t end_count = 0;
    int result =
        kafka_ends(w->host.config, names, count, KAFKA_END_HIGH, &ends, &end_count, ret_message);
    struct kafka_place *committed = calloc(end_count + 1, sizeof *committed);
    if (committed == NULL)
        abort();
    if (end_count > 0)
        memcpy(committed, ends, end_count * sizeof *committed);
    *ret_committed = committed;
    if (result == 0)
        result = kafka_group_committed(w->host.config, w->stream->group, committed, end_count,
                                       ret_message);
    if (result < 0) {
        free(ends);
        return result;
    }
    for (size_t i = 0; i < end_count; i++)
        lower_end(w, &ends[i], committed[i].offset);
    free(c->ends);
    c->ends = ends;
    c->end_count = end_count;
    return 0;
}

/* ---- the ledger ---- */

/* Nobody takes anything of an order before its table has read what stands in the ledger now: what is
 * open or credited is there, and reservations are not rebuilt. */
static int set_positions(struct worker *w, struct keys_batch *batch,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *ends = NULL;
    size_t count = 0;
    if (w->flow->ledger == NULL)
        return 0;
    int result = kafka_ends(w->host.config, &w->flow->ledger->topic, 1, KAFKA_END_HIGH, &ends,
                            &count, ret_message);
    for (size_t i = 0; i < count && result == 0; i++)
        result = keys_credit_position(batch, ends[i].partition, ends[i].offset);
    if (result == 0)
        result = keys_batch_end(batch);
    free(ends);
    return result;
}

/* From here on records may be worked on: what is lost later is another incident's. */
static int write_down(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control now = {.ends = NULL}, *c = &w->stream->control;
    int result = control_read(w->host.config, w->stream->group, &now, ret_message);
    if (result == 0 && strcmp(now.incident, c->incident) != 0)
        result = -EAGAIN;
    if (result == 0) {
        c->senders_over =
            fleet_senders_are_over(&now) &&
            fleet_absence_counts(w->stream->incident.senders_over_ms, clock_monotonic_ms(),
                                 config_int(w->host.config, CFG_prima_max_apply_delay));
        c->rebuilt = true;
        result = control_open(w->host.config, w->stream->group, c, ret_message);
    }
    control_free(&now);
    return result;
}

/* ---- all of it ---- */

static int rebuild_scan(struct rebuild *b, const char *topic,
                        void (*each)(void *user, const struct kafka_record *record),
                        char ret_message[static KAFKA_TEXT_MAX])
{
    const struct worker *w = b->worker;
    const int result = kafka_scan(w->host.config, topic, &w->host.give_up, each, b, ret_message);
    return result == 0 ? b->result : result;
}

/* Dead letters are read twice where some are of a posted order's later version, instead of kept:
 * there are as many as exceptions. */
static int restore_all(struct rebuild *b, char ret_message[static KAFKA_TEXT_MAX])
{
    const struct output_topics *topics = &b->worker->stream->outputs;
    int result = 0;
    if (!mutant("suspect_rebuild"))
        result = rebuild_scan(b, topics->dlq, on_dead_letter, ret_message);
    if (result == 0 && !mutant("suspect_rebuild"))
        result = rebuild_scan(b, topics->written[OUTPUT_RESULTS], on_result, ret_message);
    if (result == 0 && b->later_letters)
        result = rebuild_scan(b, topics->dlq, on_later_letter, ret_message);
    if (result == 0) {
        result = rebuild_scan(b, topic_ops_decisions, on_decision, ret_message);
        if (result == -ENOENT) /* made by an earlier release: nobody has decided anything */
            result = 0;
    }
    rebuild_catch_up(b);
    return result == 0 ? b->result : result;
}

static void note_unreadable(const struct flow *flow, int64_t count)
{
    char message[120];
    (void)snprintf(message, sizeof message,
                   "unreadable results; their %ss are looked up in Prima if redelivered",
                   flow->noun);
    log_warning(.message = message, .count = count,
                .remedy = "see that schema.registry.url and schema.folder still know every schema");
}

/* Keys with a later epoch than ops.control has: it lost its records, and Redis did not. While the
 * keys are rebuilt nobody works, so that no fence stands for somebody who does: the next attempt
 * goes on above them all. */
static void rise_above(struct rebuild *b, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &b->worker->stream->control;
    const int64_t found = b->batch.stale_fence >> 32;
    if (b->batch.stale_fence == 0 || found < c->epoch || mutant("rebuild_rises"))
        return;
    c->epoch = found + 1;
    c->generation = 0;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                   "Redis has keys of a later epoch than ops.control; continuing with epoch %lld",
                   (long long)c->epoch);
}

/* The marker says so while it is under way: nobody works. */
static int begin_rebuild(struct worker *w, struct redis_once *redis, const char *marker,
                         const char *incident)
{
    char under_way[sizeof w->keys.marker];
    (void)snprintf(under_way, sizeof under_way, "rebuild:%.38s", incident);
    const int result = rebuild_mark(w, redis, marker, under_way);
    memcpy(w->keys.marker, under_way, sizeof under_way);
    return result;
}

int rebuild_nothing(struct worker *w, struct redis_once *redis, const char *marker,
                    const char *incident, char ret_message[static KAFKA_TEXT_MAX])
{
    struct keys_batch batch = {.redis = redis, .ks = &w->keys};
    if (w->flow->ledger == NULL)
        return rebuild_mark(w, redis, marker, incident);
    int result = begin_rebuild(w, redis, marker, incident);
    if (result == 0)
        result = set_positions(w, &batch, ret_message);
    return result == 0 ? rebuild_mark(w, redis, w->keys.marker, incident) : result;
}

int rebuild_keys(struct worker *w, struct redis_once *redis, const char *marker,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t begun = clock_monotonic_ms();
    struct rebuild b = {.worker = w,
                        .redis = redis,
                        .batch = {.redis = redis, .ks = &w->keys},
                        .renewed_ms = begun};
    struct kafka_place *committed = NULL;
    (void)fail_point("rebuild.before");
    int result = begin_rebuild(w, redis, marker, w->stream->control.incident);
    if (result == 0)
        result = restore_all(&b, ret_message);
    if (result == 0)
        result = take_ends(w, &committed, ret_message);
    if (result == 0)
        result = rebuild_marks(&b, committed, w->stream->control.end_count, ret_message);
    if (result == 0 && !mutant("rebuild_sets_position"))
        result = set_positions(w, &b.batch, ret_message);
    if (result == 0)
        result = write_down(w, ret_message);
    free(committed);
    if (result == -EIO)
        rise_above(&b, ret_message);
    (void)fail_point("rebuild.after");
    if (result == 0)
        result = rebuild_mark(w, redis, w->keys.marker, w->stream->control.incident);
    if (result == 0 && b.unreadable > 0)
        note_unreadable(w->flow, b.unreadable);
    if (result == 0)
        log_info(.message = "keys rebuilt from committed results and dead letters",
                 .count = b.restored, .ms = clock_monotonic_ms() - begun);
    return result == -ECANCELED ? -EAGAIN : result;
}
