/* A record as it came, and its headers; see kafka.h. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

void kafka_record_read(rd_kafka_message_t *message, struct kafka_record *r)
{
    rd_kafka_timestamp_type_t type;
    *r = (struct kafka_record){.handle = message,
                               .topic = rd_kafka_topic_name(message->rkt),
                               .partition = message->partition,
                               .offset = message->offset,
                               .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                               .key = message->key,
                               .value = message->payload,
                               .key_size = message->key_len,
                               .value_size = message->len};
    r->log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    const size_t count = rd_kafka_header_cnt(headers);
    struct kafka_header *list = count > 0 ? calloc(count, sizeof *list) : NULL;
    if (count > 0 && list == NULL)
        abort(); /* as record_new does */
    r->headers = list;
    for (; r->header_count < count; r->header_count++) {
        struct kafka_header *h = &list[r->header_count];
        (void)rd_kafka_header_get_all(headers, r->header_count, &h->name, &h->value, &h->size);
    }
}

void kafka_record_free(struct kafka_record *record)
{
    if (record->handle != NULL)
        rd_kafka_message_destroy(record->handle);
    record->handle = NULL;
    free(record->headers);
    record->headers = NULL;
    record->header_count = 0;
}

struct kafka_record kafka_record_move(struct kafka_record *record)
{
    const struct kafka_record moved = *record;
    *record = (struct kafka_record){.handle = NULL};
    return moved;
}

const char *kafka_header_text(const struct kafka_record *record, const char *name, char *text,
                              size_t room)
{
    for (size_t i = record->header_count; i > 0; i--) {
        const struct kafka_header *h = &record->headers[i - 1];
        if (strcmp(h->name, name) != 0 || h->value == NULL)
            continue;
        (void)snprintf(text, room, "%.*s", (int)(h->size < room ? h->size : room),
                       (const char *)h->value);
        return text;
    }
    return NULL;
}
