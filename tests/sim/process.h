/* What machine.c and loop.c share: a process seen from below. For these two alone. */
#ifndef PRIMAFLOW_SIM_PROCESS_H
#define PRIMAFLOW_SIM_PROCESS_H

#include "sim.h"

void process_main(struct process *p); /* worker_main with its arguments */
_Noreturn void process_exec(void);    /* begins anew, with the same pid */
_Noreturn void process_exit(int code);
void process_wait_for_stop(void); /* uv_run */
void process_job(struct process *p, uv_work_t *work, uv_work_cb run, uv_after_work_cb done);
void loop_turn(void); /* what a loop does before it sleeps */

#endif
