/* What we write about a record: dead letters and retries keep the original bytes, and replace our own
 * context instead of stacking it. */
#include "test_record_support.h"

#include "posting/actions.h"
#include "posting/outgoing.h"

static const struct kafka_header *only(const struct kafka_message *m, const char *name)
{
    const struct kafka_header *found = NULL;
    for (size_t i = 0; i < m->header_count; i++)
        if (strcmp(m->headers[i].name, name) == 0) {
            if (found != NULL)
                fail_msg("%s stands twice", name);
            found = &m->headers[i];
        }
    return found;
}

static void header_is(const struct kafka_message *m, const char *name, const char *text)
{
    const struct kafka_header *h = only(m, name);
    if (text == NULL) {
        if (h != NULL)
            fail_msg("%s is there", name);
        return;
    }
    if (h == NULL || h->size != strlen(text) || memcmp(h->value, text, h->size) != 0)
        fail_msg("%s is %.*s, not %s", name, h != NULL ? (int)h->size : 4,
                 h != NULL ? (const char *)h->value : "none", text);
}

static void test_a_dead_letter_replaces_our_context(void **state)
{
    static const char binary[] = {'a', '\0', '\xff', 'b'};
    struct kafka_record raw = raw_from(TOPIC_REPLAY);
    raw.key = "01/web/shop/1";
    raw.key_size = 13;
    raw.value = binary;
    raw.value_size = sizeof binary;
    add_text(&raw, "traceparent", "00-aa-bb-01");
    add_header(&raw, "binary", binary, sizeof binary);
    add_header(&raw, "null", NULL, 0);
    add_text(&raw, "traceparent", "a second one, as it came");
    add_text(&raw, HEADER_CODE, "stale_code");
    add_text(&raw, HEADER_DLQ_MESSAGE, "stale message");
    add_text(&raw, HEADER_DLQ_PREFIX "stage", "stale, too");
    add_text(&raw, HEADER_PREFIX "unheard-of", "stale, too");
    add_text(&raw, HEADER_HTTP_STATUS, "500");
    add_text(&raw, HEADER_REPLAY_ID, "replay-7");
    add_text(&raw, HEADER_REPLAY_COUNT, "2");
    add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
    add_text(&raw, HEADER_PARENT, "orders.raw/1/4");
    add_text(&raw, HEADER_REPLAY_OF, "orders.raw/1/3");
    add_text(&raw, HEADER_ATTEMPTS, "3");
    struct record *r = record_of(&raw);
    (void)state;
    r->end.code = PF_E_conflict;
    r->end.detail = "Why.";
    r->key.natural = "01/order/web/shop/1";
    record_keep_words(r, "No.");
    settled = 0;
    act_dead_letter(r);
    assert_int_equal(settled, 1);
    assert_int_equal(r->out.count, 1);
    const struct kafka_message *m = &r->out.list[0].message;
    assert_string_equal(m->topic, "orders.raw.dlq");
    assert_int_equal(m->key_size, 13);
    assert_memory_equal(m->key, "01/web/shop/1", 13);
    assert_int_equal(m->value_size, sizeof binary);
    assert_memory_equal(m->value, binary, sizeof binary);
    assert_ptr_not_equal(m->value, binary); /* the record's bytes are gone by then */
    /* ours first, for who reads only so many; the producer's behind them, in their order */
    assert_string_equal(m->headers[0].name, HEADER_DLQ_TOPIC);
    assert_string_equal(m->headers[m->header_count - 5].name, "traceparent");
    assert_string_equal(m->headers[m->header_count - 2].name, "traceparent");
    assert_memory_equal(only(m, "binary")->value, binary, sizeof binary);
    assert_non_null(only(m, "null"));
    assert_null(only(m, "null")->value);
    const struct pf_error_info *info = pf_error_info(PF_E_conflict);
    char message[400];
    (void)snprintf(message, sizeof message, "%s Why. Prima's text: No.", info->meaning);
    header_is(m, HEADER_DLQ_MESSAGE, message);
    header_is(m, HEADER_DLQ_TOPIC,
              "orders.raw.replay"); /* a dead letter that comes again is a new delivery */
    header_is(m, HEADER_DLQ_PARTITION, "3");
    header_is(m, HEADER_DLQ_OFFSET, "77");
    header_is(m, HEADER_DLQ_GROUP, "primaflow.orders");
    header_is(m, HEADER_DLQ_DELIVERY_COUNT, "1");
    header_is(m, HEADER_CODE, "conflict");
    header_is(m, HEADER_CLASS, pf_class_name(info->class));
    header_is(m, HEADER_OWNER, pf_owner_name(info->owner));
    header_is(m, HEADER_IDEMPOTENCY_KEY, "01/order/web/shop/1");
    header_is(m, HEADER_DELIVERY, "orders.raw.replay/3/77");
    header_is(m, HEADER_PARENT, "orders.raw/1/5");
    header_is(m, HEADER_REPLAY_ID, "replay-7");
    header_is(m, HEADER_REPLAY_COUNT, "3");
    header_is(m, HEADER_REPLAY_OF, "orders.raw/1/3");
    header_is(m, HEADER_HTTP_STATUS, NULL);
    header_is(m, HEADER_ATTEMPTS, NULL);
    header_is(m, HEADER_DLQ_PREFIX "stage", NULL);
    header_is(m, HEADER_PREFIX "unheard-of", NULL);
    assert_int_equal(only(m, HEADER_FINGERPRINT)->size, 2 * IDENTITY_SIZE);
    assert_non_null(only(m, HEADER_FIRST_FAILED_AT));
    record_free(r);
}

static void test_absent_and_empty_stay_what_they_are(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct kafka_record raw = raw_from(TOPIC_INPUT);
        raw.key = which & 1 ? NULL : "";
        raw.value = which & 2 ? NULL : "";
        raw.key_size = raw.value_size = 0;
        struct record *r = record_of(&raw);
        r->end.code = PF_E_tombstone;
        act_dead_letter(r);
        const struct kafka_message *m = &r->out.list[0].message;
        assert_int_equal(m->key == NULL, (which & 1) != 0);
        assert_int_equal(m->value == NULL, (which & 2) != 0);
        assert_int_equal(m->key_size + m->value_size, 0);
        header_is(m, HEADER_IDEMPOTENCY_KEY, NULL); /* it was never read so far */
        header_is(m, HEADER_FINGERPRINT, NULL);
        record_free(r);
    }
}

static void test_forward(void **state)
{
    static const struct {
        const char *name, *attempts_before, *topic, *attempts, *reason;
        bool is_deferred;
        enum resolve_first first;
    } rows[] = {
        {"the first time", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"the second", "1", "orders.raw.retry.1", "2", "settle_deadline", false, RESOLVE_AS_NEEDED},
        {"the last delay stays", "2", "orders.raw.retry.2", "3", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"... for good", "40", "orders.raw.retry.2", "41", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"waiting for another is no attempt", "1", "orders.raw.retry.1", "1", "deferred", true,
         RESOLVE_AS_NEEDED},
        {"asked about by setting alone", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_FIRST_BY_SETTING},
        {"Redis may have forgotten it", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_FIRST_AFTER_OLD_LOSS},
        {"... which mere caution will find out again", NULL, "orders.raw.retry.0", "1",
         "settle_deadline", false, RESOLVE_FIRST_IN_DOUBT},
        {"... in the loss that is being settled", NULL, "orders.raw.retry.0", "1",
         "settle_deadline", false, RESOLVE_FIRST_AFTER_LAST_LOSS},
    };
    (void)state;
    (void)snprintf(worker.stream->control.incident, sizeof worker.stream->control.incident, "loss");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(TOPIC_RETRY);
        add_text(&raw, "traceparent", "00-aa-bb-01");
        add_text(&raw, HEADER_RETRY_REASON, "stale");
        add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
        if (rows[i].attempts_before != NULL)
            add_text(&raw, HEADER_ATTEMPTS, rows[i].attempts_before);
        struct record *r = record_of(&raw);
        r->key.natural = "K";
        record_keep_words(r, i % 2 == 0 ? "Nein." : NULL);
        r->claim.is_deferred = rows[i].is_deferred;
        r->lineage.resolve_first = rows[i].first;
        r->heard.unknown_since_ms = 1700000000000;
        act_forward(r);
        const struct kafka_message *m = &r->out.list[0].message;
        if (strcmp(m->topic, rows[i].topic) != 0)
            fail_msg("%s: goes to %s", rows[i].name, m->topic);
        header_is(m, HEADER_ATTEMPTS, rows[i].attempts);
        header_is(m, HEADER_RETRY_REASON, rows[i].reason);
        header_is(m, HEADER_RESOLVE_FIRST,
                  rows[i].first == RESOLVE_FIRST_IN_DOUBT          ? "2"
                  : rows[i].first == RESOLVE_FIRST_AFTER_LAST_LOSS ? "loss"
                  : rows[i].first == RESOLVE_FIRST_AFTER_OLD_LOSS  ? "1"
                                                                   : NULL);
        header_is(m, HEADER_DELIVERY, "orders.raw/1/5");
        header_is(m, HEADER_UNKNOWN_SINCE, "1700000000000");
        header_is(m, HEADER_PRIMA_TEXT, i % 2 == 0 ? "Nein." : NULL);
        header_is(m, "traceparent", "00-aa-bb-01");
        assert_memory_equal(m->value, "v", 1);
        record_free(r);
    }
}

/* As many headers as can come, and all of ours with them. */
static void test_many_headers(void **state)
{
    struct kafka_record raw = raw_from(TOPIC_INPUT);
    (void)state;
    for (int i = 0; i < HEADERS_MAX; i++)
        add_text(&raw, "x", "y");
    struct record *r = record_of(&raw);
    r->end.code = PF_E_conflict;
    r->end.detail = "d";
    r->key.natural = "K";
    r->heard.http_status = 500;
    r->lineage.replays = 1;
    r->lineage.parent = "p";
    act_dead_letter(r);
    assert_true(r->out.list[0].message.header_count > HEADERS_MAX + 10);
    header_is(&r->out.list[0].message, HEADER_CODE, "conflict");
    record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dead_letter_replaces_our_context),
        cmocka_unit_test(test_absent_and_empty_stay_what_they_are),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_many_headers),
    };
    return cmocka_run_group_tests_name("headers that we write", tests, set_up, tear_down);
}
