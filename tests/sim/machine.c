/* Events in the order of their time, processes and their coroutines; see sim.h. */
#include "sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "faults.h"
#include "process.h"

enum { LOOK_MS = 20, STACK_BYTES = 512 * 1024, PAGE_BYTES = 4096 };

struct coroutine {
    struct coroutine *next;
    struct process *process;
    int64_t life;
    ucontext_t context;
    char *stack;
    void (*body)(void *data);
    void *data;
    bool is_over;
    bool is_asleep; /* sim_sleep: its own wake-up alone goes on with it */
};

struct event {
    int64_t at_ms;
    uint64_t number;
    struct process *process; /* NULL: the world's */
    int64_t life;
    sim_event happen;
    void *data;
};

struct sim sim;
static struct event *heap;
static size_t heap_count, heap_room;
static uint64_t next_number;
static ucontext_t scheduler;
static struct coroutine *running;
static struct coroutine *spare; /* stacks to be used again */

/* ---- words ---- */

static void sim_say(const char *kind, const char *format, va_list arguments)
{
    char text[600];
    (void)vsnprintf(text, sizeof text, format, arguments);
    (void)printf("%9lld %-6s %s%s\n", (long long)sim.now_ms, SIM_NAME(sim_self()), kind, text);
}

void sim_note(const char *format, ...)
{
    va_list arguments;
    if (!sim.traces)
        return;
    va_start(arguments, format);
    sim_say("", format, arguments);
    va_end(arguments);
}

void sim_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (sim.failure[0] == '\0')
        (void)vsnprintf(sim.failure, sizeof sim.failure, format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    if (sim.traces)
        sim_say("WRONG: ", format, arguments);
    va_end(arguments);
}

/* ---- the queue ---- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

static void heap_put(struct event e)
{
    if (heap_count + 1 >= heap_room) {
        heap_room = heap_room == 0 ? 1024 : heap_room * 2;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (heap == NULL)
            abort();
    }
    size_t place = ++heap_count;
    for (; place > 1 && is_before(&e, &heap[place / 2]); place /= 2)
        heap[place] = heap[place / 2];
    heap[place] = e;
}

static struct event heap_take(void)
{
    const struct event first = heap[1], last = heap[heap_count--];
    size_t place = 1;
    for (size_t child; (child = place * 2) <= heap_count; place = child) {
        if (child < heap_count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[place] = heap[child];
    }
    heap[place] = last;
    return first;
}

static void sim_event_add(struct process *p, int64_t after_ms, sim_event happen, void *data)
{
    heap_put((struct event){.at_ms = sim.now_ms + (after_ms > 0 ? after_ms : 0),
                            .number = next_number++,
                            .process = p,
                            .life = p != NULL ? p->life : 0,
                            .happen = happen,
                            .data = data});
}

void sim_at(int64_t after_ms, sim_event happen, void *data)
{
    sim_event_add(NULL, after_ms, happen, data);
}

static void sim_in(struct process *p, int64_t after_ms, sim_event happen, void *data)
{
    sim_event_add(p, after_ms, happen, data);
}

/* ---- coroutines ---- */

struct process *sim_self(void)
{
    return running != NULL ? running->process : NULL;
}

static void coroutine_enter(void)
{
    running->body(running->data);
    running->is_over = true;
    (void)swapcontext(&running->context, &scheduler);
}

static struct coroutine *coroutine_new(struct process *p, void (*body)(void *), void *data)
{
    struct coroutine *c = spare;
    if (c != NULL) {
        spare = c->next;
    } else {
        c = calloc(1, sizeof *c);
        if (c == NULL)
            abort();
        c->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (c->stack == MAP_FAILED || mprotect(c->stack, PAGE_BYTES, PROT_NONE) < 0)
            abort();
    }
    char *stack = c->stack;
    *c = (struct coroutine){
        .process = p, .life = p->life, .stack = stack, .body = body, .data = data};
    (void)getcontext(&c->context);
    c->context.uc_stack.ss_sp = stack;
    c->context.uc_stack.ss_size = STACK_BYTES;
    c->context.uc_link = NULL;
    makecontext(&c->context, coroutine_enter, 0);
    return c;
}

static void coroutine_drop(struct coroutine *c)
{
    c->next = spare;
    spare = c;
}

static void coroutine_resume(struct coroutine *c)
{
    struct coroutine *before = running;
    running = c;
    (void)swapcontext(&scheduler, &c->context);
    running = before;
}

/* Back to the scheduler; a process that has ended meanwhile never returns from here. */
static void coroutine_yield(void)
{
    struct coroutine *c = running;
    (void)swapcontext(&c->context, &scheduler);
}

static void wake(void *data)
{
    struct coroutine *c = data;
    c->is_asleep = false;
    coroutine_resume(c);
}

/* ---- a process' life ---- */

static void jobs_sweep(struct process *p)
{
    for (struct coroutine **at = &p->jobs, *c; (c = *at) != NULL;)
        if (c->is_over) {
            *at = c->next;
            coroutine_drop(c);
        } else {
            at = &c->next;
        }
}

/* What was in its memory is left as it is: a process of the campaign lives for some seeds only. */
static void process_end(struct process *p)
{
    if (!p->is_up)
        return;
    p->is_up = false;
    p->life++;
    p->loop = NULL;
    p->prepare = NULL;
    memset(p->polls, 0, sizeof p->polls);
    p->term = NULL;
    while (p->jobs != NULL) {
        struct coroutine *c = p->jobs;
        p->jobs = c->next;
        coroutine_drop(c);
    }
    coroutine_drop(p->main);
    p->main = NULL;
    broker_process_gone(p);
    prima_process_gone(p);
}

static void main_body(void *data)
{
    struct process *p = data;
    process_main(p);
    abort(); /* it ends by _exit */
}

void sim_start(struct process *p)
{
    if (p->is_up)
        return;
    p->is_up = true;
    p->stops = false;
    p->paused_until_ms = 0;
    p->starts++;
    sim_note("starts %s", p->slot);
    p->main = coroutine_new(p, main_body, p);
    p->main->is_asleep = true;
    sim_in(p, 1, wake, p->main);
}

void sim_crash(struct process *p)
{
    if (!p->is_up)
        return;
    sim_note("%s is killed", p->slot);
    p->crashes++;
    p->pid++;
    process_end(p);
}

void sim_pause(struct process *p, int64_t ms)
{
    if (!p->is_up)
        return;
    sim_note("%s stands still for %lld ms", p->slot, (long long)ms);
    if (sim.now_ms + ms >
        p->paused_until_ms) /* what waits for its end is in order: it never ends earlier */
        p->paused_until_ms = sim.now_ms + ms;
}

void sim_sleep(int64_t ms)
{
    struct coroutine *c = running;
    if (c == NULL)
        abort(); /* the world does not wait */
    c->is_asleep = true;
    sim_in(c->process, ms, wake, c);
    coroutine_yield();
}

/* ---- what a process calls to end ---- */

static void start_again(void *data)
{
    struct process *p = data;
    sim_start(p);
}

_Noreturn void process_exec(void)
{
    struct process *p = sim_self();
    sim_note("%s starts over", p->slot);
    running = NULL;
    process_end(p);
    sim_at(sim_between(5, 60), start_again, p);
    (void)setcontext(&scheduler);
    abort();
}

_Noreturn void process_exit(int code)
{
    struct process *p = sim_self();
    sim_note("%s exits with %d", p->slot, code);
    p->exit_code = code;
    running = NULL;
    p->pid++;
    process_end(p);
    sim_at(sim_between(200, 1500), start_again, p); /* whoever supervises it */
    (void)setcontext(&scheduler);
    abort();
}

/* kill -9, from within: between two calls of the outside. */
static _Noreturn void crash_here(const char *edge)
{
    struct process *p = sim_self();
    sim_note("%s is killed at %s", p->slot, edge);
    p->crashes++;
    p->pid++;
    running = NULL;
    process_end(p);
    sim_at(sim_between(5, 3000), start_again, p);
    (void)setcontext(&scheduler);
    abort();
}

void sim_edge(const char *name)
{
    if (running == NULL || sim.heals || sim.edges_left == 0 || !sim_chance(sim.edge_per_mille))
        return;
    sim.edges_left--;
    if (sim_chance(500))
        crash_here(name);
    faults_at_edge(sim_self()); /* what this process does next waits, or meets another world */
}

/* ---- the loop, for loop.c ---- */

void process_wait_for_stop(void)
{
    struct process *p = sim_self();
    while (!p->stops)
        coroutine_yield();
}

/* A callback of the loop runs in the process' main coroutine, between two of its waits: here on the
 * scheduler's stack, with the process as the one that runs. What waits within a callback would
 * block the loop, and nothing of ours may. */
struct call {
    sim_event happen;
    void *data;
};

static void call_in_loop(void *data)
{
    const struct call call = *(struct call *)data;
    call.happen(call.data);
}

static void loop_call(struct process *p, sim_event happen, void *data)
{
    struct call call = {happen, data};
    const int64_t life = p->life;
    struct coroutine *c = coroutine_new(p, call_in_loop, &call);
    coroutine_resume(c);
    if (p->life != life) { /* it ended within: its stacks are given back but this one */
        coroutine_drop(c);
        return;
    }
    if (!c->is_over)
        abort();
    coroutine_drop(c);
    if (p->stops && p->main != NULL && !p->main->is_asleep)
        coroutine_resume(p->main);
}

struct later {
    struct process *process;
    sim_event happen;
    void *data;
};

static void later_in_loop(void *data)
{
    const struct later l = *(struct later *)data;
    free(data);
    if (l.process->stops)
        return;
    l.happen(l.data);
    loop_turn();
}

static void later_now(void *data)
{
    struct later *l = data;
    loop_call(l->process, later_in_loop, l);
}

void sim_in_loop(struct process *p, int64_t after_ms, sim_event happen, void *data)
{
    struct later *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    *l = (struct later){p, happen, data};
    sim_in(p, after_ms, later_now, l);
}

struct job {
    uv_work_t *work;
    uv_work_cb run;
    uv_after_work_cb done;
};

static void job_done_in_loop(void *data)
{
    struct job job = *(struct job *)data;
    free(data);
    if (sim_self()->stops)
        return;
    job.done(job.work, 0);
    loop_turn();
}

static void job_finish(void *data)
{
    struct job *job = data;
    loop_call(job->work->loop->data, job_done_in_loop, job);
}

static void job_body(void *data)
{
    struct job *job = data;
    job->run(job->work);
    sim_in(sim_self(), 0, job_finish, job);
}

void process_job(struct process *p, uv_work_t *work, uv_work_cb run, uv_after_work_cb done)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        abort();
    *job = (struct job){work, run, done};
    struct coroutine *c = coroutine_new(p, job_body, job);
    c->next = p->jobs;
    p->jobs = c;
    c->is_asleep = true;
    sim.jobs++;
    sim_in(p, sim_between(0, 1), wake, c);
}

/* ---- time ---- */

void sim_run_until(int64_t ms, bool (*is_done)(void))
{
    int64_t looks_ms = sim.now_ms;
    while (heap_count > 0 && heap[1].at_ms <= ms) {
        if (is_done != NULL && sim.now_ms >= looks_ms) {
            if (is_done())
                return;
            looks_ms = sim.now_ms + LOOK_MS;
        }
        struct event e = heap_take();
        if (e.at_ms > sim.now_ms)
            sim.now_ms = e.at_ms;
        sim.events++;
        struct process *p = e.process;
        if (p != NULL && (e.life != p->life || !p->is_up))
            continue;
        if (p != NULL && p->paused_until_ms > sim.now_ms) { /* in their order, when it goes on */
            e.at_ms = p->paused_until_ms;
            heap_put(e);
            continue;
        }
        e.happen(e.data);
        if (p != NULL)
            jobs_sweep(p);
    }
    if (sim.now_ms < ms && (is_done == NULL || !is_done()))
        sim.now_ms = ms;
}

void sim_machine_end(void)
{
    for (int i = 0; i < SIM_PROCESSES; i++)
        process_end(&sim.processes[i]);
    heap_count = 0;
}
