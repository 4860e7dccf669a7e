/* A Redis that answers anything, to the blocking connection and to the one on the loop
 * (common/idempotency over hiredis): it is refused or broken with words, or there is an answer
 * whose verdict is one of the list; nothing is read that did not come.
 *
 * Input: what the server sends, from the first answer on, before it closes. hiredis 0.14 takes
 * memory for as many items as it is told will come, gigabytes of it; that is its own, so inputs
 * that announce so many are left aside. */
#include "idempotency/keys.h"
#include "redis/once.h"

#include "fuzz_input.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TOGETHER = 2,
    INPUT_MAX = 1200,
    ANSWERS_MAX = INPUT_MAX / 3
}; /* "+\r\n" is the shortest answer */

static struct {
    int listener;
    char path[80], url[100];
    const uint8_t *data;
    size_t size;
    size_t loaded; /* scripts that the client loads first, each of which is answered well */
} server;

static void remove_socket(void)
{
    (void)unlink(server.path);
}

static void set_up(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (server.path[0] != '\0')
        return;
    (void)snprintf(server.path, sizeof server.path, "%s/pf-fuzz-%d.sock", fuzz_folder(),
                   (int)getpid());
    (void)snprintf(server.url, sizeof server.url, "unix://%s", server.path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server.path);
    server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(server.listener >= 0 &&
               bind(server.listener, (struct sockaddr *)&address, sizeof address) == 0);
    FUZZ_CHECK(listen(server.listener, 8) == 0 && atexit(remove_socket) == 0);
}

/* Sends it all at once, and reads until the client has gone, so that no answer is lost to a
 * reset. */
static void *serve(void *unused)
{
    char heard[4096];
    const int fd = accept(server.listener, NULL, NULL);
    FUZZ_CHECK(fd >= 0);
    for (size_t i = 0; i < server.loaded; i++)
        (void)send(fd, "+OK\r\n", 5, MSG_NOSIGNAL);
    (void)send(fd, server.data, server.size, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, heard, sizeof heard) > 0)
        ;
    (void)close(fd);
    return unused;
}

static void check_reply(const struct redis_reply *reply)
{
    size_t size = 0;
    FUZZ_CHECK(reply->count <= REDIS_ITEMS_MAX);
    for (size_t i = 0; i < reply->count; i++)
        for (size_t k = 0; reply->items[i].text != NULL && k < reply->items[i].size; k++)
            size += reply->items[i].text[k] != '\0'; /* every byte is there to be read */
    const enum verdict verdict = keys_verdict(reply);
    FUZZ_CHECK(verdict <= VERDICT_DEFECT && (reply->error == NULL || verdict == VERDICT_DEFECT));
    if (verdict == VERDICT_DEFECT)
        return;
    char longer[200];
    struct redis_reply other = *reply;
    FUZZ_CHECK(size > 0 &&
               snprintf(longer, sizeof longer, "%sx", reply->items[0].text) < (int)sizeof longer);
    other.items[0].text = longer;
    FUZZ_CHECK(keys_verdict(&other) ==
               VERDICT_DEFECT); /* a word of the list, and not its beginning or more */
    longer[strlen(longer) - 2] = '\0';
    FUZZ_CHECK(keys_verdict(&other) == VERDICT_DEFECT);
}

static const struct redis_bytes ping[] = {{"PING", 4}};

static void ask_once(void)
{
    struct redis_once *redis = NULL;
    struct redis_server known = {.run_id = ""};
    struct redis_reply reply;
    char message[300] = "";
    if (redis_once_open(server.url, 2000, &redis, &known, message) < 0) {
        FUZZ_CHECK(message[0] != '\0');
    } else {
        FUZZ_CHECK(strlen(known.run_id) < sizeof known.run_id &&
                   strlen(known.eviction) < sizeof known.eviction);
        for (int i = 0; i < 4 && redis_once_command(redis, ping, 1, &reply) == 0; i++)
            check_reply(&reply);
        redis_once_close(redis);
    }
}

/* ---- on the loop ---- */

struct asker {
    bool is_over; /* the connection broke, or a command was answered */
};

static bool on_server(void *user, const struct redis_server *known)
{
    FUZZ_CHECK(strlen(known->run_id) < sizeof known->run_id &&
               strlen(known->eviction) < sizeof known->eviction);
    return user != NULL;
}

static void on_lost(void *user, const char *reason)
{
    FUZZ_CHECK(reason[0] != '\0');
    ((struct asker *)user)->is_over = true;
}

static void on_answer(void *user, const struct redis_reply *reply)
{
    struct asker *a = user;
    check_reply(reply);
    a->is_over = true;
}

static void ask_on_the_loop(void)
{
    uv_loop_t loop;
    struct asker a = {false};
    const struct redis_hooks hooks = {on_server, NULL, on_lost, &a};
    struct redis *redis = NULL;
    char message[300] = "";
    FUZZ_CHECK(uv_loop_init(&loop) == 0 &&
               redis_new(&loop, server.url, scripts_all(), 2000, &hooks, &redis, message) == 0);
    const struct redis_bytes word = {"x", 1};
    struct redis_bytes words[REDIS_ARGS_MAX];
    for (size_t i = 0; i < REDIS_ARGS_MAX; i++)
        words[i] = word;
    for (size_t i = 0; i < TOGETHER; i++) /* as one: the first answer is to be one for each */
        redis_run(redis, script_of(SCRIPT_CLAIM), words, SCRIPT_SHARED_KEYS + 2,
                  SCRIPT_SHARED_ARGS + 7, on_answer, &a);
    for (size_t i = 0; i < ANSWERS_MAX;
         i++) /* hiredis ends the process at an answer that nobody asked for */
        redis_command(redis, ping, 1, on_answer, &a);
    while (!a.is_over)
        (void)uv_run(&loop, UV_RUN_ONCE);
    redis_free(redis);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    FUZZ_CHECK(uv_loop_close(&loop) == 0);
}

static bool is_costly(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        size_t digits = 0;
        while ((data[i] == '*' || data[i] == '$') && i + 1 + digits < size &&
               data[i + 1 + digits] >= '0' && data[i + 1 + digits] <= '9')
            digits++;
        if (digits > 5)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (is_costly(data, size))
        return 0;
    set_up();
    server.data = data;
    server.size = size < INPUT_MAX ? size : INPUT_MAX;
    void (*const asks[])(void) = {ask_once, ask_on_the_loop};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        pthread_t thread;
        server.loaded = i == 0 ? 0 : SCRIPT_COUNT;
        FUZZ_CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
        asks[i]();
        FUZZ_CHECK(pthread_join(thread, NULL) == 0);
    }
    return 0;
}
