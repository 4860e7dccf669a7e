/* The whole of `primaflow`, main() included, run within a test on the world of test_ops_world.h:
 * what a person types, and what he sees. */
#ifndef PRIMAFLOW_TEST_CLI_RUN_H
#define PRIMAFLOW_TEST_CLI_RUN_H

#include "test_ops_world.h"

#include "cli.h"

enum { RUN_TEXT_MAX = 60000 };
extern char run_out[RUN_TEXT_MAX], run_err[RUN_TEXT_MAX]; /* of the last run */

/* What the next runs write to instead of run_out; -1: nothing else. */
extern int run_stdout;

/* Runs `primaflow` with these words, NULL behind the last; the exit code. */
int run(const char *first, ...) __attribute__((sentinel));
/* A file of this content that lasts until the next call; its path. */
const char *run_file(const char *content);
/* What the next runs read as "-"; NULL: nothing. */
void run_input(const char *content);

/* Fails with the whole text where a part is missing. */
void run_has(const char *text, const char *part);

#endif
