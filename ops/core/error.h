/* How a function of this library says what went wrong: a kind, a text, a remedy.
 *
 * The kind is what a program acts on: the command line makes an exit code of it, a console an HTTP
 * status. Functions that can fail return it; OPS_DONE is 0. Rules
 *   - the text names what is wrong and where, the remedy what to do; texts that come from elsewhere
 *     (Kafka, the configuration) bring their remedy with them, and `remedy` is then ""
 *   - no personal data and no secret in either
 *   - *ret_error is left alone when a function succeeds
 * Nothing here prints. Any thread. */
#ifndef PRIMAFLOW_OPS_ERROR_H
#define PRIMAFLOW_OPS_ERROR_H

#include <stddef.h>

enum ops_kind {
    OPS_DONE,
    OPS_USAGE,       /* what was asked for makes no sense */
    OPS_DATA,        /* what was given or found is not right */
    OPS_UNAVAILABLE, /* a service does not answer, or refuses */
    OPS_CONFIG,      /* configuration, mappings, topics */
    OPS_DEFECT,
};

struct ops_error {
    enum ops_kind kind;
    char text[700], remedy[300]; /* remedy "": the text has it, or there is none */
};

/* Fills *ret_error and returns `kind`. `remedy` NULL: "". */
__attribute__((format(printf, 4, 5))) enum ops_kind ops_fail(struct ops_error *ret_error,
                                                             enum ops_kind kind, const char *remedy,
                                                             const char *format, ...);
/* For want of memory. */
enum ops_kind ops_fail_memory(struct ops_error *ret_error);

#endif
