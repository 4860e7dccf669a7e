/* A process by name, and whether it is over: machine, boot, pid namespace, pid and start time, in
 * one word without blanks.
 *
 * "Over" is said only of what cannot run any more: a process of this boot and namespace that is not
 * there, or of an earlier boot of this machine. What runs elsewhere, or may, is not over: no is
 * also the answer to whatever cannot be told. A machine is known by its id and host name, and only
 * where we are in its first pid namespace: images of containers carry one machine id to many
 * hosts. */
#ifndef PRIMAFLOW_PROCESS_H
#define PRIMAFLOW_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

enum { PROCESS_NAME_MAX = 200 };

/* "<machine>/<boot>/<namespace>/<pid>/<start>"; returns text. Any thread. */
const char *process_describe_self(char text[static PROCESS_NAME_MAX]);

/* Any thread; reads /proc. */
bool process_is_over(const char *name);

#endif
