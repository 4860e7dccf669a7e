/* What the `import` commands share: a file of a channel's JSON becomes events, printed or sent, all of
 * it or nothing; with --skip-bad all that can be read, and the rest set aside. One thread. */
#ifndef PRIMAFLOW_CLI_IMPORT_RUN_H
#define PRIMAFLOW_CLI_IMPORT_RUN_H

#include "cli.h"
#include "import_file.h"

/* Of every `import` command; one has rows in its table for those that it takes. */
struct import_options {
    const char *store, *channel, *skip_bad;
    const char *gift_wrap_sku, *currency, *tax_rate;
    bool to_kafka, ignore_fulfilments, prices_ex_tax;
};

/* Rows that they have alike. */
#define IMPORT_ARG_STORE                                                                           \
    {                                                                                              \
        "--store", ARG_TEXT, offsetof(struct import_options, store), "NAME",                       \
            "the store, as in channels.yaml (required)", 0, 0                                      \
    }
#define IMPORT_ARG_CHANNEL(otherwise)                                                              \
    {                                                                                              \
        "--channel", ARG_TEXT, offsetof(struct import_options, channel), "NAME",                   \
            "the channel, as in channels.yaml (" otherwise ")", 0, 0                               \
    }
#define IMPORT_ARG_SKIP_BAD(many)                                                                  \
    {                                                                                              \
        "--skip-bad", ARG_TEXT, offsetof(struct import_options, skip_bad), "FILE",                 \
            "import the other " many                                                               \
            " when some are invalid; those are written here with the reasons",                     \
            0, 0                                                                                   \
    }
#define IMPORT_ARG_TO_KAFKA(help)                                                                  \
    {                                                                                              \
        "--to-kafka", ARG_FLAG, offsetof(struct import_options, to_kafka), NULL, help, 0, 0        \
    }
#define IMPORT_ARG_GIFT_WRAP                                                                       \
    {                                                                                              \
        "--gift-wrap-sku", ARG_TEXT, offsetof(struct import_options, gift_wrap_sku), "SKU",        \
            "lines of this SKU are gift wrap: a charge, not goods", 0, 0                           \
    }

/* Events that are counted, for the summary. */
struct import_tally {
    const char *name;  /* in JSON */
    const char *words; /* behind its number */
    bool is_aside;     /* of those that are counted before it */
    bool (*is)(const json_t *event);
};
enum { IMPORT_TALLIES_MAX = 4 };

struct import_kind {
    const char *topic;
    const struct import_form *form;
    import_make make;
    struct import_tally tallies[IMPORT_TALLIES_MAX]; /* ends before the first without a name */
};

/* `options` are those of `make`; the rest is in args->options, a struct import_options. The exit
 * code. */
int import_run(struct cli *cli, const struct args *args, const struct import_kind *kind,
               const void *options);

/* Whether text at this name of the event is that. */
bool import_event_says(const json_t *event, const char *name, const char *text);
bool import_event_is_test(const json_t *event);

#endif
