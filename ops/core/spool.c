/* The spool: records by offsets into one buffer, so that a million of them are three
 * allocations. */
#include "core/spool.h"

#include "core/bytes_json.h"

#include <errno.h>
#include <sys/types.h>

enum { HEADERS_MAX = 64 };

struct spool_header {
    size_t name_at, value_at, size;
    bool is_null;
};

struct spool_record {
    size_t key_at, key_size, value_at, value_size, header_at, header_count;
    int32_t partition;
    int64_t timestamp_ms;
    bool has_key, has_value;
};

void spool_init(struct spool *spool)
{
    *spool = (struct spool){.count = 0};
    buf_init(&spool->bytes, SPOOL_BYTES_MAX);
}

void spool_release(struct spool *spool)
{
    buf_release(&spool->bytes);
    free(spool->records);
    free(spool->headers);
    spool_init(spool);
}

void spool_clear(struct spool *spool)
{
    buf_clear(&spool->bytes);
    spool->count = spool->header_count = 0;
}

/* One more item of an array that doubles; NULL: no memory. */
static void *array_add(void **items, size_t *count, size_t *room, size_t size)
{
    if (*count == *room) {
        size_t more = *room > 0 ? *room * 2 : 64;
        void *moved = realloc(*items, more * size);
        if (moved == NULL)
            return NULL;
        *items = moved;
        *room = more;
    }
    return (char *)*items + (*count)++ * size;
}

static size_t bytes_add(struct spool *spool, const void *bytes, size_t size)
{
    size_t at = spool->bytes.size;
    if (size > 0 && bytes != NULL) /* a record without key has neither */
        buf_append(&spool->bytes, bytes, size);
    return at;
}

int spool_add(struct spool *spool, const struct kafka_record *r)
{
    size_t size = r->key_size + r->value_size, count = spool->count,
           header_count = spool->header_count;
    for (size_t i = 0; i < r->header_count; i++)
        size += strlen(r->headers[i].name) + r->headers[i].size;
    if (size > KAFKA_RECORD_MAX)
        return -EMSGSIZE;
    struct spool_record *record =
        array_add((void **)&spool->records, &spool->count, &spool->room, sizeof *record);
    if (record == NULL)
        return -ENOMEM;
    *record = (struct spool_record){.key_size = r->key_size,
                                    .value_size = r->value_size,
                                    .header_at = spool->header_count,
                                    .header_count = r->header_count,
                                    .partition = r->partition,
                                    .timestamp_ms = r->timestamp_ms,
                                    .has_key = r->key != NULL,
                                    .has_value = r->value != NULL};
    record->key_at = bytes_add(spool, r->key, r->key_size);
    record->value_at = bytes_add(spool, r->value, r->value_size);
    for (size_t i = 0; i < r->header_count; i++) {
        struct spool_header *h = array_add((void **)&spool->headers, &spool->header_count,
                                           &spool->header_room, sizeof *h);
        if (h == NULL) {
            spool->count = count;
            spool->header_count = header_count;
            return -ENOMEM;
        }
        *h = (struct spool_header){.size = r->headers[i].size,
                                   .is_null = r->headers[i].value == NULL};
        h->name_at = bytes_add(spool, r->headers[i].name, strlen(r->headers[i].name) + 1);
        h->value_at = bytes_add(spool, r->headers[i].value, r->headers[i].size);
    }
    if (!spool->bytes.failed)
        return 0;
    spool->count = count;
    spool->header_count = header_count;
    return -ENOMEM;
}

enum ops_kind spool_read(struct spool *spool, FILE *in, const char *name, spool_line line,
                         void *user, struct complaints *ret_complaints, struct ops_error *ret_error)
{
    char *text = NULL, why[300];
    size_t room = 0, number = 0;
    ssize_t size;

    while ((size = getline(&text, &room, in)) >= 0) {
        json_error_t error;
        int rc = -EINVAL;
        number++;
        if (text[strspn(text, " \t\r\n")] == '\0' && (size_t)size == strlen(text))
            continue;
        json_t *json = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &error);
        if (json == NULL)
            (void)snprintf(why, sizeof why, "not JSON, at column %d: %.200s", error.column,
                           error.text);
        else if (!json_is_object(json))
            (void)snprintf(why, sizeof why, "not a JSON object");
        else
            rc = line(user, spool, json, why);
        json_decref(json);
        if (rc == 0)
            continue;
        complaints_add(ret_complaints, number, "%s", why);
        if (rc == -ENOMEM) /* it will not get better */
            break;
    }
    int failed = ferror(in) ? errno : 0;
    free(text);
    if (failed != 0)
        return ops_fail(ret_error, OPS_DATA, NULL,
                        "%s:%zu: cannot be read further: %s; nothing was sent", name, number + 1,
                        strerror(failed));
    if (ret_complaints->count > 0)
        return ops_fail(ret_error, OPS_DATA, NULL, "%zu of %zu lines are wrong; nothing was sent",
                        ret_complaints->count, number);
    return OPS_DONE;
}

static int headers_read(const json_t *json, struct buf *bytes, struct kafka_header headers[],
                        size_t *ret_count)
{
    const char *name;
    json_t *value;
    size_t count = 0, ends[HEADERS_MAX] = {0};
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        size_t values = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t i = 0; i < values; i++) {
            bool is_null;
            if (count == HEADERS_MAX)
                return -E2BIG;
            int rc = bytes_from_json(json_is_array(value) ? json_array_get(value, i) : value, bytes,
                                     &is_null);
            if (rc != 0)
                return rc;
            headers[count] = (struct kafka_header){.name = name, .value = is_null ? NULL : ""};
            ends[count++] = bytes->size;
        }
    }
    for (size_t i = 0, at = 0; i < count; at = ends[i++]) { /* the buffer moves no more */
        headers[i].size = ends[i] - at;
        headers[i].value = headers[i].value != NULL ? bytes->data + at : NULL;
    }
    *ret_count = count;
    return 0;
}

int spool_raw_line(void *user, struct spool *spool, const json_t *line, char ret_why[static 300])
{
    struct kafka_header headers[HEADERS_MAX];
    struct buf key, value, header_bytes;
    struct kafka_record record = {.headers = headers};
    const json_t *header_json = json_object_get(line, "headers"),
                 *partition = json_object_get(line, "partition");
    bool no_key = true, no_value = true;
    const char *what = "key";

    (void)user;
    buf_init(&key, KAFKA_RECORD_MAX);
    buf_init(&value, KAFKA_RECORD_MAX);
    buf_init(&header_bytes, KAFKA_RECORD_MAX);
    record.partition = json_is_integer(partition) ? (int32_t)json_integer_value(partition) : -1;
    int rc = bytes_from_json(json_object_get(line, "key"), &key, &no_key);
    if (rc == 0) {
        what = "value";
        rc = json_object_get(line, "value") == NULL
                 ? -ENOENT
                 : bytes_from_json(json_object_get(line, "value"), &value, &no_value);
    }
    if (rc == 0) {
        what = "headers";
        rc = header_json == NULL ? 0
             : !json_is_object(header_json)
                 ? -EINVAL
                 : headers_read(header_json, &header_bytes, headers, &record.header_count);
    }
    if (rc == 0) {
        record.key = no_key ? NULL : key.data;
        record.key_size = key.size;
        record.value = no_value ? NULL : value.data;
        record.value_size = value.size;
        what = "record";
        rc = spool_add(spool, &record);
    }
    if (rc != 0)
        (void)snprintf(ret_why, 300, "%s: %s", what,
                       rc == -ENOENT     ? "missing; for a tombstone write null"
                       : rc == -ENOMEM   ? "too much for one call"
                       : rc == -EMSGSIZE ? "larger than a Kafka record may be"
                       : rc == -E2BIG    ? "too many"
                                         : "neither text, null, JSON nor {\"base64\": ...}");
    buf_release(&key);
    buf_release(&value);
    buf_release(&header_bytes);
    return rc;
}

int spool_put(const struct spool *spool, size_t first, size_t count, const char *topic,
              struct kafka_writer *producer, struct kafka_words *ret_message)
{
    const char *bytes = spool->bytes.data;
    struct kafka_header *headers = NULL;
    size_t room = 0;
    int rc = 0;
    for (size_t i = first; rc == 0 && i < first + count; i++) {
        const struct spool_record *r = &spool->records[i];
        if (r->header_count > room) {
            struct kafka_header *more = realloc(headers, r->header_count * sizeof *more);
            if (more == NULL) {
                (void)snprintf(ret_message->text, sizeof ret_message->text, "no memory");
                rc = -ENOMEM;
                break;
            }
            headers = more;
            room = r->header_count;
        }
        for (size_t k = 0; k < r->header_count; k++) {
            const struct spool_header *h = &spool->headers[r->header_at + k];
            headers[k] = (struct kafka_header){bytes + h->name_at,
                                               h->is_null ? NULL : bytes + h->value_at, h->size};
        }
        struct kafka_record record = {.topic = topic,
                                      .partition = r->partition,
                                      .timestamp_ms = r->timestamp_ms,
                                      .key = r->has_key ? bytes + r->key_at : NULL,
                                      .key_size = r->key_size,
                                      .value = r->has_value ? bytes + r->value_at : NULL,
                                      .value_size = r->value_size,
                                      .headers = headers,
                                      .header_count = r->header_count};
        rc = kafka_writer_add(producer, &record, ret_message->text);
    }
    free(headers);
    return rc;
}

int spool_send(const struct spool *spool, size_t first, size_t count, const char *topic,
               struct kafka_writer *producer, struct kafka_words *ret_message)
{
    int rc = kafka_writer_begin(producer, ret_message->text);
    if (rc == 0)
        rc = spool_put(spool, first, count, topic, producer, ret_message);
    return rc != 0 ? rc : kafka_writer_commit(producer, ret_message->text);
}
