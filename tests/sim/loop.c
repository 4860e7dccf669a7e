/* libuv and libc as a simulated process finds them: timers by virtual time, jobs as coroutines,
 * sleep, exec and exit of one process among several. Only what the workers use. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/process.h"
#include "obs/log.h"
#include "obs/watchdog.h"
#include "process.h"

enum { EVENT_FD = 1000000, WALL_MS = 1700000000 };

/* ---- clocks ---- */

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_boot_ms(void);

int64_t __wrap_clock_monotonic_ms(void)
{
    return sim.now_ms + 1000;
}

int64_t __wrap_clock_wall_ms(void)
{
    return 1000LL * WALL_MS + sim.now_ms + sim.wall_ahead_ms;
}

int64_t __wrap_clock_boot_ms(void)
{
    return sim.now_ms + 1000;
}

uint64_t uv_hrtime(void)
{
    return (uint64_t)(sim.now_ms + 1000) * 1000000U;
}

/* ---- timers ---- */

/* A timer's own fields hold its time; an event that finds another number there was overtaken. */
struct tick {
    uv_timer_t *timer;
    uint64_t number;
};

static uint64_t timer_number;

static void timer_set(uv_timer_t *t, uint64_t after_ms);

static void timer_fires(void *data)
{
    struct tick tick = *(struct tick *)data;
    uv_timer_t *t = tick.timer;
    free(data);
    if (t->start_id != tick.number)
        return;
    t->start_id = 0;
    if (t->repeat > 0)
        timer_set(t, t->repeat);
    t->timer_cb(t);
}

static void timer_set(uv_timer_t *t, uint64_t after_ms)
{
    struct tick *tick = calloc(1, sizeof *tick);
    if (tick == NULL)
        abort();
    t->start_id = ++timer_number;
    *tick = (struct tick){t, t->start_id};
    sim_in_loop(sim_self(), (int64_t)after_ms, timer_fires, tick);
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *t)
{
    void *data = t->data;
    *t = (uv_timer_t){.loop = loop, .data = data};
    return 0;
}

int uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
    t->timer_cb = cb;
    t->repeat = repeat;
    timer_set(t, timeout);
    return 0;
}

int uv_timer_stop(uv_timer_t *t)
{
    t->start_id = 0;
    return 0;
}

/* ---- the loop ---- */

int uv_loop_init(uv_loop_t *loop)
{
    struct process *p = sim_self();
    loop->data = p;
    p->loop = loop;
    return 0;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    (void)loop;
    if (mode == UV_RUN_DEFAULT)
        process_wait_for_stop();
    return 0;
}

void uv_stop(uv_loop_t *loop)
{
    ((struct process *)loop->data)->stops = true;
}

void uv_update_time(uv_loop_t *loop)
{
    (void)loop;
}

int uv_prepare_init(uv_loop_t *loop, uv_prepare_t *prepare)
{
    prepare->loop = loop;
    return 0;
}

int uv_prepare_start(uv_prepare_t *prepare, uv_prepare_cb cb)
{
    prepare->prepare_cb = cb;
    sim_self()->prepare = prepare;
    return 0;
}

void loop_turn(void)
{
    struct process *p = sim_self();
    if (p->prepare != NULL)
        p->prepare->prepare_cb(p->prepare);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb done)
{
    work->loop = loop;
    process_job(loop->data, work, run, done);
    return 0;
}

/* ---- what wakes it: Kafka's clients alone; the other adapters are ours ---- */

int uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd)
{
    (void)fd;
    poll->loop = loop;
    return 0;
}

int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb cb)
{
    (void)events;
    poll->poll_cb = cb;
    struct process *p = sim_self();
    for (size_t i = 0; i < SIM_POLLS; i++)
        if (p->polls[i].poll == NULL) {
            p->polls[i] = (struct sim_poll){.poll = poll};
            return 0;
        }
    abort();
}

static void poll_fires(void *data)
{
    struct sim_poll *p = data;
    p->is_due = false;
    p->poll->poll_cb(p->poll, 0, UV_READABLE);
}

void sim_wake_poll(struct process *p)
{
    for (size_t i = 0; p->is_up && i < SIM_POLLS; i++) {
        struct sim_poll *poll = &p->polls[i];
        if (poll->poll == NULL || poll->is_due)
            continue;
        poll->is_due = true;
        sim_in_loop(p, sim_between(0, 3), poll_fires, poll);
    }
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *signal)
{
    signal->loop = loop;
    return 0;
}

/* SIGTERM is sim_terminate's. */
int uv_signal_start(uv_signal_t *signal, uv_signal_cb cb, int number)
{
    signal->signal_cb = cb;
    if (number == SIGTERM)
        sim_self()->term = signal;
    return 0;
}

static void term_arrives(void *data)
{
    uv_signal_t *signal = data;
    signal->signal_cb(signal, SIGTERM);
}

void sim_terminate(struct process *p)
{
    if (!p->is_up || p->term == NULL)
        return;
    sim_note("%s gets SIGTERM", p->slot);
    sim_in_loop(p, 0, term_arrives, p->term);
}

/* ---- libc, and what asks the system about processes ---- */

int __wrap_usleep(useconds_t us);
int __wrap_execv(const char *path, char *const argv[]);
_Noreturn void __wrap__exit(int code);
int __wrap_close_range(unsigned first, unsigned last, int flags);
int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *before);
void (*__wrap_signal(int number, void (*handler)(int)))(int);
/* Handlers of a process are not those of all of them. */
void (*__wrap_signal(int number, void (*handler)(int)))(int)
{
    (void)number;
    return handler;
}

int __wrap_eventfd(unsigned value, int flags);
ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
const char *__wrap_process_describe_self(char text[static PROCESS_NAME_MAX]);
bool __wrap_process_is_over(const char *name);
struct watchdog *__wrap_watchdog_start(int fd, int64_t stuck_after_ms);
void __wrap_log_write(enum log_level level, const struct log_fields *f);

int __wrap_usleep(useconds_t us)
{
    sim_sleep(us < 1000 ? 1 : (int64_t)us / 1000);
    return 0;
}

int __wrap_execv(const char *path, char *const argv[])
{
    (void)path, (void)argv;
    process_exec();
}

_Noreturn void __wrap__exit(int code)
{
    process_exit(code);
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    (void)first, (void)last, (void)flags;
    return 0;
}

static void alarm_rings(void *data)
{
    (void)data;
    process_exit(70);
}

/* A drain's last resort. */
int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *before)
{
    (void)which, (void)before;
    sim_in_loop(sim_self(), value->it_value.tv_sec * 1000 + value->it_value.tv_usec / 1000,
                alarm_rings, NULL);
    return 0;
}

int __wrap_eventfd(unsigned value, int flags)
{
    (void)value, (void)flags;
    return EVENT_FD;
}

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (fd != EVENT_FD)
        return __real_read(fd, to, size);
    errno = EAGAIN;
    return -1;
}

const char *__wrap_process_describe_self(char text[static PROCESS_NAME_MAX])
{
    const struct process *p = sim_self();
    (void)snprintf(text, PROCESS_NAME_MAX, "machine/boot/space/%d/%lld", p->number + 1,
                   (long long)p->pid + 1);
    return text;
}

bool __wrap_process_is_over(const char *name)
{
    long long number = 0, pid = 0;
    if (!sim.sees_processes || sscanf(name, "machine/boot/space/%lld/%lld", &number, &pid) != 2 ||
        number < 1 || number > SIM_PROCESSES)
        return false;
    return sim.processes[number - 1].pid + 1 > pid;
}

struct watchdog *__wrap_watchdog_start(int fd, int64_t stuck_after_ms)
{
    (void)fd, (void)stuck_after_ms;
    return NULL;
}

void __wrap_log_write(enum log_level level, const struct log_fields *f)
{
    (void)level;
    if (strstr(f->message, "Redis state") != NULL) /* lost, being rebuilt, or recovered */
        sim.had_incident = true;
    if (!sim.traces)
        return;
    sim_note("  log: %s%s%s%s%s%s%s", f->message, f->key != NULL ? " key=" : "",
             f->key != NULL ? f->key : "", f->reason != NULL ? " reason=" : "",
             f->reason != NULL ? f->reason : "", f->detail != NULL ? ": " : "",
             f->detail != NULL ? f->detail : "");
    if (f->outcome != NULL || f->code != NULL)
        sim_note("  log:   outcome=%s code=%s", f->outcome != NULL ? f->outcome : "",
                 f->code != NULL ? f->code : "");
}
