/* The small HTTP server over a real loopback socket and a real loop: what a scraper, a probe and a
 * stranger get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "obs/guests.h"
#include "obs/http.h"
#include "obs/listen.h"
#include "obs/metrics.h"

struct world {
    uv_loop_t loop;
    struct obs_http *http;
    bool live, ready;
    int asked_before_metrics;
};

static bool is_live(void *user, struct buf *why)
{
    const struct world *w = user;
    if (!w->live)
        buf_text(why, "stuck");
    return w->live;
}

static bool is_ready(void *user, struct buf *why)
{
    (void)why;
    return ((struct world *)user)->ready;
}

static void say_status(void *user, struct buf *json)
{
    (void)user;
    buf_text(json, "{\"state\":\"running\"}");
}

static void before_metrics(void *user)
{
    ((struct world *)user)->asked_before_metrics++;
    metrics_set(METRIC_in_flight, "", 17);
}

static struct obs_answers answers_of(struct world *w)
{
    return (struct obs_answers){is_live, is_ready, say_status, before_metrics, w};
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char message[300];
    assert_non_null(w);
    *w = (struct world){.live = true, .ready = true};
    assert_int_equal(uv_loop_init(&w->loop), 0);
    const struct obs_answers answers = answers_of(w);
    assert_int_equal(obs_http_start(&w->loop, "127.0.0.1:0", &answers, &w->http, message), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    obs_http_stop(w->http);
    assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&w->loop), 0); /* no handle is left */
    free(w);
    return 0;
}

static int connect_to(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Turns the loop until the server closes the connection or `ms` have passed; what arrived is in
 * `out`. */
static bool read_until_closed(struct world *w, int fd, int64_t ms, struct buf *out)
{
    const int64_t end = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() < end) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        char bytes[4096];
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            buf_append(out, bytes, (size_t)n);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return true;
        (void)usleep(500);
    }
    return false;
}

static void exchange(struct world *w, const char *request, struct buf *out)
{
    const int fd = connect_to(obs_http_port(w->http));
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    assert_true(read_until_closed(w, fd, 5000, out));
    (void)close(fd);
}

static void test_answers(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name, *request, *status, *contains;
        bool live, ready;
    } rows[] = {
        {"a live loop", "GET /livez HTTP/1.1", "200", "ok\n", true, true},
        {"its reason not to be", "GET /livez HTTP/1.1", "503", "stuck\n", false, true},
        {"ready", "GET /readyz HTTP/1.1", "200", "ok\n", true, true},
        {"not ready, without a reason", "GET /readyz HTTP/1.1", "503", "not ready\n", true, false},
        {"status is JSON", "GET /status HTTP/1.1", "200", "application/json", true, true},
        {"status' text", "GET /status HTTP/1.1", "200", "{\"state\":\"running\"}", true, true},
        {"metrics have their own type", "GET /metrics HTTP/1.1", "200", "text/plain; version=0.0.4",
         true, true},
        {"metrics are refreshed first", "GET /metrics HTTP/1.1", "200", "primaflow_in_flight 17\n",
         true, true},
        {"a query changes nothing", "GET /livez?full=1 HTTP/1.1", "200", "ok\n", true, true},
        {"another path", "GET /etc/passwd HTTP/1.1", "404", "/metrics", true, true},
        {"writing is not allowed", "DELETE /metrics HTTP/1.1", "405", "Allow: GET, HEAD", true,
         true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        w->live = rows[i].live;
        w->ready = rows[i].ready;
        char request[200], line[32];
        struct buf out;
        buf_init(&out, 1 << 20);
        (void)snprintf(request, sizeof request, "%s\r\nHost: x\r\nConnection: close\r\n\r\n",
                       rows[i].request);
        (void)snprintf(line, sizeof line, "HTTP/1.1 %s ", rows[i].status);
        exchange(w, request, &out);
        assert_int_equal(strncmp(out.data, line, strlen(line)), 0);
        assert_non_null(strstr(out.data, rows[i].contains));
        buf_release(&out);
    }
    assert_int_equal(w->asked_before_metrics, 2);
}

static void test_body_is_refused(void **state)
{
    struct world *w = *state;
    struct buf out;
    buf_init(&out, 1 << 20);
    exchange(
        w,
        "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        &out);
    assert_int_equal(strncmp(out.data, "HTTP/1.1 405 ", 13), 0);
    buf_release(&out);
}

static void test_head_has_no_body(void **state)
{
    struct world *w = *state;
    struct buf out;
    buf_init(&out, 1 << 20);
    exchange(w, "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &out);
    assert_int_equal(strncmp(out.data, "HTTP/1.1 200 ", 13), 0);
    assert_string_equal(strstr(out.data, "\r\n\r\n"), "\r\n\r\n");
    buf_release(&out);
}

/* Headers without end fill no memory: the server answers 4xx and closes. */
static void test_endless_headers(void **state)
{
    struct world *w = *state;
    const int fd = connect_to(obs_http_port(w->http));
    struct buf out;
    buf_init(&out, 1 << 20);
    char junk[1024];
    memset(junk, 'a', sizeof junk);
    (void)!write(fd, "GET /livez HTTP/1.1\r\nX: ", 24);
    for (int i = 0; i < 64; i++) {
        (void)!send(fd, junk, sizeof junk, MSG_NOSIGNAL);
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    assert_true(read_until_closed(w, fd, 5000, &out));
    assert_true(out.size == 0 || strncmp(out.data, "HTTP/1.1 4", 10) == 0);
    (void)close(fd);
    buf_release(&out);
}

static void expect_alive(struct world *w)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    exchange(w, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &out);
    assert_int_equal(strncmp(out.data, "HTTP/1.1 200 ", 13), 0);
    buf_release(&out);
}

static void turn(struct world *w, int times)
{
    for (int i = 0; i < times; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* What a connection of somebody who is no use to us says, at first and again and again. */
static const struct nuisance {
    const char *name, *first, *again;
    bool half_closes;
} nuisances[] = {
    {"silent", "", "", false},
    {"half of a request", "GET /livez HTTP/1.1\r\nHo", "", false},
    {"a request that drips", "GET /livez HTTP/1.1\r\n", "X: y\r\n", false},
    {"a body that drips", "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", "x",
     false},
    {"kept after an answer", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "", false},
    {"asks and never reads", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
     "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", false},
    {"closes its side alone", "GET /livez HTTP/1.1\r\n", "", true},
};

static void start_nuisance(const struct world *w, const struct nuisance *n, int *fd)
{
    *fd = connect_to(obs_http_port(w->http));
    (void)!send(*fd, n->first, strlen(n->first), MSG_NOSIGNAL);
    if (n->half_closes)
        (void)shutdown(*fd, SHUT_WR);
}

/* More connections than are served at a time: whoever comes after them is served at once, and
 * descriptors are bounded. */
static void test_connections_are_bounded(void **state)
{
    struct world *w = *state;
    enum { MANY = 1000 };
    static int fds[MANY];
    for (size_t row = 0; row < sizeof nuisances / sizeof *nuisances; row++) {
        print_message("  %s\n", nuisances[row].name);
        for (int i = 0; i < MANY; i++) {
            start_nuisance(w, &nuisances[row], &fds[i]);
            turn(w, i % 10 == 0 ? 3 : 0);
            if (i % 50 == 0)
                for (int k = 0; k < i; k++)
                    (void)!send(fds[k], nuisances[row].again, strlen(nuisances[row].again),
                                MSG_NOSIGNAL);
        }
        turn(w, 50);
        int descriptors = 0;
        for (int fd = 0; fd < 4096; fd++)
            descriptors += fcntl(fd, F_GETFD) >= 0;
        assert_in_range(descriptors, MANY,
                        MANY + 64 + 24); /* ours, theirs, and those of loop and test */
        expect_alive(w);
        expect_alive(w);
        for (int i = 0; i < MANY; i++)
            (void)close(fds[i]);
        turn(w, 50);
        expect_alive(w);
    }
}

/* All that are served at a time time out in the same moment, which the server's own timer may meet
 * a little early or late. */
static void test_idle_out_together(void **state)
{
    struct world *w = *state;
    enum { MANY = 96 };
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = connect_to(obs_http_port(w->http));
        turn(w, 1);
    }
    const int64_t end = clock_monotonic_ms() + 12500;
    while (clock_monotonic_ms() < end) {
        turn(w, 1);
        (void)usleep(2000);
    }
    expect_alive(w);
    int open = 0;
    for (int i = 0; i < MANY; i++) {
        char byte;
        open += read(fds[i], &byte, 1) < 0 && errno == EAGAIN;
        (void)close(fds[i]);
    }
    assert_int_equal(open, 0);
}

/* Who asks is not sent away for those who do not. */
static void test_who_asks_stays(void **state)
{
    struct world *w = *state;
    static const char question[] = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    const int scraper = connect_to(obs_http_port(w->http));
    int fds[200];
    for (int i = 0; i < 200; i++) {
        fds[i] = connect_to(obs_http_port(w->http));
        turn(w, 3);
        if (i % 10 != 0)
            continue;
        struct buf out;
        buf_init(&out, 1 << 20);
        assert_int_equal(write(scraper, question, strlen(question)), (ssize_t)strlen(question));
        assert_false(read_until_closed(w, scraper, 20, &out));
        assert_int_equal(strncmp(out.data, "HTTP/1.1 200 ", 13), 0);
        buf_release(&out);
    }
    for (int i = 0; i < 200; i++)
        (void)close(fds[i]);
    (void)close(scraper);
}

static void test_guests(void **state)
{
    (void)state;
    struct guests g;
    struct guest *guest[4];
    int gone;
    guests_init(&g, 3);
    for (int i = 0; i < 3; i++) {
        guest[i] = guests_come(&g, 100 + i, &gone);
        assert_int_equal(gone, -1);
    }
    guests_ask(&g, guest[0]); /* 1 is now the one that has been silent longest */
    guests_ask(&g, NULL);
    guest[3] = guests_come(&g, 103, &gone);
    assert_int_equal(gone, 101);
    assert_int_equal(g.count, 3);
    guests_ask(&g, guest[1]); /* had to go: does not come back by asking */
    assert_int_equal(g.count, 3);
    guests_leave(&g, guest[1]);
    assert_int_equal(g.count, 3);
    guests_leave(&g, guest[0]);
    guests_leave(&g, guest[3]);
    guests_leave(&g, guest[2]);
    guests_leave(&g, NULL);
    assert_int_equal(g.count, 0);
    assert_null(g.first);
    assert_null(g.last);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *listen;
        int result;
        const char *message;
    } rows[] = {
        {"loopback", "127.0.0.1:0", 0, ""},
        {"no host is loopback", ":0", 0, ""},
        {"everywhere, when asked", "0.0.0.0:0", 0, ""},
        {"a name", "localhost:0", 0, ""},
        {"no port", "127.0.0.1", -EINVAL, "address:port"},
        {"a port of words", "127.0.0.1:http", -EINVAL, "address:port"},
        {"a port too high", "127.0.0.1:70000", -EINVAL, "address:port"},
        {"IPv6 wants brackets", "::1:9100", -EINVAL, "address:port"},
        {"not this machine's", "192.0.2.1:0", -EADDRNOTAVAIL, "cannot listen"},
        {"empty", "", -EINVAL, "address:port"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char message[300] = "";
        int fd = -1, port = -1;
        assert_int_equal(listen_open(rows[i].listen, &fd, &port, message), rows[i].result);
        assert_non_null(strstr(message, rows[i].message));
        if (rows[i].result == 0) {
            assert_in_range(port, 1, 65535);
            (void)close(fd);
        } else {
            assert_int_equal(fd, -1);
        }
    }
}

static void test_only_loopback_unless_asked(void **state)
{
    (void)state;
    char message[300];
    int fd, port;
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    assert_int_equal(listen_open(":0", &fd, &port, message), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(ntohl(at.sin_addr.s_addr), INADDR_LOOPBACK);
    (void)close(fd);
}

static void test_port_taken(void **state)
{
    struct world *w = *state;
    char listen[40], message[300];
    struct obs_http *second = NULL;
    const struct obs_answers answers = answers_of(w);
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", obs_http_port(w->http));
    assert_int_equal(obs_http_start(&w->loop, listen, &answers, &second, message), -EADDRINUSE);
    assert_null(second);
    assert_non_null(strstr(message, listen));
    assert_non_null(strstr(message, "choose another port"));
}

/* A thousand connections are two thousand descriptors here; a shell's usual limit is 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    raise_descriptor_limit();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_body_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_head_has_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endless_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_connections_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle_out_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_asks_stays, set_up, tear_down),
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_only_loopback_unless_asked),
        cmocka_unit_test_setup_teardown(test_port_taken, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
