/* The sandbox's command line and configuration file: one table of options, which also makes --help
 * and --print-config. Start-up only. */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include "server.h"

struct options {
    char *listen, *admin, *db, *data,
        *ports_file; /* data, ports_file: NULL when not given. Owned */
    struct latency latency;
    struct capacity capacity;
    bool unique, echo, parcels, restocks, price_of_line, refuse_off_balance;
    enum wording_style wording;
    bool check;
};

/* Handles --help, --version, --print-config (stdout) and errors (stderr) itself. -1: go on; else
 * the exit code (0, 64 usage, 78 config). */
__attribute__((warn_unused_result)) int options_read(int argc, char **argv,
                                                     struct options *ret_options);
void options_release(struct options *options);

#endif
