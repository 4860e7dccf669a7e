/* The messages of one order in the ledger's topic: which of them count, and what they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec_support.h"
#include "domain/ledger/ledger_group.h"
#include "test_credit_support.h"

enum { ARENA = 4 << 20, MESSAGES_MAX = 8 };

struct world {
    struct codec *codec;
    struct arena *arena;
    struct buf values[MESSAGES_MAX];
    struct ledger_message messages[MESSAGES_MAX];
    size_t count;
    struct ledger_group group;
    size_t wrong;
    struct codec_fault fault;
};

static void begin(struct world *w)
{
    *w = (struct world){.codec = codec_test_open("schemas"), .arena = arena_new(ARENA)};
    char message[300] = "";
    assert_int_equal(codec_check(w->codec, &ledger_entry_record, message), 0);
    assert_int_equal(codec_check(w->codec, &ledger_credit_record, message), 0);
}

static void end(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        buf_release(&w->values[i]);
    arena_free(w->arena);
    codec_close(w->codec);
}

static void add(struct world *w, const char *key, int64_t offset, const struct bound_record *record,
                const void *value)
{
    assert_true(w->count < MESSAGES_MAX);
    struct buf *bytes = &w->values[w->count];
    buf_init(bytes, 1 << 20);
    if (value != NULL)
        assert_int_equal(codec_encode(w->codec, record, value, bytes), 0);
    w->messages[w->count++] = (struct ledger_message){.key = key,
                                                      .key_size = strlen(key),
                                                      .value = value != NULL ? bytes->data : NULL,
                                                      .value_size = bytes->size,
                                                      .offset = offset};
}

static void add_entry(struct world *w, int64_t offset, int64_t version)
{
    struct ledger_entry *e = an_entry(w->arena);
    e->company = "01";
    e->channel = "shopify";
    e->store = "uk";
    e->order_id = "1";
    e->order_number = e->document = "2011";
    e->identity = e->goods = e->payment = "";
    e->order_date = "2026-11-23";
    e->version = version;
    add(w, "01/shopify/uk/1", offset, &ledger_entry_record, e);
}

static void add_record(struct world *w, const char *refund_id, int64_t offset,
                       enum credit_state state)
{
    char *key = arena_printf(w->arena, "01/shopify/uk/1/%s", refund_id);
    add(w, key, offset, &ledger_credit_record, a_record(w->arena, refund_id, state));
}

static int group_of(struct world *w)
{
    return ledger_group_read(w->codec, w->messages, w->count, w->arena, &w->group, &w->wrong,
                             &w->fault);
}

static void test_newest_of_each_key(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    add_record(&w, "r2", 7, CREDIT_CREDITED);
    add_entry(&w, 3, 1);
    add_record(&w, "r1", 5, CREDIT_OPEN);
    add_entry(&w, 9, 2);
    add_record(&w, "r1", 6, CREDIT_CREDITED);
    add_record(&w, "r3", 4, CREDIT_OWED);
    assert_int_equal(group_of(&w), 0);
    assert_int_equal(w.group.entry->version, 2);
    assert_int_equal(w.group.record_count, 3);
    assert_string_equal(w.group.records[0].refund_id, "r3");
    assert_string_equal(w.group.records[1].refund_id, "r1");
    assert_int_equal(w.group.records[1].state, CREDIT_CREDITED);
    assert_string_equal(w.group.records[2].refund_id, "r2");
    end(&w);
}

static void test_tombstones(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    assert_int_equal(group_of(&w), 0);
    assert_null(w.group.entry);
    assert_int_equal(w.group.record_count, 0);
    add_entry(&w, 1, 1);
    add(&w, "01/shopify/uk/1/r1", 4, NULL, NULL);
    add_record(&w, "r1", 3, CREDIT_OPEN);
    add_record(&w, "r2", 2, CREDIT_OPEN);
    assert_int_equal(group_of(&w), 0);
    assert_int_equal(w.group.record_count, 1);
    assert_string_equal(w.group.records[0].refund_id, "r2");
    add(&w, "01/shopify/uk/1", 5, NULL, NULL);
    add_record(&w, "r1", 6, CREDIT_CREDITED);
    assert_int_equal(group_of(&w), 0);
    assert_null(w.group.entry);
    assert_int_equal(w.group.record_count, 2);
    end(&w);
}

/* What is under a key must be what the key says. */
static void test_wrong(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    add_entry(&w, 1, 1);
    add_record(&w, "r1", 2, CREDIT_OPEN);
    w.messages[1].key = "01/shopify/uk/1";
    w.messages[1].key_size = 15;
    assert_int_equal(group_of(&w), -EBADMSG);
    assert_int_equal(w.wrong, 1);
    assert_int_equal(w.fault.code, PF_E_schema_unfit);
    w.messages[0].key = "01/shopify/uk/1/r1";
    w.messages[0].key_size = 18;
    w.messages[1].key = "01/shopify/uk/1/r2";
    w.messages[1].key_size = 18;
    assert_int_equal(group_of(&w), -EBADMSG);
    assert_int_equal(w.wrong, 0);
    w.messages[0].key = "01/shopify/uk/1";
    w.messages[0].key_size = 15;
    assert_int_equal(group_of(&w), 0);
    w.messages[0].value_size--;
    assert_int_equal(group_of(&w), -EBADMSG);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_of_each_key),
        cmocka_unit_test(test_tombstones),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests_name("ledger_group", tests, NULL, NULL);
}
