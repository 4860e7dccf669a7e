/* LD_PRELOAD: clocks that a test moves. The file that PF_CLOCK_FILE names holds three numbers,
 * milliseconds: by how much the wall clock is off, the clock that counts sleep (CLOCK_BOOTTIME),
 * and CLOCK_MONOTONIC. Nobody sets the last two; but a process that was stopped, and is to have
 * been on a machine that was suspended, must not have seen CLOCK_MONOTONIC go on meanwhile: it gets
 * back what the kernel counted. Where the whole machine was paused from outside, no clock went on.
 *
 * A wait until a time of a moved clock ends by that clock, too; the kernel knows only its own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_EVERY_MS = 20,
    WALL_SECONDS_MIN = 500000000 /* below: a time since boot, not since 1970 */
};

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*real_c11_wait)(cnd_t *, mtx_t *, const struct timespec *);
static _Atomic long wall_ms, boot_ms, monotonic_ms;
static _Atomic long long looked_at_ms;

/* POSIX promises what ISO C does not: that a function's address fits into an object pointer. */
static void take(void *ret_function, void *found)
{
    if (found == NULL)
        abort();
    memcpy(ret_function, &found, sizeof found);
}

__attribute__((constructor)) static void find_real(void)
{
    take(&real_gettime, dlsym(RTLD_NEXT, "clock_gettime"));
    void *wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait",
                        "GLIBC_2.3.2"); /* dlsym alone may find the one of old LinuxThreads */
    take(&real_wait, wait != NULL ? wait : dlsym(RTLD_NEXT, "pthread_cond_timedwait"));
    take(&real_c11_wait, dlsym(RTLD_NEXT, "cnd_timedwait"));
}

/* Reads the file at most every 20 ms; while it is away or being written, what was last read
 * holds. */
static void look(void)
{
    struct timespec m;
    (void)real_gettime(CLOCK_MONOTONIC, &m);
    const long long now = m.tv_sec * 1000LL + m.tv_nsec / 1000000;
    if (looked_at_ms != 0 && now - looked_at_ms < LOOK_EVERY_MS)
        return;
    looked_at_ms = now;
    const char *path = getenv("PF_CLOCK_FILE");
    const int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    char text[64] = "";
    long wall, boot, monotonic;
    if (read(file, text, sizeof text - 1) > 0 &&
        sscanf(text, "%ld %ld %ld", &wall, &boot, &monotonic) == 3) {
        wall_ms = wall;
        boot_ms = boot;
        monotonic_ms = monotonic;
    }
    (void)close(file);
}

static void move(struct timespec *t, long ms)
{
    t->tv_sec += ms / 1000;
    t->tv_nsec += ms % 1000 * 1000000;
    if (t->tv_nsec < 0) {
        t->tv_nsec += 1000000000;
        t->tv_sec--;
    } else if (t->tv_nsec >= 1000000000) {
        t->tv_nsec -= 1000000000;
        t->tv_sec++;
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    if (real_gettime == NULL)
        find_real(); /* somebody's constructor was before ours */
    look();
    const int rc = real_gettime(clock, ret_time);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        move(ret_time, wall_ms);
    else if (rc == 0 && clock == CLOCK_BOOTTIME)
        move(ret_time, boot_ms);
    else if (rc == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
                         clock == CLOCK_MONOTONIC_COARSE))
        move(ret_time, monotonic_ms);
    return rc;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    (void)zone;
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    ret_time->tv_sec = t.tv_sec;
    ret_time->tv_usec = t.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret_time)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (ret_time != NULL)
        *ret_time = t.tv_sec;
    return t.tv_sec;
}

int timespec_get(struct timespec *ret_time, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret_time) == 0 ? base : 0;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    if (real_wait == NULL)
        find_real();
    look();
    const long off_ms = until->tv_sec < WALL_SECONDS_MIN ? monotonic_ms : wall_ms;
    if (off_ms == 0)
        return real_wait(cond, mutex, until);
    struct timespec moved = *until;
    move(&moved, -off_ms);
    return real_wait(cond, mutex, &moved);
}

/* C11's has the wall clock alone; librdkafka waits by it. */
int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    if (real_c11_wait == NULL)
        find_real();
    look();
    struct timespec moved = *until;
    move(&moved, -wall_ms);
    return real_c11_wait(cond, mutex, &moved);
}
