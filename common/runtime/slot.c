/* Taking a slot; see slot.h. */
#include "runtime/slot.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "obs/log.h"

enum { AGAIN_MS = 100, KEEPER_LOOK_MS = 20 };

/* The first word of a small file of /proc, or "?" when it cannot be read. */
static void read_word(const char *path, char *text, size_t room)
{
    (void)snprintf(text, room, "?");
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(text, (int)room, file) != NULL)
        text[strcspn(text, " \n")] = '\0';
    (void)fclose(file);
}

/* A process's start time in clock ticks since boot: field 22 of /proc/<pid>/stat, counted behind the name in parentheses. 0: no such
 * process. */
static unsigned long long start_time(long pid)
{
    char path[64], line[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    const char *end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    (void)fclose(file);
    char state = '?';
    unsigned long long ticks = 0;
    if (end == NULL ||
        sscanf(end + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state, &ticks) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : ticks;
}

static void describe(long pid, unsigned long long started, char *text, size_t room)
{
    char boot[64], space[64];
    read_word("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    const ssize_t size = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[size > 0 ? size : 0] = '\0';
    (void)snprintf(text, room, "%s/%s/%ld/%llu", boot, space, pid, started);
}

void slot_describe_self(char *text, size_t room)
{
    describe(getpid(), start_time(getpid()), text, room);
}

bool slot_holder_is_dead(const char *holder)
{
    const char *rest = strchr(holder, '/');
    rest = rest != NULL ? strchr(rest + 1, '/') : NULL;
    long pid;
    unsigned long long started;
    if (rest == NULL || sscanf(rest, "/%ld/%llu", &pid, &started) != 2 || started == 0)
        return false;
    char same[200];
    describe(pid, started, same, sizeof same);
    return strcmp(same, holder) == 0 && start_time(pid) != started; /* this machine, this namespace, and it is not there any more */
}

/* The slot script's arguments: 'take', or 'renew'. */
static int run_script(const struct worker *w, struct redis_once *redis, const char *what, const char *dead, struct redis_reply *reply)
{
    char slot[160], lease[300], epoch[300], ms[24];
    (void)snprintf(slot, sizeof slot, "%s:%s", w->flow->name, w->slot);
    (void)keys_name(&w->keys, "s", slot, lease, sizeof lease);
    (void)keys_name(&w->keys, "e", slot, epoch, sizeof epoch);
    const int size = snprintf(ms, sizeof ms, "%lld", (long long)config_int(w->config, CFG_slot_lease));
    const struct redis_bytes args[] = {{lease, strlen(lease)}, {epoch, strlen(epoch)}, {w->slot_token, strlen(w->slot_token)},
                                       {ms, (size_t)size},     {what, strlen(what)},   {dead, strlen(dead)}};
    return redis_once_run(redis, SCRIPT_SLOT, args, 2, 4, reply);
}

int slot_take(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t until = clock_monotonic_ms() + config_int(w->config, CFG_slot_wait);
    char dead[200] = "";
    bool said = false;
    slot_describe_self(w->slot_token, sizeof w->slot_token);
    for (;;) {
        struct redis_reply reply;
        if (run_script(w, redis, "take", dead, &reply) < 0 || reply.error != NULL) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot take slot %s: Redis went away", w->slot);
            return -EIO;
        }
        const enum verdict verdict = keys_verdict(&reply);
        if (verdict == VERDICT_TAKEN) {
            w->keys.slot_epoch = reply.items[1].number;
            w->slot_is_taken = 1;
            return 0;
        }
        (void)snprintf(dead, sizeof dead, "%s",
                       reply.items[2].text != NULL && slot_holder_is_dead(reply.items[2].text) ? reply.items[2].text : "");
        if (dead[0] != '\0')
            continue;
        if (w->give_up)
            return -EIO;
        if (clock_monotonic_ms() > until) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "slot %.40s of group %.80s is held by another process (%.100s)", w->slot, w->group,
                           reply.items[2].text != NULL ? reply.items[2].text : "unknown");
            return -EBUSY;
        }
        if (!said)
            log_info(.message = "another process has our slot; waiting for its lease to end", .slot = w->slot, .ms = reply.items[1].number);
        said = true;
        (void)usleep(AGAIN_MS * 1000);
    }
}

/* ---- keeping it while starting ---- */

/* In the pool, on a connection of its own: start-up blocks for as long as a transaction's time-out or a rebuild takes, and the lease is
 * shorter. */
static void keep(uv_work_t *work)
{
    struct worker *w = work->data;
    struct redis_once *redis = NULL;
    const int64_t every = config_int(w->config, CFG_slot_lease) / 4;
    for (int64_t renewed = 0; !w->slot_keeper_ends && !w->give_up; (void)usleep(KEEPER_LOOK_MS * 1000)) {
        struct redis_server server;
        struct redis_reply reply;
        char message[300];
        if (!w->slot_is_taken || clock_monotonic_ms() - renewed < every)
            continue;
        if (redis == NULL && redis_once_open(config_text(w->config, CFG_redis_url), every > 0 ? every : 1, &redis, &server, message) < 0)
            continue;
        if (run_script(w, redis, "renew", "", &reply) < 0) {
            redis_once_close(redis);
            redis = NULL;
        } else {
            renewed = clock_monotonic_ms(); /* lost: the loop's own first renewal hears the same, and starts over */
        }
    }
    redis_once_close(redis);
}

static void kept(uv_work_t *work, int status)
{
    (void)status;
    free(work);
}

void slot_keep(struct worker *w)
{
    uv_work_t *work = calloc(1, sizeof *work);
    if (work == NULL)
        abort();
    work->data = w;
    (void)uv_queue_work(&w->loop, work, keep, kept);
}
