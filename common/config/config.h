/* A program's configuration: one table of keys (keys.def), read from, in rising order of
 * precedence: defaults, --config FILE (YAML, nested or dotted keys), environment (PRIMAFLOW_<KEY>
 * with dots as underscores, and the well-known KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL,
 * REDIS_URL, PRIMA_URL), -o key=value. "rdkafka.<property>" passes through to librdkafka.
 *
 * Invariants: after config_load every value has its type and lies within its bounds; an unknown
 * key, a wrong type, a value out of bounds is an error that names the source (file, line, column;
 * or variable; or option), the key, what is wrong and the remedy. Secrets are masked in every print
 * and in no message. Foreign variables PRIMAFLOW_{BIN,CACHE,FAIL,MUTANT,TEST_*} and those of
 * Kubernetes' services are no keys; librdkafka's properties that exactly-once depends on are
 * refused. Read only after loading: any thread. */
#ifndef PRIMAFLOW_CONFIG_H
#define PRIMAFLOW_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum config_key {
#define CONFIG_KEY(id, key, type, def, min, max, secret, help) CFG_##id,
#include "config/keys.def"
#undef CONFIG_KEY
    CFG_COUNT
};

struct config;

struct config_message {
    char text[400];
};

/* `overrides`: "key=value" texts of -o, in order. `file` may be NULL. 0, or -EINVAL with a
 * message. */
__attribute__((warn_unused_result)) int config_load(const char *file, const char *const overrides[],
                                                    size_t override_count,
                                                    struct config **ret_config,
                                                    struct config_message *ret_message);
void config_free(struct config *config);

const char *config_text(const struct config *config,
                        enum config_key key); /* TEXT, CHOICE, PATH (resolved); never NULL */
int64_t config_int(const struct config *config,
                   enum config_key key); /* INT, MS (milliseconds), BYTES, BOOL (0/1) */
bool config_bool(const struct config *config, enum config_key key);
const char *config_file(const struct config *config); /* NULL: none */

/* The i-th librdkafka pass-through property; false after the last. */
bool config_rdkafka(const struct config *config, size_t i, const char **ret_name,
                    const char **ret_value);

/* What is ours of librdkafka, whatever the pass-through says: clients set it last. Most of it is
 * refused as it is read; of the rest a user's value stays without effect. */
bool config_rdkafka_is_ours(const char *name);
/* "note: rdkafka.check.crcs (x.yaml:3:1) is overruled: ...; remove it", a line for each; how many.
 */
size_t config_print_overruled(const struct config *config, FILE *out);

/* Effective values with where each came from, secrets masked (--print-config); the reference of all
 * keys as Markdown. */
void config_print(const struct config *config, FILE *out);
void config_reference(FILE *out);

/* "500ms" "10s" "5m" "2h" "30d" → milliseconds; -EINVAL otherwise. */
__attribute__((warn_unused_result)) int config_parse_ms(const char *text, int64_t *ret_ms);

#endif
