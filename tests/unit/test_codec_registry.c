/* The schema registry: what each of its answers makes of a record, and what is asked how often. A
 * small HTTP server plays it, on a free port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "codec_support.h"
#include "domain/events/order_event.h"

/* ---- time, which tests may move ---- */

static _Atomic int64_t time_moved_ms;

int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return __real_clock_monotonic_ms() + time_moved_ms;
}

/* ---- the registry ---- */

static struct {
    struct MHD_Daemon *daemon;
    char url[64];
    json_t *order_schema; /* of id 17 */
    atomic_int asked;
    char log[1000];          /* "GET /schemas/ids/17;", ... */
    char authorization[100]; /* of the request before */
    bool subject_unknown, incompatible;
    int conflicts;        /* so many of the next PUTs and POSTs meet somebody else's */
    const char *level;    /* compatibility that the subject has, or NULL */
    const char *stranger; /* what answers instead of a registry, or NULL */
    unsigned stranger_status;
} registry;

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *text,
                             const char *location)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (location != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
    const enum MHD_Result r = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result reply_schema(struct MHD_Connection *connection, const json_t *schema,
                                    const char *type)
{
    char *schema_text = json_dumps(schema, JSON_ENCODE_ANY);
    json_t *body = json_pack("{s:s}", "schema", schema_text);
    if (type != NULL)
        (void)json_object_set_new(body, "schemaType", json_string(type));
    char *text = json_dumps(body, 0);
    const enum MHD_Result r = reply(connection, 200, text, NULL);
    free(text);
    json_decref(body);
    free(schema_text);
    return r;
}

/* A good answer behind so many spaces. */
static enum MHD_Result reply_padded(struct MHD_Connection *connection, size_t spaces)
{
    char *text = malloc(spaces + 100);
    assert_non_null(text);
    memset(text, ' ', spaces);
    (void)snprintf(text + spaces, 100, "{\"schema\": \"\\\"int\\\"\"}");
    const enum MHD_Result r = reply(connection, 200, text, NULL);
    free(text);
    return r;
}

static enum MHD_Result answer_schema(struct MHD_Connection *connection, unsigned id)
{
    json_t *nonsense;
    enum MHD_Result r;
    switch (id) {
    case 17:
        return reply_schema(connection, registry.order_schema, NULL);
    case 18:
        return reply_schema(connection, registry.order_schema, "PROTOBUF");
    case 19:
        nonsense = json_string("money");
        r = reply_schema(connection, nonsense, "AVRO");
        json_decref(nonsense);
        return r;
    case 20:
        return reply(connection, 500, "{\"error_code\":50001,\"message\":\"store\"}", NULL);
    case 21:
        return reply(connection, 404, "<html>no such page</html>", NULL);
    case 22:
        return reply(connection, 302, "", "/schemas/ids/17");
    case 23:
        return reply_padded(connection, 5 << 20);
    case 24:
        return reply(connection, 200, "{}", NULL);
    case 25:
        return reply(connection, 401, "{\"error_code\":401}", NULL);
    default:
        return reply(connection, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}",
                     NULL);
    }
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **state)
{
    static int seen;
    (void)user;
    (void)version;
    (void)body;
    if (*state == NULL) { /* the head; a body may follow */
        *state = &seen;
        return MHD_YES;
    }
    if (*body_size > 0) {
        *body_size = 0;
        return MHD_YES;
    }
    registry.asked++;
    const char *authorization =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    (void)snprintf(registry.authorization, sizeof registry.authorization, "%s",
                   authorization != NULL ? authorization : "none");
    const size_t used = strlen(registry.log);
    if (used < sizeof registry.log - 100)
        (void)snprintf(registry.log + used, sizeof registry.log - used, "%s %s;", method, url);
    if (strncmp(url, "/base/schemas/ids/", 18) == 0)
        return answer_schema(connection, (unsigned)strtoul(url + 18, NULL, 10));
    if (registry.stranger != NULL)
        return reply(connection, registry.stranger_status, registry.stranger, NULL);
    if (strcmp(method, "GET") == 0 && registry.level == NULL)
        return reply(connection, 404, "{\"error_code\":40408}", NULL);
    if (strcmp(method, "GET") == 0)
        return reply(connection, 200, registry.level, NULL);
    if (strcmp(method, "GET") != 0 && registry.conflicts > 0) {
        registry.conflicts--;
        return reply(connection, 409, "{\"error_code\":409,\"message\":\"exists\"}", NULL);
    }
    if (strcmp(method, "PUT") == 0 && registry.subject_unknown)
        return reply(connection, 404, "{\"error_code\":40401}", NULL);
    if (strcmp(method, "PUT") == 0)
        return reply(connection, 200, "{\"compatibility\":\"BACKWARD_TRANSITIVE\"}", NULL);
    if (registry.incompatible)
        return reply(connection, 409, "{\"error_code\":409,\"message\":\"incompatible: sku\"}",
                     NULL);
    registry.subject_unknown = false;
    return reply(connection, 200, "{\"id\":117}", NULL);
}

static int start_registry(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    registry.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, NULL,
                                       MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    assert_non_null(registry.daemon);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(registry.daemon, MHD_DAEMON_INFO_BIND_PORT);
    assert_non_null(info);
    (void)snprintf(registry.url, sizeof registry.url, "http://127.0.0.1:%u/base/", info->port);
    registry.order_schema = json_load_file("schemas/OrderEvent.avsc", 0, NULL);
    assert_non_null(registry.order_schema);
    return 0;
}

static int stop_registry(void **state)
{
    (void)state;
    MHD_stop_daemon(registry.daemon);
    json_decref(registry.order_schema);
    return 0;
}

static struct codec *open_codec(const char *url)
{
    struct codec *codec = NULL;
    char message[300] = "";
    assert_int_equal(codec_open("schemas", url, codec_test_limits, &codec, message), 0);
    assert_int_equal(codec_check(codec, &order_event_record, message), 0);
    registry.asked = 0;
    registry.log[0] = '\0';
    registry.subject_unknown = registry.incompatible = false;
    registry.level = registry.stranger = NULL;
    registry.conflicts = 0;
    return codec;
}

/* The order of the fixture in Confluent's frame under an id. */
static void confluent_order(uint32_t id, struct buf *ret_bytes)
{
    struct buf single;
    codec_test_hex("order_full.hex", &single);
    buf_init(ret_bytes, 1 << 16);
    buf_byte(ret_bytes, 0);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(ret_bytes, (uint8_t)(id >> shift));
    buf_append(ret_bytes, single.data + 10, single.size - 10);
    buf_release(&single);
}

/* 0, or a negative errno, of one decode; the fault's code in *ret_code. */
static int decode_id(struct codec *codec, uint32_t id, enum pf_error *ret_code)
{
    struct buf bytes;
    struct order_event event;
    struct codec_fault fault = {.code = PF_OK, .message = ""};
    struct arena *arena = arena_new(1 << 20);
    confluent_order(id, &bytes);
    const int r =
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event, &fault);
    if (r == 0)
        assert_string_equal(event.order_id, "5001001");
    *ret_code = fault.code;
    (void)snprintf(codec_test_message, sizeof codec_test_message, "%s", fault.message);
    arena_free(arena);
    buf_release(&bytes);
    return r;
}

static int fetch_id(struct codec *codec, uint32_t id)
{
    struct buf bytes;
    confluent_order(id, &bytes);
    const int r = codec_fetch(codec, bytes.data, bytes.size);
    buf_release(&bytes);
    return r;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t id;
        int fetched, decoded;
        enum pf_error code;
        const char *message;
    } rows[] = {
        {"known", 17, 0, 0, PF_OK, ""},
        {"not Avro", 18, 0, -EBADMSG, PF_E_schema_unknown, "the registry's schema 18 is not Avro"},
        {"Avro that is none", 19, 0, -EBADMSG, PF_E_schema_unknown,
         "the registry's schema 19: type money"},
        {"known not to exist", 999, 0, -EBADMSG, PF_E_schema_unknown,
         "the registry has no schema 999"},
        {"the registry's own fault", 20, -EIO, -EAGAIN, PF_OK, ""},
        {"a 404 that is not the registry's", 21, -EIO, -EAGAIN, PF_OK, ""},
        {"a redirect is not followed", 22, -EIO, -EAGAIN, PF_OK, ""},
        {"more than a reply may be", 23, -EIO, -EAGAIN, PF_OK, ""},
        {"a reply without schema", 24, -EIO, -EAGAIN, PF_OK, ""},
        {"not allowed in", 25, -EIO, -EAGAIN, PF_OK, ""},
    };
    struct codec *codec = open_codec(registry.url);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        enum pf_error code;
        const int before = registry.asked;
        assert_int_equal(decode_id(codec, rows[i].id, &code), -EAGAIN);
        assert_int_equal(registry.asked, before); /* decoding asks nobody */
        assert_int_equal(fetch_id(codec, rows[i].id), rows[i].fetched);
        assert_int_equal(registry.asked, before + 1);
        assert_int_equal(decode_id(codec, rows[i].id, &code), rows[i].decoded);
        assert_int_equal(code, rows[i].code);
        assert_ptr_equal(strstr(codec_test_message, rows[i].message), codec_test_message);
        assert_int_equal(fetch_id(codec, rows[i].id), rows[i].fetched);
        assert_int_equal(registry.asked,
                         before +
                             (rows[i].fetched == 0 ? 1 : 2)); /* what is known is not asked again */
    }
    codec_close(codec);
}

static void test_unreachable(void **state)
{
    (void)state;
    enum pf_error code;
    struct codec *codec = open_codec("http://127.0.0.1:1");
    char message[300] = "";
    assert_int_equal(decode_id(codec, 17, &code), -EAGAIN);
    assert_int_equal(fetch_id(codec, 17), -EIO);
    assert_int_equal(codec_register(codec, "OrderEvent", "orders.raw", message), -EIO);
    assert_ptr_equal(strstr(message, "the schema registry: "), message);
    codec_close(codec);
}

static void test_late_schema(void **state)
{
    (void)state;
    enum pf_error code;
    struct codec *codec = open_codec(registry.url);
    assert_int_equal(fetch_id(codec, 999), 0);
    assert_int_equal(decode_id(codec, 999, &code), -EBADMSG);
    time_moved_ms += 31000;
    assert_int_equal(decode_id(codec, 999, &code), -EAGAIN); /* it may have been registered since */
    assert_int_equal(fetch_id(codec, 999), 0);
    assert_int_equal(registry.asked, 2);
    codec_close(codec);
}

static void test_hostile_ids(void **state)
{
    (void)state;
    enum { IDS = 4200 }; /* more than are remembered */
    enum pf_error code;
    struct codec *codec = open_codec(registry.url);
    assert_int_equal(fetch_id(codec, 17), 0);
    for (uint32_t id = 1000; id < 1000 + IDS; id++) {
        assert_int_equal(fetch_id(codec, id), 0);
        time_moved_ms++; /* an order of age */
    }
    assert_int_equal(decode_id(codec, 1000, &code), -EAGAIN); /* forgotten */
    assert_int_equal(decode_id(codec, 1000 + IDS - 1, &code), -EBADMSG);
    assert_int_equal(decode_id(codec, 17, &code), 0); /* what exists is never forgotten */
    codec_close(codec);
}

#define CONFIG "GET /base/config/orders.raw-value;"
#define SET "PUT /base/config/orders.raw-value;"
#define POST "POST /base/subjects/orders.raw-value/versions;"

static void test_register(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool subject_unknown, incompatible;
        int conflicts;
        const char *level;
        int result;
        const char *message, *log;
    } rows[] = {
        {"a subject without a rule", false, false, 0, NULL, 0, "", CONFIG SET POST},
        {"a subject with a laxer rule", false, false, 0, "{\"compatibilityLevel\":\"BACKWARD\"}", 0,
         "", CONFIG SET POST},
        {"a subject as it should be", false, false, 0,
         "{\"compatibilityLevel\":\"BACKWARD_TRANSITIVE\"}", 0, "", CONFIG POST},
        {"a stricter rule is kept", false, false, 0, "{\"compatibilityLevel\":\"FULL_TRANSITIVE\"}",
         0, "", CONFIG POST},
        {"a new subject", true, false, 0, NULL, 0, "", CONFIG SET POST CONFIG SET},
        {"two make it at once", false, false, 1, NULL, 0, "", CONFIG SET CONFIG SET POST},
        {"two make its first version at once", false, false, 1,
         "{\"compatibilityLevel\":\"BACKWARD_TRANSITIVE\"}", 0, "", CONFIG POST CONFIG POST},
        {"an incompatible schema", false, true, 0,
         "{\"compatibilityLevel\":\"BACKWARD_TRANSITIVE\"}", -EPROTO,
         "the schema registry answered 409 for orders.raw-value: incompatible: sku",
         CONFIG POST CONFIG POST CONFIG POST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char message[300] = "", id[24];
        struct buf out;
        struct codec *codec = open_codec(registry.url);
        json_t *json = codec_test_json("order_small.json");
        struct codec_fault fault;
        registry.subject_unknown = rows[i].subject_unknown;
        registry.incompatible = rows[i].incompatible;
        registry.level = rows[i].level;
        registry.conflicts = rows[i].conflicts;
        buf_init(&out, 1 << 16);
        assert_int_equal(codec_from_json(codec, "OrderEvent", json, &out, &fault),
                         -ENOENT); /* not registered yet */
        assert_int_equal(codec_register(codec, "OrderEvent", "orders.raw", message),
                         rows[i].result);
        assert_string_equal(registry.log, rows[i].log);
        if (rows[i].result < 0)
            assert_string_equal(message, rows[i].message);
        assert_int_equal(codec_from_json(codec, "OrderEvent", json, &out, &fault),
                         rows[i].result == 0 ? 0 : -ENOENT);
        if (rows[i].result == 0) {
            struct order_event event;
            struct arena *arena = arena_new(1 << 20);
            assert_string_equal(codec_schema_id(out.data, out.size, id), "id:117");
            assert_int_equal(
                codec_test_decode(codec, &order_event_record, out.data, out.size, arena, &event),
                PF_OK); /* asks nobody */
            arena_free(arena);
        }
        buf_release(&out);
        json_decref(json);
        codec_close(codec);
    }
}

/* A topic's own record, and one that is beside it: not two versions of one thing. */
static void test_register_beside(void **state)
{
    (void)state;
    char message[300] = "";
    struct codec *codec = open_codec(registry.url);
    registry.level = "{\"compatibilityLevel\":\"BACKWARD_TRANSITIVE\"}";
    assert_int_equal(codec_register(codec, "LedgerEntry", "orders.ledger", message), 0);
    assert_string_equal(registry.log,
                        "GET /base/config/orders.ledger-value;"
                        "POST /base/subjects/orders.ledger-value/versions;"
                        "GET /base/config/orders.ledger-primaflow.v1.RefundCredit;"
                        "POST /base/subjects/orders.ledger-primaflow.v1.RefundCredit/versions;");
    codec_close(codec);
}

/* Whoever answers instead of the registry is waited for: nobody's schema was refused. */
static void test_register_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned status;
        const char *answer, *message;
    } rows[] = {
        {"a page", 200, "<html>welcome</html>", "is schema.registry.url right?"},
        {"no such page", 404, "<html>not here</html>", "is schema.registry.url right?"},
        {"no such page, in JSON", 404, "{\"status\":404}", "is schema.registry.url right?"},
        {"JSON of something else", 200, "{\"hello\":1}", "gave no id"},
        {"an id that is none", 200, "{\"id\":-1}", "gave no id"},
        {"an id beyond 32 bits", 200, "{\"id\":4294967296}", "gave no id"},
        {"busy", 503, "{\"error_code\":50302,\"message\":\"later\"}",
         "answered 503 for orders.raw-value: later"},
        {"not allowed", 401, "{\"message\":\"who are you\"}",
         "answered 401 for orders.raw-value: who are you"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char message[300] = "";
        struct codec *codec = open_codec(registry.url);
        registry.stranger_status = rows[i].status;
        registry.stranger = rows[i].answer;
        assert_int_equal(codec_register(codec, "OrderEvent", "orders.raw", message), -EIO);
        assert_non_null(strstr(message, rows[i].message));
        codec_close(codec);
    }
}

/* Basic authentication from the address; what is said about the registry does not repeat it. */
static void test_credentials(void **state)
{
    (void)state;
    char url[100], message[300] = "";
    (void)snprintf(url, sizeof url, "http://user:secret@%.60s", registry.url + strlen("http://"));
    struct codec *codec = open_codec(url);
    registry.incompatible = true;
    assert_int_equal(codec_register(codec, "OrderEvent", "orders.raw", message), -EPROTO);
    assert_string_equal(registry.authorization, "Basic dXNlcjpzZWNyZXQ=");
    assert_null(strstr(message, "secret"));
    assert_int_equal(fetch_id(codec, 17), 0);
    assert_string_equal(registry.authorization, "Basic dXNlcjpzZWNyZXQ=");
    codec_close(codec);
    codec = open_codec(registry.url);
    assert_int_equal(fetch_id(codec, 17), 0);
    assert_string_equal(registry.authorization, "none");
    codec_close(codec);
}

static void *fetch_many(void *user)
{
    for (uint32_t id = 2000; id < 2050; id++)
        if (fetch_id(user, id) != 0 || fetch_id(user, 17) != 0)
            return user;
    return NULL;
}

/* Threads of the pool fetch while the loop's thread decodes. */
static void test_threads(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    enum pf_error code;
    struct codec *codec = open_codec(registry.url);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_many, codec), 0);
    for (uint32_t i = 0; i < 3000; i++) {
        const int r = decode_id(codec, i % 2 == 0 ? 17 : 2000 + i % 50, &code);
        assert_true(r == -EAGAIN || r == (i % 2 == 0 ? 0 : -EBADMSG));
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(decode_id(codec, 17, &code), 0);
    codec_close(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_late_schema), cmocka_unit_test(test_hostile_ids),
        cmocka_unit_test(test_register),    cmocka_unit_test(test_register_beside),
        cmocka_unit_test(test_threads),     cmocka_unit_test(test_register_elsewhere),
        cmocka_unit_test(test_credentials),
    };
    return cmocka_run_group_tests_name("codec_registry", tests, start_registry, stop_registry);
}
