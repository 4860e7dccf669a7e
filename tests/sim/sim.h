/* The simulated machine room: virtual time, one queue of events, processes that are coroutines, and
 * one seed from which everything that is not decided by the code under test is drawn.
 *
 * A process runs worker_main as it is. What it calls of the outside (libuv, Kafka's, Redis' and
 * Prima's adapters, clocks, sleep, exec, exit) is defined here instead, at link time. Its main
 * coroutine is its loop; each job of libuv's pool is a coroutine more. One runs at a time, and
 * nothing happens between two of its waits: a wait is where others get their turn, where time
 * passes, and where a crash cuts it off. One thread. */
#ifndef PRIMAFLOW_SIM_H
#define PRIMAFLOW_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

/* The last process is a person at the command line (person.c). */
enum { SIM_WORKERS = 4, SIM_PERSON = SIM_WORKERS, SIM_PROCESSES, SIM_FLOWS = 2, SIM_POLLS = 2 };

struct coroutine;

struct sim_poll { /* an eventfd that a client of Kafka writes */
    uv_poll_t *poll;
    bool is_due;
};

struct process {
    int number, flow; /* 0: orders, 1: refunds */
    char slot[8];
    bool is_up;
    int64_t life;            /* rises with each start; an event of another life does nothing */
    int64_t pid;             /* a new one after a crash; kept when it starts over in place */
    int64_t paused_until_ms; /* stopped until then; 0: it runs */
    int64_t boot_ahead_ms;
    struct coroutine *main, *jobs;
    uv_loop_t *loop;
    uv_prepare_t *prepare;
    uv_signal_t *term;
    struct sim_poll polls[SIM_POLLS];
    bool stops; /* uv_stop */
    int64_t starts, crashes;
    int exit_code;
};

struct sim {
    uint64_t seed;
    int64_t now_ms, wall_ahead_ms, redis_ahead_ms;
    bool traces, heals; /* heals: nothing goes wrong any more */
    bool has_refunds;   /* ... and workers for them */
    int workers;
    struct process processes[SIM_PROCESSES];
    char failure[400];         /* the first thing that was wrong; "": nothing */
    bool sees_processes;       /* workers are on one machine: one can tell that another is over */
    bool unique, unique_notes; /* Prima enforces unique numbers of orders, of credit notes */
    bool had_incident;         /* a worker took Redis' state for lost, rightly or not */
    int64_t tail_lag_ms;       /* of who follows a topic without a group, at most */
    int edge_per_mille, edges_left;
    int64_t jobs, events;
};
extern struct sim sim;

/* ---- chance.c ---- */
void sim_seed(uint64_t seed);
uint64_t sim_random(void);
int64_t sim_between(int64_t least, int64_t most); /* both included */
bool sim_chance(int per_mille);

/* ---- machine.c ---- */
typedef void (*sim_event)(void *data);
/* An event of the world outside: it happens whoever is alive. */
void sim_at(int64_t after_ms, sim_event happen, void *data);
/* A callback of a process' loop, and the loop's turn behind it: only in the life that it has now;
 * after its pause when it is stopped. */
void sim_in_loop(struct process *p, int64_t after_ms, sim_event happen, void *data);
/* Between two calls of the outside: here a process may be killed, or something else happen. */
void sim_edge(const char *name);
/* The process whose code runs. NULL: the world's. */
struct process *sim_self(void);
void sim_sleep(int64_t ms); /* of the coroutine that runs */
void sim_start(struct process *p);
void sim_crash(struct process *p);
void sim_terminate(struct process *p);
void sim_pause(struct process *p, int64_t ms);
void sim_wake_poll(struct process *p); /* its Kafka clients have something, perhaps */
void sim_run_until(int64_t ms, bool (*is_done)(void));
void sim_machine_end(void);

void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define SIM_NAME(p) ((p) != NULL ? (p)->slot : "world")

/* ---- worlds that crash with, or learn of, a process ---- */
void broker_process_gone(struct process *p);
void prima_process_gone(struct process *p);

#endif
