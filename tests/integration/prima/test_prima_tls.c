/* TLS: whom the client believes, whom it shows itself to, and that nothing leaves when it does
 * not. */
#include "harness.h"

#include "../../support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

static char folder[] = "/tmp/primaflow-tls-XXXXXX";

/* Two authorities; of the first a server, a server of another name, an expired server and a client;
 * of the second a stranger's server. */
static const char make_certificates[] =
    "set -eu; cd '%s'\n"
    "authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
    "$1.key -out $1.pem -subj /CN=$1 -days 2; "
    "}\n"
    "leaf() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $2.key -out "
    "$2.csr -subj /CN=$2\n"
    "  printf 'subjectAltName=%%s\\n' $3 > $2.ext\n"
    "  openssl x509 -req -in $2.csr -CA $1.pem -CAkey $1.key -CAcreateserial -extfile $2.ext -days "
    "$4 -out $2.pem; }\n"
    "authority ours; authority theirs\n"
    "leaf ours server IP:127.0.0.1 2; leaf ours other DNS:other.example 2; leaf ours expired "
    "IP:127.0.0.1 -1\n"
    "leaf ours client DNS:client 2; leaf theirs stranger IP:127.0.0.1 2\n"
    "cat client.pem client.key > both.pem\n";

static int make_files(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    char script[2048], command[2200];
    (void)snprintf(script, sizeof script, make_certificates, folder);
    (void)snprintf(command, sizeof command, "{ %s } >'%s/log' 2>&1", script, folder);
    return system(command);
}

static int remove_files(void **state)
{
    (void)state;
    char command[100];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void serve_ok(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c))
        raw_text(c, harness_reply(OK_REPLY));
}

static const char *in_folder(const char *name, char path[static 100])
{
    (void)snprintf(path, 100, "%s/%s", folder, name);
    return path;
}

static void test_tls(void **state)
{
    (void)state;
    static const struct {
        const char *name, *server;
        bool asks_for_client;
        const char *ca, *cert, *key; /* the client's; NULL: not set */
        enum prima_fate fate;
        size_t posts;
    } rows[] = {
        {"a private authority that we know", "server", false, "ours.pem", NULL, NULL, PRIMA_OK, 1},
        {"one that we do not know", "stranger", false, "ours.pem", NULL, NULL, PRIMA_NOT_SENT, 0},
        {"the system's authorities do not know it", "server", false, NULL, NULL, NULL,
         PRIMA_NOT_SENT, 0},
        {"another host's certificate", "other", false, "ours.pem", NULL, NULL, PRIMA_NOT_SENT, 0},
        {"an expired one", "expired", false, "ours.pem", NULL, NULL, PRIMA_NOT_SENT, 0},
        {"our certificate is asked for and shown", "server", true, "ours.pem", "client.pem",
         "client.key", PRIMA_OK, 1},
        {"with its key in the same file", "server", true, "ours.pem", "both.pem", NULL, PRIMA_OK,
         1},
        {"asked for and missing", "server", true, "ours.pem", NULL, NULL, PRIMA_UNKNOWN, 0},
        {"asked for and a stranger's", "server", true, "ours.pem", "stranger.pem", "stranger.key",
         PRIMA_UNKNOWN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char cert[100], key[100], ca[100], path[100], file[64], overrides[3][160];
        (void)snprintf(file, sizeof file, "%s.pem", rows[i].server);
        (void)in_folder(file, cert);
        (void)snprintf(file, sizeof file, "%s.key", rows[i].server);
        const struct raw_tls tls = {cert, in_folder(file, key),
                                    rows[i].asks_for_client ? in_folder("ours.pem", ca) : NULL};
        const char *all[4] = {NULL};
        const char *const keys[] = {"prima.tls.ca", "prima.tls.cert", "prima.tls.key"},
                          *const values[] = {rows[i].ca, rows[i].cert, rows[i].key};
        for (size_t k = 0, count = 0; k < 3; k++)
            if (values[k] != NULL) {
                (void)snprintf(overrides[k], sizeof overrides[k], "%s=%s", keys[k],
                               in_folder(values[k], path));
                all[count++] = overrides[k];
            }
        struct raw_server *server = raw_server_new(serve_ok, NULL, &tls);
        struct harness h;
        harness_init(&h, raw_server_port(server), true, all);
        const enum prima_fate fate = harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate;
        /* TLS 1.3: the server's no to the client may come before or after the request has left.
         * Either is told truly. */
        if (rows[i].fate != PRIMA_UNKNOWN || fate != PRIMA_NOT_SENT)
            assert_string_equal(prima_fate_name(fate), prima_fate_name(rows[i].fate));
        assert_int_equal(raw_server_posts(server), rows[i].posts);
        harness_release(&h);
        raw_server_free(server);
    }
}

/* Plain HTTP where TLS is expected. */
static void test_plain_server(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_ok, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), true,
                 (const char *const[]){"prima.connect_timeout=300ms", NULL});
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_NOT_SENT);
    assert_int_equal(raw_server_posts(server), 0);
    harness_release(&h);
    raw_server_free(server);
}

static void test_bad_settings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *override, *what;
    } rows[] = {
        {"no such file", "prima.tls.ca=/nonexistent.pem",
         "prima.tls.ca: /nonexistent.pem: No such file"},
        {"no address", "prima.url=ftp://x", "prima.url: \"ftp://x\""},
        {"an address without sense", "prima.url=http://x:99999/", "prima.url: \"http://x:99999/\""},
        {"a name that is none", "prima.name.account=a b", "prima.name.account: \"a b\""},
        {"a header that splits", "prima.name.soap_action=a\r\nX: y", "prima.name.soap_action"},
        {"no credential file", "prima.auth.file=/nonexistent",
         "prima.auth.file: /nonexistent: No such file"},
    };
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct config *config;
        struct config_message message = {.text = ""};
        assert_int_equal(config_load(NULL, &rows[i].override, 1, &config, &message), 0);
        struct prima_client *client = NULL;
        assert_int_not_equal(prima_client_new(&loop, config, &client, &message), 0);
        assert_null(client);
        assert_non_null(strstr(message.text, rows[i].what));
        config_free(config);
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_plain_server),
        cmocka_unit_test(test_bad_settings),
    };
    return cmocka_run_group_tests_name("prima.tls", tests, make_files, remove_files);
}
