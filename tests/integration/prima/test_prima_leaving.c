/* Which bytes of a request leave, and until when: at most once, none after the deadline however
 * long process or machine stood still, none of a request that was given up, not even those that the
 * system holds already. Counted at the server. */
#include "harness.h"

#include "../../support/raw_server.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_BYTES = 16 * 1024 * 1024 }; /* no pair of sockets holds as much while nobody reads */

/* The machine slept: the clock of deadlines goes on, that of timers has not moved. */
int64_t __real_clock_boot_ms(void);
int64_t __wrap_clock_boot_ms(void);
static int64_t slept_ms;
static int looks_until_sleep; /* the machine falls asleep after so many looks at the clock */

int64_t __wrap_clock_boot_ms(void)
{
    if (looks_until_sleep > 0 && --looks_until_sleep == 0)
        slept_ms = 3600000;
    return __real_clock_boot_ms() + slept_ms;
}

/* A server that reads when it is told to, and remembers how much came and how it ended. */
struct reader {
    atomic_bool has_begun, may_read, has_ended;
    atomic_size_t bytes;  /* of the first connection */
    atomic_int queued;    /* of them, those that had arrived when it began to read */
    atomic_size_t others; /* bytes that came on any other */
    atomic_int error;     /* how the first ended; 0: closed in the usual way */
    bool answers;         /* the first request, before it waits */
    bool half_closes;     /* when the next one comes */
};

static void serve_reader(struct raw_connection *c, void *user)
{
    struct reader *r = user;
    static char room[64 * 1024];
    ssize_t got;
    while (c->number > 0 && (got = recv(c->fd, room, sizeof room, 0)) > 0)
        (void)atomic_fetch_add(&r->others, (size_t)got);
    if (c->number > 0)
        return;
    if (r->answers && raw_read(c))
        raw_text(c, harness_reply(OK_REPLY));
    char byte;
    atomic_store(&r->has_begun, recv(c->fd, &byte, 1, MSG_PEEK) == 1);
    if (r->half_closes && atomic_load(&r->has_begun)) {
        raw_sleep_ms(20); /* the client waits for the answer by now */
        (void)shutdown(c->fd, SHUT_WR);
    }
    while (!atomic_load(&r->may_read))
        raw_sleep_ms(5);
    int queued = 0;
    (void)ioctl(c->fd, FIONREAD, &queued);
    atomic_store(&r->queued, queued);
    while ((got = recv(c->fd, room, sizeof room, 0)) > 0)
        (void)atomic_fetch_add(&r->bytes, (size_t)got);
    atomic_store(&r->error, got < 0 ? errno : 0);
    atomic_store(&r->has_ended, true);
}

static void wait_until(atomic_bool *event)
{
    for (int tries = 0; tries < 2000 && !atomic_load(event); tries++)
        raw_sleep_ms(5);
    assert_true(atomic_load(event));
}

/* What came until the connection ended; fails the test when it does not. */
static size_t read_to_end(struct reader *r)
{
    atomic_store(&r->may_read, true);
    wait_until(&r->has_ended);
    return atomic_load(&r->bytes);
}

/* What came, once nothing has come for a while. */
static size_t read_until_quiet(struct reader *r)
{
    size_t before, now = 0;
    atomic_store(&r->may_read, true);
    do {
        before = now;
        raw_sleep_ms(300);
        now = atomic_load(&r->bytes);
    } while (now != before);
    return now;
}

static char *make_long_request(void)
{
    char *request = malloc(LONG_BYTES + 1);
    assert_non_null(request);
    memset(request, 'x', LONG_BYTES);
    request[LONG_BYTES] = '\0';
    return request;
}

static void serve_nothing(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c)) {
    }
}

static void serve_answer_then_nothing(struct raw_connection *c, void *user)
{
    if (raw_read(c))
        raw_text(c, harness_reply(OK_REPLY));
    serve_nothing(c, user);
}

static void serve_answer_then_reset(struct raw_connection *c, void *user)
{
    (void)user;
    if (!raw_read(c))
        return;
    raw_text(c, harness_reply(OK_REPLY));
    if (raw_read(c))
        raw_reset(c);
}

static void serve_answers(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c))
        raw_text(c, harness_reply(OK_REPLY));
}

/* The first write finds the socket full, the request leaves a little later: libcurl's own count
 * says that nothing ever did. */
static void test_first_write_would_block(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        raw_serve serve;
        size_t warm; /* requests before, on the same connection */
        enum prima_fate fate;
    } rows[] = {
        {"answered", serve_answers, 0, PRIMA_OK},
        {"answered, on a kept connection", serve_answers, 1, PRIMA_OK},
        {"no answer", serve_nothing, 0, PRIMA_UNKNOWN},
        {"no answer, on a kept connection", serve_answer_then_nothing, 1, PRIMA_UNKNOWN},
        {"a kept connection dies before the answer: not sent on another", serve_answer_then_reset,
         1, PRIMA_UNKNOWN},
    };
    assert_int_equal(setenv("PF_FULL_SOCKET", "the one", 1), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct raw_server *server = raw_server_new(rows[i].serve, NULL, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false,
                     (const char *const[]){"prima.deadline.new_order=300ms", NULL});
        for (size_t k = 0; k < rows[i].warm; k++)
            assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "another").fate, PRIMA_OK);
        assert_string_equal(prima_fate_name(harness_ask(&h, PRIMA_NEW_ORDER, "the one").fate),
                            prima_fate_name(rows[i].fate));
        raw_sleep_ms(50); /* a second sending would arrive by now */
        assert_int_equal(raw_server_posts(server), 1 + rows[i].warm);
        assert_int_equal(raw_server_heads(server), 1 + rows[i].warm);
        assert_int_equal(raw_server_connections(server), 1);
        harness_release(&h);
        raw_server_free(server);
    }
    assert_int_equal(unsetenv("PF_FULL_SOCKET"), 0);
}

/* Prima reads nothing, the deadline passes, Prima reads again: what did not fit into its own window
 * never comes. */
static void test_given_up_is_gone(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.deadline.new_order=300ms", NULL});
    char *request = make_long_request();
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, request).fate, PRIMA_UNKNOWN);
    assert_true(read_to_end(&r) < LONG_BYTES / 2);
    assert_int_equal(atomic_load(&r.error), ECONNRESET);
    free(request);
    harness_release(&h);
    raw_server_free(server);
}

/* A short request fits into Prima's window and cannot be called back; but the connection ends by a
 * reset, and no answer is waited for. */
static void test_how_connections_end(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_answered, asks_again, half_closes;
        const char *broken; /* the socket breaks as a request leaves that holds this text */
        int error;
    } rows[] = {
        {"kept and idle: closed in the usual way", .is_answered = true, .error = 0},
        {"not answered", .asks_again = true, .error = ECONNRESET},
        {"kept, then not answered", .is_answered = true, .asks_again = true, .error = ECONNRESET},
        {"Prima closes its side without an answer", .asks_again = true, .half_closes = true,
         .error = ECONNRESET},
        {"the same on a kept one", .is_answered = true, .asks_again = true, .half_closes = true,
         .error = ECONNRESET},
        {"broken as it leaves", .asks_again = true, .broken = "the one", .error = ECONNRESET},
        {"the same on a kept one", .is_answered = true, .asks_again = true, .broken = "the one",
         .error = ECONNRESET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct reader r = {.answers = rows[i].is_answered, .half_closes = rows[i].half_closes};
        struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false,
                     (const char *const[]){"prima.deadline.new_order=200ms", NULL});
        if (rows[i].is_answered)
            assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
        if (rows[i].broken != NULL)
            assert_int_equal(setenv("PF_BROKEN_SOCKET", rows[i].broken, 1), 0);
        if (rows[i].asks_again)
            assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "the one").fate, PRIMA_UNKNOWN);
        assert_int_equal(unsetenv("PF_BROKEN_SOCKET"), 0);
        harness_release(&h);
        (void)read_to_end(&r);
        assert_int_equal(atomic_load(&r.error), rows[i].error);
        raw_sleep_ms(20); /* it would be sent on another connection by now */
        assert_int_equal(atomic_load(&r.others), 0);
        raw_server_free(server);
    }
}

/* Freed with one request under way and one connection idle: the one is reset, the other is closed
 * in the usual way. */
static void test_abandoned(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    char *request = make_long_request();
    struct answer a = {.calls = 0};
    harness_send(&h, PRIMA_NEW_ORDER, request, &a);
    for (int turns = 0; turns < 20; turns++) { /* it begins to leave */
        (void)uv_run(&h.loop, UV_RUN_NOWAIT);
        raw_sleep_ms(5);
    }
    harness_release(&h);
    assert_true(read_to_end(&r) < LONG_BYTES / 2);
    assert_int_equal(atomic_load(&r.error), ECONNRESET);
    assert_int_equal(a.calls, 0);
    free(request);
    raw_server_free(server);
}

/* The machine sleeps for an hour while half of a request has left. When it wakes up, Prima's window
 * opens: no timer of ours knows of the hour. */
static void test_the_machine_sleeps(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.deadline.new_order=60s", NULL});
    char *request = make_long_request();
    struct answer a = {.calls = 0};
    harness_send(&h, PRIMA_NEW_ORDER, request, &a);
    for (int turns = 0; turns < 20; turns++) {
        (void)uv_run(&h.loop, UV_RUN_NOWAIT);
        raw_sleep_ms(5);
    }
    slept_ms = 3600000;
    atomic_store(&r.may_read, true);
    harness_wait(&h, 1);
    assert_int_equal(a.fate, PRIMA_UNKNOWN);
    assert_true(read_to_end(&r) < LONG_BYTES);
    assert_int_equal(atomic_load(&r.error), ECONNRESET);
    slept_ms = 0;
    free(request);
    harness_release(&h);
    raw_server_free(server);
}

/* Asleep between our turn's first look at the clock and the request's last step: a kept connection
 * is at hand, and nothing else is asked. */
static void test_the_machine_sleeps_on_the_threshold(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_answers, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.deadline.new_order=60s", NULL});
    assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
    for (int looks = 1; looks <= 4; looks++) { /* when it is begun, given to libcurl, before
                                                  libcurl's turn, when it is about to leave */
        struct answer a = {.calls = 0};
        looks_until_sleep = looks;
        harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &a);
        harness_wait(&h, (size_t)looks + 1);
        assert_int_equal(looks_until_sleep, 0);
        slept_ms = 0;
        assert_int_equal(
            a.fate, looks == 1 ? PRIMA_OK
                               : PRIMA_NOT_SENT); /* the first look is where the deadline begins */
        assert_int_equal(raw_server_posts(server), 2);
    }
    harness_release(&h);
    raw_server_free(server);
}

static void test_the_machine_sleeps_before_sending(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_answers, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false,
                 (const char *const[]){"prima.deadline.new_order=60s", NULL});
    for (size_t kept = 0; kept < 2; kept++) { /* on a new connection, and on a kept one */
        struct answer a = {.calls = 0};
        harness_send(&h, PRIMA_NEW_ORDER, "<Request/>", &a);
        slept_ms = 3600000;
        harness_wait(&h, 2 * kept + 1);
        slept_ms = 0;
        assert_int_equal(a.fate, PRIMA_NOT_SENT);
        assert_int_equal(raw_server_posts(server), kept);
        assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
    }
    harness_release(&h);
    raw_server_free(server);
}

/* A client in a process of its own, which begins to send the long request: this program again, with
 * a port. */
static pid_t start_client(int port)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", port);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl("/proc/self/exe", "test_prima_leaving", text, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Its exit code is the answer's fate. */
static int be_client(int port)
{
    struct harness h;
    harness_init(&h, port, false, (const char *const[]){"prima.deadline.new_order=1s", NULL});
    char *request = make_long_request();
    const enum prima_fate fate = harness_ask(&h, PRIMA_NEW_ORDER, request).fate;
    free(request);
    harness_release(&h);
    return (int)fate;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Stopped amid a long request, and continued long after its deadline. What the system held
 * meanwhile is gone by then: all that comes has come before Prima reads on. */
static void test_process_stopped_across_the_deadline(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    const pid_t client = start_client(raw_server_port(server));
    wait_until(&r.has_begun);
    raw_sleep_ms(200); /* Prima's window is full by now */
    assert_int_equal(kill(client, SIGSTOP), 0);
    /* the deadline, and the system's own limit behind it, whose clock is a little coarse */
    raw_sleep_ms(4000);
    const size_t came = read_until_quiet(&r);
    assert_true(came > 0 && came < LONG_BYTES / 2);
    assert_int_equal(came, atomic_load(&r.queued));
    assert_int_equal(kill(client, SIGCONT), 0);
    const int status = wait_for(client);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PRIMA_UNKNOWN);
    assert_int_equal(read_to_end(&r), came);
    assert_int_equal(raw_server_connections(server), 1); /* nor did it begin anew */
    raw_server_free(server);
}

/* The same, but Prima reads on before the process does: it is the process that must send nothing
 * more. */
static void test_process_continues_while_prima_reads(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    const pid_t client = start_client(raw_server_port(server));
    wait_until(&r.has_begun);
    assert_int_equal(kill(client, SIGSTOP), 0);
    const size_t came = read_until_quiet(&r); /* what the system held */
    raw_sleep_ms(1500);
    assert_int_equal(kill(client, SIGCONT), 0);
    const int status = wait_for(client);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PRIMA_UNKNOWN);
    assert_int_equal(read_to_end(&r), came);
    assert_true(came < LONG_BYTES);
    raw_server_free(server);
}

static void test_process_killed(void **state)
{
    (void)state;
    struct reader r = {.answers = false};
    struct raw_server *server = raw_server_new(serve_reader, &r, NULL);
    const pid_t client = start_client(raw_server_port(server));
    wait_until(&r.has_begun);
    assert_int_equal(kill(client, SIGKILL), 0);
    (void)wait_for(client);
    assert_true(read_to_end(&r) < LONG_BYTES / 2);
    assert_int_equal(atomic_load(&r.error), ECONNRESET);
    raw_server_free(server);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_client((int)strtol(argv[1], NULL, 10));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_write_would_block),
        cmocka_unit_test(test_given_up_is_gone),
        cmocka_unit_test(test_how_connections_end),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_the_machine_sleeps),
        cmocka_unit_test(test_the_machine_sleeps_before_sending),
        cmocka_unit_test(test_the_machine_sleeps_on_the_threshold),
        cmocka_unit_test(test_process_stopped_across_the_deadline),
        cmocka_unit_test(test_process_continues_while_prima_reads),
        cmocka_unit_test(test_process_killed),
    };
    return cmocka_run_group_tests_name("prima.leaving", tests, NULL, NULL);
}
