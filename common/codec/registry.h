/* Schemas by id, from a registry with Confluent's API, and what is known about ids so far.
 *
 * Invariants
 *   - What an id means never changes: a found schema stays until the end. "No such id" is
 *     remembered for NEGATIVE_MS only, and at most KNOWN_MAX of them, so that hostile ids cost
 *     neither a request each nor memory without bound.
 *   - registry_find never blocks on the network: registry_fetch and registry_register do, and may
 *     run in any thread.
 *   - No redirects, replies capped, every request has a deadline. */
#ifndef PRIMAFLOW_CODEC_REGISTRY_H
#define PRIMAFLOW_CODEC_REGISTRY_H

#include "codec/store.h"

struct registry;

/* `store` outlives it: a schema with one of its fingerprints is taken from there. 0; -EINVAL: not a
 * URL of http or https; -ENOMEM. */
__attribute__((warn_unused_result)) int registry_open(const char *url, const struct store *store,
                                                      struct registry **ret_registry);
void registry_close(struct registry *registry); /* accepts NULL */

/* 0 with *ret_schema; -ENOENT: known not to exist or not to be Avro, `ret_message` says which;
 * -EAGAIN: not known yet. */
__attribute__((warn_unused_result)) int registry_find(struct registry *registry, uint32_t id,
                                                      const struct schema **ret_schema,
                                                      char ret_message[static 200]);

/* Asks for an id. 0: registry_find knows now; -EIO: no answer. */
__attribute__((warn_unused_result)) int registry_fetch(struct registry *registry, uint32_t id);

/* Registers a schema's text under a subject that is to be at least BACKWARD_TRANSITIVE. 0; -EIO: no
 * answer of a registry (also: the URL leads somewhere else); -EPROTO: refused. `ret_message` names
 * the subject. */
__attribute__((warn_unused_result)) int registry_register(struct registry *registry,
                                                          const struct schema *schema,
                                                          const char *subject,
                                                          char ret_message[static 300]);

/* The id under which a schema was registered. 0 or -ENOENT. */
__attribute__((warn_unused_result)) int registry_id(struct registry *registry,
                                                    const struct schema *schema, uint32_t *ret_id);

#endif
