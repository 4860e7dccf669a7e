/* Which records are replayed; see replay_words.h. */
#include "replay_words.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void stop_on_signal(int number)
{
    (void)number;
    stop = 1;
}

const volatile sig_atomic_t *replay_stop(void)
{
    stop = 0;
    (void)signal(SIGINT, stop_on_signal);
    (void)signal(SIGTERM, stop_on_signal);
    return &stop;
}

static bool offset_read(const char *text, int64_t *ret_offset)
{
    char *end;
    errno = 0;
    const long long offset = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return false;
    *ret_offset = offset;
    return true;
}

static int from_read(const char *text, struct kafka_range *range, struct replay_choice *choice)
{
    if (strcmp(text, "beginning") == 0) {
        range->from = KAFKA_FROM_BEGINNING;
    } else if (offset_read(text, &range->from_value)) {
        range->from = KAFKA_FROM_OFFSET;
    } else if (clock_parse(text, &range->from_value) == 0) {
        range->from = KAFKA_FROM_TIME;
        choice->from_ms = range->from_value;
    } else {
        return cli_fail(CLI_USAGE,
                        "--from: '%s' is none of: beginning, an offset, a time such as "
                        "2026-11-23T12:00:00Z",
                        text);
    }
    return CLI_DONE;
}

static int until_read(const char *text, int64_t *ret_until, struct replay_choice *choice)
{
    *ret_until = -1;
    if (strcmp(text, "end") == 0 || offset_read(text, ret_until) ||
        clock_parse(text, &choice->until_ms) == 0)
        return CLI_DONE;
    return cli_fail(CLI_USAGE,
                    "--until: '%s' is none of: end, an offset, a time such as "
                    "2026-11-23T12:00:00Z",
                    text);
}

int replay_words_choose(struct cli *cli, const char *topic, const struct replay_words *w,
                        struct replay_choice *ret_choice)
{
    struct kafka_range range = {.until = KAFKA_UNTIL_END, .partition = -1};
    struct ops_error error;
    int64_t until;
    *ret_choice = (struct replay_choice){
        .key = w->key, .channel = w->channel, .store = w->store, .outcome = REPLAY_ANY};
    int code = from_read(w->from, &range, ret_choice);
    if (code == CLI_DONE)
        code = until_read(w->until, &until, ret_choice);
    if (code == CLI_DONE && w->outcome != NULL &&
        !replay_outcome_read(w->outcome, &ret_choice->outcome))
        code = cli_fail(CLI_USAGE,
                        "--outcome '%s' is none; a result's: posted, posted_on_hold, duplicate, "
                        "...; or dead_letter",
                        w->outcome);
    if (code == CLI_DONE &&
        replay_choose(cli->ops, topic, &range, until, ret_choice, &error) != OPS_DONE)
        code = cli_report(&error);
    return code;
}
