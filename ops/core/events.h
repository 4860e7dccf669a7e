/* Events of the flows: JSON in, keyed and framed records out, and framed records read back. The key
 * is the worker's own function, so that both always agree. One thread. */
#ifndef PRIMAFLOW_OPS_EVENTS_H
#define PRIMAFLOW_OPS_EVENTS_H

#include "core/context.h"
#include "core/spool.h"

/* As codec_to_json, but asks the registry first where that is needed. Its silence is the fault
 * registry_unavailable, not the record's. */
json_t *events_to_json(struct codec *codec, const void *bytes, size_t size,
                       struct codec_fault *ret_fault);
/* As codec_decode, in the same way. */
__attribute__((warn_unused_result)) int events_decode(struct codec *codec,
                                                      const struct bound_record *record,
                                                      const void *bytes, size_t size,
                                                      struct arena *arena, void *ret_struct,
                                                      struct codec_fault *ret_fault);

/* Makes framed, keyed records of one topic's events. */
struct event_maker;
/* OPS_USAGE for a topic that carries no events of ours. Registers today's schema where there is a
 * registry. `ops` must outlive it. */
__attribute__((warn_unused_result)) enum ops_kind events_maker_new(struct ops *ops,
                                                                   const char *topic,
                                                                   struct event_maker **ret_maker,
                                                                   struct ops_error *ret_error);
void events_maker_free(struct event_maker *maker); /* accepts NULL */

struct event_made {
    const char *key; /* of the topic */
    uint8_t *bytes;  /* framed; `room` bytes may be written */
    size_t size, room;
};
/* JSON → record; what *ret_made points to lives until the next call. 0; -EINVAL with `ret_why`
 * (path and reason, never a value). */
__attribute__((warn_unused_result)) int events_make(struct event_maker *maker, const json_t *json,
                                                    struct event_made *ret_made,
                                                    char ret_why[static 300]);

int events_line(void *maker, struct spool *spool, const json_t *line,
                char ret_why[static 300]); /* a spool_line */

/* Registers today's schema of `record` for `topic`, where there is a registry. */
__attribute__((warn_unused_result)) enum ops_kind events_register(struct codec *codec,
                                                                  const char *record,
                                                                  const char *topic,
                                                                  struct ops_error *ret_error);

#endif
