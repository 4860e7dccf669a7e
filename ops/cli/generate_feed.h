/* Where made-up events go, stdout or a topic, how fast, and the file that says what is to become of
 * each. One thread. */
#ifndef PRIMAFLOW_CLI_GENERATE_FEED_H
#define PRIMAFLOW_CLI_GENERATE_FEED_H

#include "cli.h"
#include "order_gen.h"

struct feed_options {
    const char *topic;
    const char *expect; /* path of the file; NULL: none */
    int64_t rate;       /* events per second; 0: unlimited */
    bool to_kafka;      /* else to stdout */
};

/* Filled in by feed_open. */
struct feed {
    struct feed_options options;
    FILE *expect;
    struct event_maker *maker; /* with to_kafka, as sender */
    struct sender *sender;
    int64_t start_ms, number; /* of the first event; of the next one */
    struct ops_error error;
};

/* Closed by feed_close, whatever it returns. */
__attribute__((warn_unused_result)) enum ops_kind feed_open(struct feed *feed, struct cli *cli,
                                                            const struct feed_options *options);

/* Waits until the event is due, and puts it. Takes over `expectation`. `broken`: what is done to the
 * encoded record (order_gen_break). */
__attribute__((warn_unused_result)) enum ops_kind feed_put(struct feed *feed, const json_t *event,
                                                           json_t *expectation,
                                                           enum order_fault broken);

/* The exit code, after what feed_open or feed_put said; says how many records were sent. */
int feed_close(struct feed *feed, enum ops_kind kind);

/* "12.5" → 12.5, from 0 to max. CLI_USAGE after cli_fail's words. */
__attribute__((warn_unused_result)) int feed_read_decimal(const char *command, const char *option,
                                                          const char *text, double max,
                                                          double *ret_value);

#endif
