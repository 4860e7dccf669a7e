/* Which dead letters: the options that list and retry share. */
#ifndef PRIMAFLOW_DLQ_FILTER_H
#define PRIMAFLOW_DLQ_FILTER_H

#include "cli.h"
#include "core/dlq.h"

struct dlq_words {
    const char *topic, *code, *klass, *owner, *company, *channel, *store, *cause, *assignee, *kind;
    int64_t since_ms, older_ms, newer_ms; /* ages; -1: any */
};

enum { DLQ_WORDS_SINCE_MS = 30 };
#define DLQ_WORDS_DEFAULTS                                                                         \
    {                                                                                              \
        .since_ms = INT64_C(30) * 86400000, .older_ms = -1, .newer_ms = -1                         \
    }

/* Rows of a command's options, whose struct has `words`. */
#define DLQ_WORDS_ARGS(type)                                                                         \
    {"--topic",                                                                                      \
     ARG_TEXT,                                                                                       \
     offsetof(type, words.topic),                                                                    \
     "TOPIC",                                                                                        \
     "of one input, orders.raw or refunds.raw",                                                      \
     0,                                                                                              \
     0},                                                                                             \
        {"--code", ARG_TEXT, offsetof(type, words.code), "CODE", "of one code: sku_unmapped", 0, 0}, \
        {"--class", ARG_TEXT, offsetof(type, words.klass), "CLASS", "dead_letter, conflict or park", \
         0,         0},                                                                              \
        {"--kind", ARG_TEXT, offsetof(type, words.kind), "KIND", "dead, parked or held", 0, 0},      \
        {"--owner",                                                                                  \
         ARG_TEXT,                                                                                   \
         offsetof(type, words.owner),                                                                \
         "OWNER",                                                                                    \
         "finance, ecommerce or operations",                                                         \
         0,                                                                                          \
         0},                                                                                         \
        {"--company", ARG_TEXT, offsetof(type, words.company), "ID", "of one company", 0, 0},        \
        {"--channel", ARG_TEXT, offsetof(type, words.channel), "NAME", "of one channel", 0, 0},      \
        {"--store", ARG_TEXT, offsetof(type, words.store), "NAME", "of one store", 0, 0},            \
        {"--cause",                                                                                  \
         ARG_TEXT,                                                                                   \
         offsetof(type, words.cause),                                                                \
         "ID",                                                                                       \
         "of one cause, as dlq list shows it; its first 4 digits at least",                          \
         0,                                                                                          \
         0},                                                                                         \
        {"--assignee",                                                                               \
         ARG_TEXT,                                                                                   \
         offsetof(type, words.assignee),                                                             \
         "NAME",                                                                                     \
         "assigned to this person; '' to nobody",                                                    \
         0,                                                                                          \
         0},                                                                                         \
        {"--older", ARG_MS, offsetof(type, words.older_ms), "AGE", "that have waited longer", 0, 0}, \
        {"--newer", ARG_MS, offsetof(type, words.newer_ms), "AGE", "that came within this time",     \
         0,         0},                                                                              \
    {                                                                                                \
        "--since", ARG_MS, offsetof(type, words.since_ms), "AGE",                                    \
            "age of the oldest dead letters to read (30d)", 1, 0                                     \
    }

/* CLI_DONE, or CLI_USAGE after cli_fail's words. `states`: as dlq_filter has them. */
__attribute__((warn_unused_result)) int dlq_filter_read(const struct dlq_words *words,
                                                        unsigned states, int64_t now_ms,
                                                        struct dlq_filter *ret_filter);
/* Nothing but --since was said. */
bool dlq_words_are_empty(const struct dlq_words *words);

#endif
