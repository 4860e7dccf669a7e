/* The credential's file, line by line; and a client that cannot be made, with the key and the remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prima/auth.h"
#include "prima/client.h"

static char path[] = "/tmp/primaflow-auth-XXXXXX";

static void write_file(const char *content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd) < 0;
}

static int remove_file(void **state)
{
    (void)state;
    return remove(path);
}

#define WANTS "wants one line, \"basic USER:PASSWORD\" or \"header NAME: VALUE\""

static void test_lines(void **state)
{
    static const struct {
        const char *name, *content, *header, *message;
    } rows[] = {
        {"basic", "basic jane:s3cret\n", "Authorization: Basic amFuZTpzM2NyZXQ=", NULL},
        {"without a line's end", "basic a:b", "Authorization: Basic YTpi", NULL},
        {"an empty password", "basic a:\r\n", "Authorization: Basic YTo=", NULL},
        {"a colon in it", "basic a:b:c\n", "Authorization: Basic YTpiOmM=", NULL},
        {"a header", "header X-Api_Key2: v w\n", "X-Api_Key2: v w", NULL},
        {"behind comments and blanks", "\n# basic no:no\n\r\nheader A: b\nheader C: d\n", "A: b",
         NULL},
        {"no colon", "basic jane\n", NULL, WANTS},
        {"a header without one", "header X\n", NULL, WANTS},
        {"a header without a name", "header : v\n", NULL, WANTS},
        {"a name of odd letters", "header X Y: v\n", NULL, WANTS},
        {"another word", "bearer s3cret:x\n", NULL, WANTS},
        {"a control character", "header X: s3\x01 cret\n", NULL, "control characters"},
        {"a delete", "header X: s3\x7f\n", NULL, "control characters"},
        {"a tab is a blank", "header X: a\tb\n", "X: a\tb", NULL},
        {"not ASCII", "basic j\xc3\xa4ne:s3cret\n", NULL, "is not ASCII"},
        {"nothing", "", NULL, "has no line; write "},
        {"comments alone", "# basic a:b\n\n", NULL, "has no line; write "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *header = NULL, whole[120];
        struct config_message message = {""};
        write_file(rows[i].content);
        const int result = auth_read(path, &header, &message);
        if (result != (rows[i].header != NULL ? 0 : -EINVAL))
            fail_msg("%s: %d", rows[i].name, result);
        if (rows[i].header != NULL)
            assert_string_equal(header, rows[i].header);
        else {
            assert_null(header);
            (void)snprintf(whole, sizeof whole, "prima.auth.file: %s: ", path);
            assert_memory_equal(message.text, whole, strlen(whole));
            if (strstr(message.text, rows[i].message) == NULL)
                fail_msg("%s: %s", rows[i].name, message.text);
            assert_null(strstr(message.text, "s3"));
        }
        auth_forget(header);
    }
    auth_forget(NULL);
    char *header = NULL;
    struct config_message message;
    assert_int_equal(auth_read("/nonexistent/x", &header, &message), -EINVAL);
    assert_string_equal(message.text, "prima.auth.file: /nonexistent/x: No such file or directory");
}

static void test_clients(void **state)
{
    char auth[80];
    static const struct {
        const char *name, *option, *content, *message;
    } rows[] = {
        {"all is well", "prima.url=http://h:8080/x", "basic a:b\n", NULL},
        {"over TLS", "prima.url=https://h/x", "basic a:b\n", NULL},
        {"no scheme", "prima.url=h:8080/x", "basic a:b\n", "prima.url: \"h:8080/x\" is no http://"},
        {"no host", "prima.url=http://", "basic a:b\n", "prima.url: \"http://\" is no http://"},
        {"no host, over TLS", "prima.url=https://", "basic a:b\n", "prima.url: "},
        {"a CA that is not there", "prima.tls.ca=/nonexistent/ca", "basic a:b\n",
         "prima.tls.ca: /nonexistent/ca: No such file or directory; name a readable PEM file"},
        {"a certificate", "prima.tls.cert=/nonexistent/c", "basic a:b\n", "prima.tls.cert: "},
        {"a key", "prima.tls.key=/nonexistent/k", "basic a:b\n", "prima.tls.key: "},
        {"a credential that is none", "prima.url=http://h/x", "a:b\n", WANTS},
    };
    (void)state;
    (void)snprintf(auth, sizeof auth, "prima.auth.file=%s", path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const options[] = {auth, rows[i].option};
        struct config *config;
        struct config_message message = {""};
        struct prima_client *client = NULL;
        uv_loop_t loop;
        write_file(rows[i].content);
        assert_int_equal(config_load(NULL, options, 2, &config, &message), 0);
        assert_int_equal(uv_loop_init(&loop), 0);
        const int result = prima_client_new(&loop, config, &client, &message);
        if ((result < 0) != (rows[i].message != NULL))
            fail_msg("%s: %d, %s", rows[i].name, result, message.text);
        if (result < 0 && strstr(message.text, rows[i].message) == NULL)
            fail_msg("%s: %s", rows[i].name, message.text);
        if (result == 0)
            prima_client_free(client);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
        config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_clients),
    };
    return cmocka_run_group_tests_name("prima: credentials", tests, make_file, remove_file);
}
