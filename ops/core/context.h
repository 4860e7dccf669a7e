/* What every function of this library works with: the configuration, and what is opened by it once,
 * when it is first asked for: codec, mappings, connections.
 *
 * Owned by the program: ops_new / ops_free; the configuration must outlive it. What is handed out
 * lives as long as it does. One thread. */
#ifndef PRIMAFLOW_OPS_CONTEXT_H
#define PRIMAFLOW_OPS_CONTEXT_H

#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "codec/codec.h"
#include "config/config.h"
#include "core/error.h"
#include "flows.h"
#include "redis/once.h"

struct ops;
struct ops *ops_new(const struct config *config); /* NULL: no memory */
void ops_free(struct ops *ops);                   /* accepts NULL */
const struct config *ops_config(const struct ops *ops);

/* schema.folder and schema.registry.url. */
__attribute__((warn_unused_result)) enum ops_kind ops_codec(struct ops *ops,
                                                            struct codec **ret_codec,
                                                            struct ops_error *ret_error);
/* The mappings and policies of one of `flows`. */
__attribute__((warn_unused_result)) enum ops_kind ops_rules(struct ops *ops,
                                                            const struct flow *flow,
                                                            const void **ret_rules,
                                                            struct ops_error *ret_error);
/* `ret_server`: as it was when the connection was opened. OPS_CONFIG: redis.url cannot be one. */
__attribute__((warn_unused_result)) enum ops_kind ops_redis(struct ops *ops,
                                                            struct redis_once **ret_redis,
                                                            const struct redis_server **ret_server,
                                                            struct ops_error *ret_error);
void ops_redis_close(struct ops *ops); /* it broke: the next call opens it again */
__attribute__((warn_unused_result)) enum ops_kind ops_kafka_admin(struct ops *ops,
                                                                  struct kafka_admin **ret_admin,
                                                                  struct ops_error *ret_error);

/* The error of a call of broker.h. */
enum ops_kind ops_fail_kafka(struct ops_error *ret_error, int rc,
                             const struct kafka_words *message);

#endif
