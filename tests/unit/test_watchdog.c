/* What a probe gets while the event loop is blocked, over a real socket: 503 and why; and nothing from
 * the watchdog while it goes round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "obs/listen.h"
#include "obs/log.h"
#include "obs/watchdog.h"

enum { STUCK_AFTER_MS = 300 };

static int listening, port;

static int client(void)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at),
                     0); /* the backlog takes it, whoever accepts */
    return fd;
}

/* The whole answer, or "" when there is none within the time. */
static void read_answer(int fd, int ms, char *text, size_t room)
{
    size_t size = 0;
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    const int64_t until = clock_monotonic_ms() + ms;
    for (int64_t left; (left = until - clock_monotonic_ms()) > 0 && size < room - 1;) {
        if (poll(&readable, 1, (int)left) != 1)
            break;
        const ssize_t got = recv(fd, text + size, room - 1 - size, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    text[size] = '\0';
}

static void get(const char *path, int ms, char *text, size_t room)
{
    char request[200];
    const int fd = client();
    const int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    assert_int_equal(send(fd, request, (size_t)size, 0), size);
    read_answer(fd, ms, text, room);
    (void)close(fd);
}

static int set_up(void **state)
{
    char message[300];
    (void)state;
    log_configure("test", false, LOG_LEVEL_ERROR + 1);
    return listen_open("127.0.0.1:0", &listening, &port, message);
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(listening);
    return 0;
}

static void test_stuck(void **state)
{
    (void)state;
    char text[2000];
    struct watchdog *w = watchdog_start(listening, STUCK_AFTER_MS);
    assert_non_null(w);
    get("/livez", 3000, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(text, "\r\n\r\nevent loop blocked for "));
    get("/readyz", 3000, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 503 ", 13);
    get("/metrics", 3000, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(
        text, "\r\n\r\nprimaflow_stuck 1\nprimaflow_ready 0\nprimaflow_build_info{version=\""));
    watchdog_stop(w);
}

static void test_goes_round(void **state)
{
    (void)state;
    char text[2000];
    struct watchdog *w = watchdog_start(listening, STUCK_AFTER_MS);
    const int fd = client();
    assert_true(send(fd, "GET /livez HTTP/1.1\r\n\r\n", 23, 0) == 23);
    for (int64_t until = clock_monotonic_ms() + 4 * STUCK_AFTER_MS; clock_monotonic_ms() < until;
         watchdog_beat(w)) {
        read_answer(fd, 20, text, sizeof text);
        assert_string_equal(text, ""); /* the loop's to answer */
    }
    read_answer(fd, 3000, text, sizeof text); /* nobody beats any more */
    assert_memory_equal(text, "HTTP/1.1 503 ", 13);
    (void)close(fd);
    for (int64_t until = clock_monotonic_ms() + 4 * STUCK_AFTER_MS; clock_monotonic_ms() < until;
         watchdog_beat(w))
        (void)poll(NULL, 0, 20);
    const int again = client(); /* it goes round again: not the watchdog's */
    assert_true(send(again, "GET /livez HTTP/1.1\r\n\r\n", 23, 0) == 23);
    watchdog_beat(w);
    read_answer(again, STUCK_AFTER_MS / 2, text, sizeof text);
    assert_string_equal(text, "");
    (void)close(again);
    watchdog_stop(w);
}

static void test_silent_connections_hold_nobody_up_for_long(void **state)
{
    (void)state;
    char text[2000];
    int silent[3];
    struct watchdog *w = watchdog_start(listening, STUCK_AFTER_MS);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        silent[i] = client();
    get("/livez", 5000, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 503 ", 13);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        (void)close(silent[i]);
    watchdog_stop(w);
    w = watchdog_start(-1, STUCK_AFTER_MS); /* without --http it only writes the log */
    (void)poll(NULL, 0, 3 * STUCK_AFTER_MS);
    watchdog_stop(w);
    watchdog_stop(NULL);
    watchdog_beat(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stuck, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_goes_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent_connections_hold_nobody_up_for_long, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
