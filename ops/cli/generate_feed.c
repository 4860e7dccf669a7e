/* Where made-up events go; see generate_feed.h. */
#include "generate_feed.h"

#include "core/events.h"
#include "core/send.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

int feed_read_decimal(const char *command, const char *option, const char *text, double max,
                      double *ret_value)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= 0 && value <= max))
        return cli_fail(CLI_USAGE, "%s %s: '%s' is not a number from 0 to %g", command, option,
                        text, max);
    *ret_value = value;
    return CLI_DONE;
}

enum ops_kind feed_open(struct feed *feed, struct cli *cli, const struct feed_options *options)
{
    *feed = (struct feed){.options = *options, .start_ms = clock_monotonic_ms()};
    if (options->expect != NULL && (feed->expect = fopen(options->expect, "w")) == NULL)
        return ops_fail(&feed->error, OPS_USAGE, NULL, "--expect %s: %s", options->expect,
                        strerror(errno));
    if (!options->to_kafka)
        return OPS_DONE;
    enum ops_kind kind = events_maker_new(cli->ops, options->topic, &feed->maker, &feed->error);
    if (kind == OPS_DONE)
        kind = sender_new(cli->ops, options->topic, &feed->sender, &feed->error);
    return kind;
}

static enum ops_kind feed_send(struct feed *feed, const json_t *event, enum order_fault broken)
{
    struct event_made made;
    char why[300];
    if (events_make(feed->maker, event, &made, why) != 0)
        return ops_fail(&feed->error, OPS_CONFIG, NULL,
                        "a made-up event does not fit schemas and mappings: %s", why);
    int64_t size = (int64_t)made.size;
    order_gen_break(broken, made.bytes, &size);
    const struct kafka_record record = {.partition = -1,
                                        .key = made.key,
                                        .key_size = strlen(made.key),
                                        .value = size < 0 ? NULL : made.bytes,
                                        .value_size = size < 0 ? 0 : (size_t)size};
    return sender_add(feed->sender, &record, feed->options.rate > 0, &feed->error);
}

static enum ops_kind cannot_write(struct feed *feed)
{
    return ops_fail(&feed->error, OPS_UNAVAILABLE, NULL, "--expect %s cannot be written: %s",
                    feed->options.expect, strerror(errno));
}

static enum ops_kind feed_expect(struct feed *feed, const json_t *expectation)
{
    if (feed->expect == NULL)
        return OPS_DONE;
    return json_dumpf(expectation, feed->expect, JSON_COMPACT) != 0 ||
                   fputc('\n', feed->expect) == EOF
               ? cannot_write(feed)
               : OPS_DONE;
}

/* Sleeps until the event is due; what waits in a batch is sent before. */
static enum ops_kind feed_pace(struct feed *feed)
{
    if (feed->options.rate == 0)
        return OPS_DONE;
    int64_t left = feed->start_ms + feed->number * 1000 / feed->options.rate - clock_monotonic_ms();
    if (left <= 0)
        return OPS_DONE;
    enum ops_kind kind = feed->options.to_kafka && left >= SENDER_BATCH_MS
                             ? sender_flush(feed->sender, &feed->error)
                             : OPS_DONE;
    if (!feed->options.to_kafka)
        (void)fflush(stdout);
    (void)nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000},
                    NULL);
    return kind;
}

enum ops_kind feed_put(struct feed *feed, const json_t *event, json_t *expectation,
                       enum order_fault broken)
{
    enum ops_kind kind = feed_pace(feed);
    if (kind == OPS_DONE)
        kind = feed_expect(feed, expectation);
    json_decref(expectation);
    if (kind == OPS_DONE && feed->options.to_kafka)
        kind = feed_send(feed, event, broken);
    else if (kind == OPS_DONE &&
             (json_dumpf(event, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF))
        kind = OPS_UNAVAILABLE; /* without a text: cli_flush says why */
    feed->number++;
    return kind;
}

/* The first error stays. */
int feed_close(struct feed *feed, enum ops_kind kind)
{
    if (kind == OPS_DONE && feed->options.to_kafka)
        kind = sender_flush(feed->sender, &feed->error);
    const int64_t sent = feed->sender != NULL ? sender_sent(feed->sender) : 0;
    sender_free(feed->sender);
    events_maker_free(feed->maker);
    if (feed->expect != NULL && fclose(feed->expect) != 0 && kind == OPS_DONE)
        kind = cannot_write(feed);
    if (kind != OPS_DONE) /* no text: cli_flush says it */
        return feed->error.text[0] != '\0' ? cli_report(&feed->error) : cli_exit(kind);
    if (feed->options.to_kafka)
        cli_say("%" PRId64 " records sent to %s", sent, feed->options.topic);
    return CLI_DONE;
}
