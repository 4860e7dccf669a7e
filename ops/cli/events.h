/* Events for the command line: the codec as configuration says, which topic carries which event, and its key.
 * One thread. */
#ifndef PRIMAFLOW_CLI_EVENTS_H
#define PRIMAFLOW_CLI_EVENTS_H

#include "cli.h"
#include "codec/codec.h"
#include "spool.h"

/* Opens the codec on schema.folder and schema.registry.url. CLI_DONE, or an exit code after words. Close with codec_close. */
__attribute__((warn_unused_result)) int events_codec_open(const struct cli *cli, struct codec **ret_codec);

/* As codec_to_json, but asks the registry first where that is needed. Its silence is the fault registry_unavailable, not the record's. */
json_t *events_to_json(struct codec *codec, const void *bytes, size_t size, struct codec_fault *ret_fault);

/* Makes framed, keyed records of one topic's events. */
struct event_maker;
/* CLI_DONE, or an exit code after words: CLI_USAGE for a topic that carries no events of ours. Registers today's schema where there is a
 * registry. */
__attribute__((warn_unused_result)) int events_maker_new(const struct cli *cli, const char *topic, struct event_maker **ret_maker);
void events_maker_free(struct event_maker *maker); /* accepts NULL */

struct event_made {
    const char *key; /* of the topic */
    uint8_t *bytes;  /* framed; `room` bytes may be written */
    size_t size, room;
};
/* JSON → record; what *ret_made points to lives until the next call. 0; -EINVAL with `ret_why` (path and reason, never a value). */
__attribute__((warn_unused_result)) int events_make(struct event_maker *maker, const json_t *json, struct event_made *ret_made,
                                                    char ret_why[static 300]);

int events_line(void *maker, struct spool *spool, const json_t *line, char ret_why[static 300]); /* a spool_line */

#endif
