/* Which records of an input: the options that replay plan and replay run share. */
#ifndef PRIMAFLOW_REPLAY_WORDS_H
#define PRIMAFLOW_REPLAY_WORDS_H

#include "cli.h"
#include "core/replay_plan.h"

struct replay_words {
    const char *from, *until, *key, *channel, *store, *outcome;
};

#define REPLAY_WORDS_DEFAULTS                                                                      \
    {                                                                                              \
        .from = "beginning", .until = "end"                                                        \
    }

/* Rows of a command's options, whose struct has `words`. */
#define REPLAY_WORDS_ARGS(type)                                                                    \
    {"--from",                                                                                     \
     ARG_TEXT,                                                                                     \
     offsetof(type, words.from),                                                                   \
     "WHERE",                                                                                      \
     "beginning (default), an offset, or a time: 2026-11-23, 2026-11-23T12:00:00Z",                \
     0,                                                                                            \
     0},                                                                                           \
        {"--until",                                                                                \
         ARG_TEXT,                                                                                 \
         offsetof(type, words.until),                                                              \
         "WHERE",                                                                                  \
         "end (default: what is committed now), an offset, or a time; excluded",                   \
         0,                                                                                        \
         0},                                                                                       \
        {"--key",                                                                                  \
         ARG_TEXT,                                                                                 \
         offsetof(type, words.key),                                                                \
         "K",                                                                                      \
         "of one key: company/channel/store/order-id",                                             \
         0,                                                                                        \
         0},                                                                                       \
        {"--channel", ARG_TEXT, offsetof(type, words.channel), "NAME", "of one channel", 0, 0},    \
        {"--store", ARG_TEXT, offsetof(type, words.store), "NAME", "of one store", 0, 0},          \
    {                                                                                              \
        "--outcome", ARG_TEXT, offsetof(type, words.outcome), "OUTCOME",                           \
            "that ended so: posted, duplicate, ... as in results, or dead_letter", 0, 0            \
    }

/* Fixes the choice, whose texts are argv's; released by the caller. CLI_DONE, or an exit code after its
 * words. */
__attribute__((warn_unused_result)) int replay_words_choose(struct cli *cli, const char *topic,
                                                            const struct replay_words *words,
                                                            struct replay_choice *ret_choice);

/* SIGINT and SIGTERM set it from then on. */
const volatile sig_atomic_t *replay_stop(void);

/* Onto stdout; `rate` records a second. */
void replay_plan_print(const struct cli *cli, const struct replay_choice *choice,
                       const struct replay_plan *plan, int64_t rate);

#endif
