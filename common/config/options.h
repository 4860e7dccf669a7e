/* The command line that all workers share: --config -o --check --print-config --slot --http --help
 * --version. Exit codes from sysexits. Values point into argv, or into the configuration. Start-up
 * only, one thread. */
#ifndef PRIMAFLOW_OPTIONS_H
#define PRIMAFLOW_OPTIONS_H

#include "config/config.h"

struct options {
    struct config *config; /* owned by the caller after options_read */
    const char *slot;      /* --slot: 1 to 32 letters, digits, - or _; or NULL */
    const char *http;      /* --http, or the key http.listen, or NULL */
    bool check;            /* --check: validate and exit */
};

/* Handles --help, --version, --print-config (prints to stdout) and errors (stderr) itself. -1: go
 * on with *ret_options; else the exit code (0 done, 64 usage, 78 config). `usage` is the program's
 * own sentence and extra lines. */
__attribute__((warn_unused_result)) int options_read(int argc, char **argv, const char *usage,
                                                     struct options *ret_options);

#endif
