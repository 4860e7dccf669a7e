/* Log lines as key=value (logfmt) or JSON on stderr, from an allow-list of fields: no personal data
 * can be logged by accident, because no field for it exists. The library layers are silent; the
 * program's top layer logs, once. One line is one write(2). Any thread. */
#ifndef PRIMAFLOW_LOG_H
#define PRIMAFLOW_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* What may be said of an event; 0 / NULL / negative (partition, offset, count, ms) = not said.
 * `message` is a constant sentence of ours, `detail` a technical text (an errno's or library's
 * words about a connection, file or key), never anything of a record's content. */
struct log_fields {
    const char *message, *detail, *topic, *key /* natural key: company/type/channel/store/id */,
        *code, *outcome, *owner, *slot, *reason, *file, *remedy;
    int32_t partition; /* + 1, so that 0 means not said */
    int64_t offset;    /* + 1 */
    int64_t count, ms;
};

void log_configure(const char *program, bool json, enum log_level least);
int log_level_find(const char *name, enum log_level *ret_level); /* -EINVAL */
void log_write(enum log_level level, const struct log_fields *fields);

#define log_info(...) log_write(LOG_LEVEL_INFO, &(struct log_fields){__VA_ARGS__})
#define log_warning(...) log_write(LOG_LEVEL_WARNING, &(struct log_fields){__VA_ARGS__})
#define log_error(...) log_write(LOG_LEVEL_ERROR, &(struct log_fields){__VA_ARGS__})
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, &(struct log_fields){__VA_ARGS__})

#endif
