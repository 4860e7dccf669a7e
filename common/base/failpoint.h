/* Fail points and mutants: the seams through which tests break a program on purpose.
 *
 * A fail point is an edge of the record's life or of an external effect, by name:
 * `fail_point("sent.before")`. The environment variable
 * PRIMAFLOW_FAIL="<name>:<action>[:<nth>][,...]" arms it; on its nth pass (default 1) the action
 * happens:
 *   kill        SIGKILL to ourselves: nothing is flushed
 *   stop        SIGSTOP to ourselves: a pause of any length, ended by SIGCONT from outside
 *   sleep=<ms>  the whole loop stands still
 *   error       fail_point() returns true and the caller takes its error path
 *
 * A mutant is one rule of the protocol switched off: `mutant("token_compare")` is true when
 * PRIMAFLOW_MUTANT names it. A test must then fail.
 *
 * PRIMAFLOW_TEST_COVERAGE names a file to which `covered("life", "SENT ACCEPTED")` appends a line
 * the first time that the process passes there: what a whole suite never met is seen that way
 * (tests/fault/coverage.py).
 *
 * All are constants in release builds (PF_FAILPOINTS off): no code remains. Loop thread only. */
#ifndef PRIMAFLOW_FAILPOINT_H
#define PRIMAFLOW_FAILPOINT_H

#include <stdbool.h>

#ifdef PF_FAILPOINTS
bool fail_point(const char *name);
bool mutant(const char *name);
void covered(const char *kind, const char *name); /* the caller asks once a process and name */
#else
static inline bool fail_point(const char *name)
{
    (void)name;
    return false;
}
static inline bool mutant(const char *name)
{
    (void)name;
    return false;
}
static inline void covered(const char *kind, const char *name)
{
    (void)kind;
    (void)name;
}
#endif

#endif
