/* Keys from committed results, dead letters and decisions; see restore.h. */
#include "stream/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "flow/flow.h"
#include "kafka/admin.h"
#include "kafka/headers.h"
#include "kafka/reader.h"
#include "kafka/topics.h"
#include "stream/forwards.h"

/* Redis has all that it was given, or the restoring has failed. */
static void restore_catch_up(struct restore *b)
{
    const int result = keys_batch_end(&b->batch);
    if (b->result == 0)
        b->result = result;
}

/* Asked for each record that is read: false when it is over for us. */
static bool restore_goes_on(struct restore *b)
{
    (void)fail_point("rebuild.record");
    const int64_t now = clock_monotonic_ms();
    if (b->result == 0 && now - b->renewed_ms > b->renew_every_ms) {
        restore_catch_up(b);
        if (b->result == 0)
            b->result = b->renew(b->user);
        b->renewed_ms = now;
    }
    return b->result == 0;
}

/* ---- results and dead letters ---- */

static void restore_key(struct restore *b, const struct keys_restored *key)
{
    if (b->wants != NULL && !b->wants(b->user, key))
        return;
    if (b->result == 0)
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
    struct restore *b = user;
    struct codec_fault fault;
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    if (!restore_goes_on(b) || record->value == NULL)
        return;
    if (codec_fetch(b->codec, record->value, record->value_size) < 0) {
        b->result = -EIO; /* a result that cannot be read is a key that would be forgotten */
        return;
    }
    json_t *json = codec_to_json(b->codec, record->value, record->value_size, &fault);
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
        restore_key(b, &(struct keys_restored){
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
    struct restore *b = user;
    char version[DIGITS_MAX], key[500], delivery[DELIVERY_MAX];
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    const char *state = later_state(record);
    if (!restore_goes_on(b) || state == NULL ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL ||
        kafka_header_text(record, HEADER_SOURCE_VERSION, version, sizeof version) == NULL ||
        !header_digest(record, HEADER_FINGERPRINT, identity, IDENTITY_SIZE) ||
        !header_digest(record, HEADER_GOODS, goods, GOODS_SIZE) ||
        !header_digest(record, HEADER_MONEY, money, MONEY_SIZE))
        return;
    restore_key(b, &(struct keys_restored){.state = state,
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
    struct restore *b = user;
    const char *state;
    char code[64], key[500], delivery[DELIVERY_MAX];
    uint8_t identity[IDENTITY_SIZE];
    if (!restore_goes_on(b))
        return;
    b->later_letters |= later_state(record) != NULL;
    if ((state = state_of_letter(record, code)) == NULL ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        !header_digest(record, HEADER_FINGERPRINT, identity, IDENTITY_SIZE) ||
        kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL)
        return;
    restore_key(b, &(struct keys_restored){.state = state,
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
    struct restore *b = user;
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    if (!restore_goes_on(b) || record->value == NULL)
        return;
    json_t *json = json_loadb(record->value, record->value_size, 0, NULL);
    if (strcmp(text_of(json, "decision"), "discarded") == 0 && text_of(json, "key")[0] != '\0') {
        memset(identity, 0, sizeof identity); /* it stays what the key has */
        restore_key(b, &(struct keys_restored){.state = "d",
                                               .natural = text_of(json, "key"),
                                               .identity = identity,
                                               .delivery = text_of(json, "delivery"),
                                               .code = "",
                                               .at_ms = record->timestamp_ms});
    } else if (strcmp(text_of(json, "decision"), "amended") == 0 &&
               digest_of_hex(text_of(json, "identity"), identity, IDENTITY_SIZE) &&
               digest_of_hex(text_of(json, "goods"), goods, GOODS_SIZE) &&
               digest_of_hex(text_of(json, "money"), money, MONEY_SIZE))
        restore_key(b, &(struct keys_restored){
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
    struct restore *b = user;
    if (b->result == 0)
        b->result = keys_batch_defer(&b->batch, natural, delivery, b->batch.ks->deferral_life_ms);
}

int restore_marks(struct restore *b, const char *const retries[], size_t count,
                  const struct kafka_place *committed, size_t committed_count,
                  char ret_message[static KAFKA_TEXT_MAX])
{
    struct forwards *forwards = forwards_new(committed, committed_count);
    int result = b->result;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = b->renew(b->user);
        if (result == 0)
            result =
                kafka_scan(b->config, retries[i], b->give_up, forwards_see, forwards, ret_message);
    }
    if (result == 0)
        forwards_in_order(forwards, on_mark, b);
    restore_catch_up(b);
    forwards_free(forwards);
    return result == 0 ? b->result : result;
}

/* ---- the ledger ---- */

int restore_positions(struct restore *b, const char *ledger,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *ends = NULL;
    size_t count = 0;
    int result = kafka_ends(b->config, &ledger, 1, KAFKA_END_HIGH, &ends, &count, ret_message);
    for (size_t i = 0; i < count && result == 0; i++)
        result = keys_credit_position(&b->batch, ends[i].partition, ends[i].offset);
    if (result == 0)
        result = keys_batch_end(&b->batch);
    free(ends);
    return result;
}

/* ---- all of it ---- */

static int restore_scan(struct restore *b, const char *topic,
                        void (*each)(void *user, const struct kafka_record *record),
                        char ret_message[static KAFKA_TEXT_MAX])
{
    const int result = kafka_scan(b->config, topic, b->give_up, each, b, ret_message);
    return result == 0 ? b->result : result;
}

/* Dead letters are read twice where some are of a posted order's later version, instead of kept:
 * there are as many as exceptions. */
int restore_keys(struct restore *b, const char *dead_letters, const char *results,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    int result = 0;
    if (!mutant("suspect_rebuild"))
        result = restore_scan(b, dead_letters, on_dead_letter, ret_message);
    if (result == 0 && !mutant("suspect_rebuild"))
        result = restore_scan(b, results, on_result, ret_message);
    if (result == 0 && b->later_letters)
        result = restore_scan(b, dead_letters, on_later_letter, ret_message);
    if (result == 0) {
        result = restore_scan(b, topic_ops_decisions, on_decision, ret_message);
        if (result == -ENOENT) /* made by an earlier release: nobody has decided anything */
            result = 0;
    }
    restore_catch_up(b);
    return result == 0 ? b->result : result;
}
