/* Many requests at a time: connections, their reuse and their bound, waiting, abandoning,
 * credentials, fail points. */
#include "harness.h"

#include "../../support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve_ok(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c))
        raw_text(c, harness_reply(OK_REPLY));
}

static void serve_ok_slowly(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c)) {
        raw_sleep_ms(20);
        raw_text(c, harness_reply(OK_REPLY));
    }
}

static void serve_nothing(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c)) {
    }
}

static void test_concurrency(void **state)
{
    (void)state;
    enum { ROUNDS = 5, AT_A_TIME = 64 };
    struct raw_server *server = raw_server_new(serve_ok_slowly, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    static struct answer answers[ROUNDS * AT_A_TIME];
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < AT_A_TIME; i++)
            harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &answers[round * AT_A_TIME + i]);
        assert_int_equal(prima_client_in_flight(h.client), AT_A_TIME);
        harness_wait(&h, (round + 1) * AT_A_TIME);
    }
    for (size_t i = 0; i < ROUNDS * AT_A_TIME; i++) {
        assert_int_equal(answers[i].calls, 1);
        assert_int_equal(answers[i].fate, PRIMA_OK);
        assert_true(answers[i].took_us >= 20000);
    }
    assert_int_equal(raw_server_posts(server), ROUNDS * AT_A_TIME);
    assert_int_equal(raw_server_connections(server), AT_A_TIME); /* each is kept and used again */
    harness_release(&h);
    raw_server_free(server);
}

static void test_connection_bound(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok_slowly, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.connections_max=3", NULL});
    struct answer answers[12] = {{.calls = 0}};
    for (size_t i = 0; i < 12; i++)
        harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &answers[i]);
    harness_wait(&h, 12);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(answers[i].fate, PRIMA_OK);
    assert_int_equal(raw_server_connections(server), 3);
    harness_release(&h);
    raw_server_free(server);
}

static void test_deadline_while_waiting(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_nothing, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.connections_max=1",
                                       "prima.deadline.order_status=200ms", NULL});
    struct answer first = {.calls = 0}, second = {.calls = 0};
    harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &first);
    harness_send(&h, PRIMA_ORDER_STATUS, "<Request/>", &second);
    harness_wait(&h, 1);
    assert_int_equal(second.fate, PRIMA_NOT_SENT); /* it never had a connection */
    assert_int_equal(raw_server_posts(server), 1);
    harness_release(&h);
    assert_int_equal(first.calls, 0); /* abandoned: no callback any more */
    raw_server_free(server);
}

/* The process stood still (SIGSTOP, a paused machine) between begin and send: past the deadline no
 * request leaves. */
static void test_deadline_passes_before_sending(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.deadline.new_order=50ms", NULL});
    assert_int_equal(harness_ask(&h, PRIMA_ORDER_STATUS, "<Request/>").fate,
                     PRIMA_OK); /* a connection is at hand */
    struct answer a = {.calls = 0};
    harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &a);
    raw_sleep_ms(120);
    harness_wait(&h, 2);
    assert_true(a.fate == PRIMA_NOT_SENT || a.fate == PRIMA_UNKNOWN);
    raw_sleep_ms(50);
    assert_int_equal(raw_server_posts(server), 1);
    harness_release(&h);
    raw_server_free(server);
}

static int find_closed_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void test_refused(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h, find_closed_port(), false, NULL);
    for (int i = 0; i < 3; i++) {
        const struct answer a = harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>");
        assert_int_equal(a.fate, PRIMA_NOT_SENT);
        assert_int_equal(a.http_status, 0);
    }
    harness_release(&h);
}

/* A transfer's bookkeeping is used again: an earlier request's bytes must not make a refused one
 * unknown, nor the other way round. */
static void test_server_goes_away(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
    raw_server_free(server);
    raw_sleep_ms(20);
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_NOT_SENT);
    harness_release(&h);
}

struct chain {
    struct harness *h;
    size_t left, calls;
};

static void on_chained(void *user, const struct prima_reply *reply)
{
    struct chain *c = user;
    c->calls++;
    assert_int_equal(reply->fate, PRIMA_OK);
    if (c->left-- > 0) {
        prima_client_send(c->h->client, PRIMA_NEW_ORDER, "1", "<R/>", 4, on_chained, c);
    } else { /* freed in its own callback, with another request under way */
        prima_client_send(c->h->client, PRIMA_NEW_ORDER, "1", "<R/>", 4, on_chained, c);
        prima_client_free(c->h->client);
        c->h->client = NULL;
    }
}

static void test_send_and_free_in_callback(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    struct chain c = {.h = &h, .left = 5};
    prima_client_send(h.client, PRIMA_NEW_ORDER, "1", "<R/>", 4, on_chained, &c);
    (void)uv_run(&h.loop, UV_RUN_DEFAULT);
    assert_int_equal(c.calls, 6);
    harness_release(&h);
    raw_server_free(server);
}

static void serve_bearer(struct raw_connection *c, void *user)
{
    const char *wanted = user;
    while (raw_read(c))
        raw_text(c, strstr(c->head, wanted) != NULL
                        ? harness_reply(OK_REPLY)
                        : "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_credential_is_renewed(void **state)
{
    (void)state;
    char path[] = "/tmp/primaflow-auth-XXXXXX", override[64];
    assert_true(close(mkstemp(path)) == 0);
    (void)snprintf(override, sizeof override, "prima.auth.file=%s", path);
    write_file(path, "# the proxy's\nheader X-Key: old\n");
    struct raw_server *server = raw_server_new(
        serve_bearer, (char[]){"\r\nAuthorization: Basic dXNlcjpuZXcgcGFzcw==\r\n"}, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, (const char *const[]){override, NULL});
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_DENIED);
    write_file(path, "half a line");
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate,
                     PRIMA_DENIED); /* with the old one */
    write_file(path, "basic user:new pass\n");
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
    harness_release(&h);
    raw_server_free(server);
    (void)unlink(path);
}

static void keep_request(struct raw_connection *c, void *user)
{
    while (raw_read(c)) {
        char *kept = user;
        (void)snprintf(kept, 8192, "%s%s", c->head, c->body);
        raw_text(c, harness_reply(OK_REPLY));
    }
}

/* Headers and envelope as SOAP 1.1 wants them, and ASCII whatever the request holds. */
static void test_request_on_the_wire(void **state)
{
    (void)state;
    static char kept[8192];
    struct raw_server *server = raw_server_new(keep_request, kept, NULL);
    struct harness h;
    harness_init(
        &h, raw_server_port(server), false,
        (const char *const[]){"prima.name.soap_action=urn:act", "prima.name.prefix=om", NULL});
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Data A=\"b&amp;\xE9\"/>").fate, PRIMA_OK);
    assert_memory_equal(kept, "POST /wsalive/wsalive HTTP/1.1\r\n", 32);
    assert_non_null(strstr(kept, "\r\nSOAPAction: \"urn:act\"\r\n"));
    assert_non_null(strstr(kept, "\r\nContent-Type: text/xml; charset=utf-8\r\n"));
    assert_null(strcasestr(kept, "\r\nExpect:"));
    assert_null(strcasestr(kept, "\r\nUpgrade:"));
    assert_non_null(strstr(
        kept,
        "<soap:Body><om:comwsomhandler xmlns:om=\"urn:omlink\"><company>1</company><request>"
        "&lt;Data "
        "A=\"b&amp;amp;&#233;\"/&gt;</request></om:comwsomhandler></soap:Body></soap:Envelope>"));
    harness_release(&h);
    raw_server_free(server);
}

#ifdef PF_FAILPOINTS
static void test_fail_points(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    static const struct {
        const char *name, *points;
        enum prima_fate fate;
        size_t posts;
    } cases[] = {
        {"before sending", "prima.before_send", PRIMA_NOT_SENT, 0},
        {"after sending", "prima.after_send", PRIMA_UNKNOWN, 1},
        {"before the callback", "prima.before_callback", PRIMA_UNKNOWN, 2},
        {"none", "", PRIMA_OK, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases;
         i++) { /* main has armed them for these passes */
        print_message("  %s\n", cases[i].name);
        assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, cases[i].fate);
        assert_int_equal(raw_server_posts(server), cases[i].posts);
    }
    harness_release(&h);
    raw_server_free(server);
}
#endif

int main(void)
{
#ifdef PF_FAILPOINTS
    if (setenv("PRIMAFLOW_FAIL",
               "prima.before_send:error:1,prima.after_send:error:1,prima.before_callback:error:3",
               1) != 0)
        return 1;
#endif
    const struct CMUnitTest tests[] = {
#ifdef PF_FAILPOINTS
        cmocka_unit_test(test_fail_points), /* first: it counts passes */
#endif
        cmocka_unit_test(test_concurrency),
        cmocka_unit_test(test_connection_bound),
        cmocka_unit_test(test_deadline_while_waiting),
        cmocka_unit_test(test_deadline_passes_before_sending),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_server_goes_away),
        cmocka_unit_test(test_send_and_free_in_callback),
        cmocka_unit_test(test_credential_is_renewed),
        cmocka_unit_test(test_request_on_the_wire),
    };
    return cmocka_run_group_tests_name("prima.many", tests, NULL, NULL);
}
