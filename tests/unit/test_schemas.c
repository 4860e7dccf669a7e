/* The schemas in schemas/: documented, marked, bound to their structs, and readable for ever: each
 * version reads what every earlier one wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <unistd.h>

#include "codec_support.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/events/order_status.h"
#include "domain/events/refund_event.h"
#include "domain/events/refund_result.h"
#include "domain/events/stock_confirmation.h"
#include "domain/events/stock_event.h"
#include "domain/events/stock_level.h"
#include "domain/events/stock_order.h"
#include "domain/events/stock_reservation.h"
#include "domain/events/stock_result.h"
#include "domain/events/stock_state.h"
#include "schema_compat.h"

/* Today's versions. A new fingerprint here means: the file that had the old one is in
 * schemas/history/ now, under the next number, and producers that still write it are read. */
static const struct {
    const char *name;
    const struct bound_record *record;
    uint64_t fingerprint;
} today[] = {
    {"OrderEvent", &order_event_record, 0xdf9215481e7e3af1},
    {"OrderResult", &order_result_record, 0x1d2aacda27e77121},
    {"LedgerEntry", &ledger_entry_record, 0xcfd742b178bcc976},
    {"RefundCredit", &ledger_credit_record, 0x3a47b22a49d33e52},
    {"RefundEvent", &refund_event_record, 0xfde609825d0084c3},
    {"RefundResult", &refund_result_record, 0xb3982e6b73d4a647},
    {"StockEvent", &stock_event_record, 0x2e6a1175a2552c16},
    {"StockConfirmation", &stock_confirmation_record, 0xfb5803047fe9c8f3},
    {"StockOrder", &stock_order_record, 0x94cb7b595d5a3da3},
    {"StockReservation", &stock_reservation_record, 0xebb4e2d0a04a0c77},
    {"StockLevel", &stock_level_record, 0xdc6fab8aeab8a70b},
    {"OrderStatus", &order_status_record, 0x689c0a602982aeca},
    {"StockResult", &stock_result_record, 0x2b1371d785b938f0},
    {"StockState", &stock_state_record, 0x647ca046823f0393},
};
enum { TODAY_COUNT = sizeof today / sizeof *today, VERSIONS_MAX = 100 };

static struct schema *read_schema(const char *path)
{
    struct schema *schema = NULL;
    char message[200] = "";
    json_t *json = json_load_file(path, 0, NULL);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_non_null(text);
    assert_int_equal(schema_parse(text, strlen(text), &schema, message), 0);
    free(text);
    json_decref(json);
    return schema;
}

/* A record's versions, the oldest first, today's last. */
static size_t read_versions(const char *name, struct schema *ret_versions[static VERSIONS_MAX])
{
    char path[200];
    size_t count = 0;
    for (;;) {
        (void)snprintf(path, sizeof path, "schemas/history/%s.v%zu.avsc", name, count + 1);
        if (access(path, R_OK) != 0)
            break;
        assert_true(count + 1 < VERSIONS_MAX);
        ret_versions[count++] = read_schema(path);
    }
    (void)snprintf(path, sizeof path, "schemas/%s.avsc", name);
    ret_versions[count++] = read_schema(path);
    return count;
}

static void test_versions(void **state)
{
    (void)state;
    size_t evolutions = 0;
    for (size_t i = 0; i < TODAY_COUNT; i++) {
        struct schema *versions[VERSIONS_MAX];
        const size_t count = read_versions(today[i].name, versions);
        print_message("  %s: %zu versions\n", today[i].name, count);
        for (size_t reader = 1; reader < count; reader++)
            for (size_t writer = 0; writer < reader; writer++, evolutions++) {
                char reason[200];
                const bool readable =
                    schema_compat(versions[reader]->root, versions[writer]->root, reason);
                if (!readable)
                    print_message("  version %zu cannot read version %zu: %s\n", reader + 1,
                                  writer + 1, reason);
                assert_true(readable);
            }
        if (versions[count - 1]->fingerprint != today[i].fingerprint)
            print_message("  %s is another schema now (%016llx): see schemas/README.md\n",
                          today[i].name, (unsigned long long)versions[count - 1]->fingerprint);
        assert_true(versions[count - 1]->fingerprint == today[i].fingerprint);
        for (size_t v = 0; v < count; v++)
            schema_free(versions[v]);
    }
    assert_true(evolutions > 0);
}

/* Every file belongs to a record of the table above: else no test would look at it. */
static void test_no_stray_file(void **state)
{
    (void)state;
    static const char *const folders[] = {"schemas", "schemas/history"};
    for (size_t f = 0; f < 2; f++) {
        DIR *folder = opendir(folders[f]);
        assert_non_null(folder);
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            if (strstr(entry->d_name, ".avsc") == NULL)
                continue;
            bool known = false;
            for (size_t i = 0; i < TODAY_COUNT; i++) {
                const size_t size = strlen(today[i].name);
                known |=
                    strncmp(entry->d_name, today[i].name, size) == 0 && entry->d_name[size] == '.';
            }
            if (!known)
                print_message("  %s/%s\n", folders[f], entry->d_name);
            assert_true(known);
        }
        (void)closedir(folder);
    }
}

static void check_documented(const json_t *json, size_t *fields);

static void check_field(const json_t *field, size_t *fields)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    const char *doc = json_string_value(json_object_get(field, "doc"));
    const size_t size = strlen(name);
    const bool minor = size > 6 && strcmp(name + size - 6, "_minor") == 0;
    const bool complete = doc != NULL && strlen(doc) > 3 &&
                          json_is_boolean(json_object_get(field, "identity")) &&
                          (!minor || strstr(doc, "inor units") != NULL);
    if (!complete)
        print_message("  %s: no doc, no identity mark, or no unit\n", name);
    assert_true(complete);
    (*fields)++;
    check_documented(json_object_get(field, "type"), fields);
}

/* A type as it stands in JSON: a name, a union, or an object. */
static void check_documented(const json_t *json, size_t *fields)
{
    for (size_t i = 0; i < json_array_size(json); i++)
        check_documented(json_array_get(json, i), fields);
    if (!json_is_object(json))
        return;
    const json_t *parts = json_object_get(json, "fields");
    check_documented(json_object_get(json, "items"), fields);
    if (parts == NULL)
        return;
    assert_true(json_string_length(json_object_get(json, "doc")) > 10);
    for (size_t i = 0; i < json_array_size(parts); i++)
        check_field(json_array_get(parts, i), fields);
}

static void test_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < TODAY_COUNT; i++) {
        char path[200];
        size_t fields = 0;
        (void)snprintf(path, sizeof path, "schemas/%s.avsc", today[i].name);
        json_t *json = json_load_file(path, 0, NULL);
        assert_non_null(json);
        check_documented(json, &fields);
        assert_true(fields >= 5);
        const char *text = json_string_value(json_object_get(json, "namespace"));
        assert_string_equal(text, "primaflow.v1");
        json_decref(json);
    }
}

static void check_no_floats(const struct schema_node *node, unsigned depth)
{
    assert_true(node->type != SCHEMA_FLOAT && node->type != SCHEMA_DOUBLE);
    assert_true(depth < 20); /* ours are trees */
    if (node->items != NULL)
        check_no_floats(node->items, depth + 1);
    for (size_t i = 0; i < node->count; i++) {
        if (node->type == SCHEMA_RECORD)
            check_no_floats(node->fields[i].node, depth + 1);
        else if (node->type == SCHEMA_UNION)
            check_no_floats(node->branches[i], depth + 1);
    }
}

static void test_bound(void **state)
{
    (void)state;
    struct codec *codec = codec_test_open("schemas");
    for (size_t i = 0; i < TODAY_COUNT; i++) {
        struct schema *versions[VERSIONS_MAX];
        char message[300] = "";
        const size_t count = read_versions(today[i].name, versions);
        assert_int_equal(codec_check(codec, today[i].record, message), 0);
        assert_string_equal(message, "");
        for (size_t v = 0; v < count; v++) {
            check_no_floats(versions[v]->root, 0);
            schema_free(versions[v]);
        }
    }
    codec_close(codec);
}

#define FIELD(name, type, more) "{\"name\":\"" name "\",\"type\":" type more "}"
#define RECORD(fields) "{\"type\":\"record\",\"name\":\"T\",\"fields\":[" fields "]}"
#define ENUM(symbols, more) "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]" more "}"

/* The checker itself: pairs that must pass, and seeded pairs that must not. */
static void test_checker(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reader, *writer;
        const char *reason; /* NULL: readable */
    } rows[] = {
        {"the same", RECORD(FIELD("a", "\"int\"", "")), RECORD(FIELD("a", "\"int\"", "")), NULL},
        {"a field with default more", RECORD(FIELD("a", "\"int\"", ",\"default\":0")), RECORD(""),
         NULL},
        {"a field without default more", RECORD(FIELD("a", "\"int\"", "")), RECORD(""),
         "T.a: new, and without default"},
        {"a field less", RECORD(""), RECORD(FIELD("a", "\"int\"", "")), NULL},
        {"a field of identity less", RECORD(""),
         RECORD(FIELD("a", "\"int\"", ",\"identity\":true")), "T.a: part of identity"},
        {"a mark of identity more", RECORD(FIELD("a", "\"int\"", ",\"identity\":true")),
         RECORD(FIELD("a", "\"int\"", "")), "T.a: its identity mark"},
        {"another default of identity",
         RECORD(FIELD("a", "\"int\"", ",\"identity\":true,\"default\":1")),
         RECORD(FIELD("a", "\"int\"", ",\"identity\":true,\"default\":0")),
         "T.a: its default changed"},
        {"an int grows", RECORD(FIELD("a", "\"long\"", "")), RECORD(FIELD("a", "\"int\"", "")),
         NULL},
        {"a long shrinks", RECORD(FIELD("a", "\"int\"", "")), RECORD(FIELD("a", "\"long\"", "")),
         "T.a: of another type"},
        {"text for a number", RECORD(FIELD("a", "\"string\"", "")),
         RECORD(FIELD("a", "\"int\"", "")), "T.a: of another type"},
        {"now optional", RECORD(FIELD("a", "[\"null\",\"int\"]", "")),
         RECORD(FIELD("a", "\"int\"", "")), NULL},
        {"no longer optional", RECORD(FIELD("a", "\"int\"", "")),
         RECORD(FIELD("a", "[\"null\",\"int\"]", "")), "T.a: of another type"},
        {"a symbol more", ENUM("\"x\",\"y\"", ""), ENUM("\"x\"", ""), NULL},
        {"a symbol less", ENUM("\"x\"", ""), ENUM("\"x\",\"y\"", ""), "E: the symbol y is gone"},
        {"a symbol less, with default", ENUM("\"x\"", ",\"default\":\"x\""),
         ENUM("\"x\",\"y\"", ""), NULL},
        {"inside an array", "{\"type\":\"array\",\"items\":" RECORD(FIELD("a", "\"int\"", "")) "}",
         "{\"type\":\"array\",\"items\":" RECORD("") "}", "T.a: new"},
        {"inside an optional record", "[\"null\"," RECORD(FIELD("a", "\"int\"", "")) "]",
         "[\"null\"," RECORD("") "]", "T.a: new"},
        {"a record renamed", RECORD(""), "{\"type\":\"record\",\"name\":\"U\",\"fields\":[]}",
         "T: a record called U"},
        {"a fixed grows", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}",
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}", "F: of another type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct schema *reader = NULL, *writer = NULL;
        char reason[200];
        assert_int_equal(schema_parse(rows[i].reader, strlen(rows[i].reader), &reader, reason), 0);
        assert_int_equal(schema_parse(rows[i].writer, strlen(rows[i].writer), &writer, reason), 0);
        const bool readable = schema_compat(reader->root, writer->root, reason);
        assert_int_equal(readable, rows[i].reason == NULL);
        if (!readable)
            assert_ptr_equal(strstr(reason, rows[i].reason), reason);
        schema_free(reader);
        schema_free(writer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),   cmocka_unit_test(test_no_stray_file),
        cmocka_unit_test(test_documented), cmocka_unit_test(test_bound),
        cmocka_unit_test(test_checker),
    };
    return cmocka_run_group_tests_name("schemas", tests, NULL, NULL);
}
