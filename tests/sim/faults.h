/* What goes wrong in a seed: drawn at its beginning, each at its time. */
#ifndef PRIMAFLOW_SIM_FAULTS_H
#define PRIMAFLOW_SIM_FAULTS_H

#include <stdbool.h>

enum { FAULTS_MS = 22000 }; /* behind it nothing goes wrong any more */

struct process;
void faults_draw(void);
void faults_at_edge(struct process *p); /* one, in the middle of what a process does */
void faults_heal(void);
bool faults_lost_redis(void);
bool faults_lost_unseen(
    void); /* ... in the same run: only who lives can tell, by its last number */

#endif
