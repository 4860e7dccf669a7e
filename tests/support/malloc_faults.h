/* The nth allocation fails, each in turn: what parsers and adapters do when memory runs out.
 *
 * Programs that use it are linked with --wrap for malloc, calloc, realloc, strdup and strndup, so
 * that our own code's calls come here; libxml2, jansson and avro-c are given the same functions by
 * their hooks. Each try is a process of its own: it may end as the module's header says (an error,
 * or abort() where that is documented), and in no other way; under the address sanitizer a leak or
 * a use after free is another way. */
#ifndef PRIMAFLOW_MALLOC_FAULTS_H
#define PRIMAFLOW_MALLOC_FAULTS_H

#include <stdbool.h>

/* 0: it did what it should; anything else: it said that it could not. Releases everything that it
 * made. */
typedef int malloc_scenario(void);

struct malloc_outcome {
    long allocations; /* that it makes when none fails */
    long refused;     /* tries in which it said that it could not */
    long aborted;     /* ... in which it called abort() */
    long unharmed;    /* ... in which it managed without */
    /* "": nothing; else the first try that ended in another way, or left the module unable to
     * work */
    char wrong[200];
};

/* Runs it with each of its allocations failing, one a process (every one of the first 100, then
 * ever fewer), and after each failure once more without. */
struct malloc_outcome malloc_faults_try(malloc_scenario *scenario);

/* For a debugger: one try in this process. */
int malloc_faults_once(malloc_scenario *scenario, long nth);

#endif
