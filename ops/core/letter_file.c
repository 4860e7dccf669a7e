/* Dead letters as lines of JSON; see letter_file.h. */
#include "core/letter_file.h"

#include "base/digest.h"
#include "core/bytes_json.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 8 << 20, LINE_HEADERS_MAX = 100000 };

/* ---- digest ---- */

static void digest_piece(struct digest *digest, const void *bytes, size_t size)
{
    const uint64_t head = htobe64(bytes != NULL ? size : UINT64_MAX); /* absent is not empty */
    digest_add(digest, &head, sizeof head);
    if (bytes != NULL && size > 0)
        digest_add(digest, bytes, size);
}

static void record_digest(const struct kafka_record *r, char text[static 2 * DIGEST_SIZE + 1])
{
    const uint64_t numbers[] = {htobe64((uint64_t)r->partition), htobe64((uint64_t)r->offset),
                                htobe64((uint64_t)r->timestamp_ms)};
    struct digest *digest = digest_new();
    uint8_t hash[DIGEST_SIZE];
    digest_piece(digest, r->topic, strlen(r->topic));
    digest_add(digest, numbers, sizeof numbers);
    digest_piece(digest, r->key, r->key_size);
    digest_piece(digest, r->value, r->value_size);
    for (size_t i = 0; i < r->header_count; i++) {
        digest_piece(digest, r->headers[i].name, strlen(r->headers[i].name));
        digest_piece(digest, r->headers[i].value, r->headers[i].size);
    }
    digest_end(digest, hash);
    (void)digest_hex(hash, sizeof hash, text);
}

/* ---- writing ---- */

json_t *letter_file_line(const struct kafka_record *r)
{
    char place[LETTER_PLACE_MAX], sha256[2 * DIGEST_SIZE + 1];
    json_t *headers = json_array();
    for (size_t i = 0; i < r->header_count; i++)
        if (json_array_append_new(
                headers,
                json_pack("[o, o]", bytes_to_json(r->headers[i].name, strlen(r->headers[i].name)),
                          base64_to_json(r->headers[i].value, r->headers[i].size))) != 0) {
            json_decref(headers);
            return NULL;
        }
    (void)snprintf(place, sizeof place, "%.*s/%" PRId32 "/%" PRId64, ENTRY_TOPIC_MAX - 1, r->topic,
                   r->partition, r->offset);
    record_digest(r, sha256);
    return json_pack("{s:s, s:s, s:i, s:I, s:I, s:o, s:o, s:o, s:s}", "letter", place, "topic",
                     r->topic, "partition", (int)r->partition, "offset", (json_int_t)r->offset,
                     "timestamp_ms", (json_int_t)r->timestamp_ms, "key",
                     base64_to_json(r->key, r->key_size), "value",
                     base64_to_json(r->value, r->value_size), "headers", headers, "sha256", sha256);
}

/* ---- reading ---- */

static int why_not(char ret_why[static 300], const char *what, const char *why)
{
    (void)snprintf(ret_why, 300, "%s: %s", what, why);
    return -EINVAL;
}

/* Pieces go one behind the other into `bytes`, each with a NUL; pointers are made once it moves no more. */
struct piece {
    size_t at, size;
    bool is_null;
};

static int piece_take(struct letter_line *l, const json_t *json, struct piece *ret_piece)
{
    struct piece p = {.at = l->bytes.size};
    const int rc = bytes_from_json(json, &l->bytes, &p.is_null);
    p.size = l->bytes.size - p.at;
    buf_byte(&l->bytes, 0);
    *ret_piece = p;
    return rc != 0 ? rc : l->bytes.failed ? -ENOMEM : 0;
}

static const void *piece_at(const struct letter_line *l, struct piece p)
{
    return p.is_null ? NULL : l->bytes.data + p.at;
}

static int headers_take(struct letter_line *l, const json_t *headers, struct piece pieces[])
{
    size_t i;
    json_t *pair;
    json_array_foreach((json_t *)headers, i, pair)
    {
        const json_t *name = json_array_get(pair, 0);
        if (json_array_size(pair) != 2 || name == NULL || json_is_null(name))
            return -EINVAL;
        int rc = piece_take(l, name, &pieces[2 * i]);
        if (rc == 0)
            rc = piece_take(l, json_array_get(pair, 1), &pieces[2 * i + 1]);
        if (rc != 0)
            return rc;
        if (strlen(l->bytes.data + pieces[2 * i].at) != pieces[2 * i].size)
            return -EINVAL;
    }
    return 0;
}

static int record_take(struct letter_line *l, const json_t *line, char ret_why[static 300])
{
    const json_t *headers = json_object_get(line, "headers");
    const size_t count = json_array_size(headers);
    struct piece key, value;
    struct piece *pieces = calloc(2 * count + 1, sizeof *pieces);
    struct kafka_header *list = calloc(count + 1, sizeof *list);
    int rc = pieces != NULL && list != NULL ? 0 : -ENOMEM;
    if (rc == 0 && (!json_is_array(headers) || count > LINE_HEADERS_MAX ||
                    json_object_get(line, "key") == NULL || json_object_get(line, "value") == NULL))
        rc = why_not(ret_why, "record", "without key, value or a list of headers");
    if (rc == 0 && (piece_take(l, json_object_get(line, "key"), &key) != 0 ||
                    piece_take(l, json_object_get(line, "value"), &value) != 0))
        rc = why_not(ret_why, "key, value", "no base64, or too large");
    if (rc == 0 && headers_take(l, headers, pieces) != 0)
        rc = why_not(ret_why, "headers", "no pairs of a name and base64, or too large");
    for (size_t i = 0; rc == 0 && i < count; i++)
        list[i] = (struct kafka_header){piece_at(l, pieces[2 * i]), piece_at(l, pieces[2 * i + 1]),
                                        pieces[2 * i + 1].size};
    if (rc == 0) {
        l->record.key = piece_at(l, key);
        l->record.key_size = key.size;
        l->record.value = piece_at(l, value);
        l->record.value_size = value.size;
        l->record.headers = list;
        l->record.header_count = count;
    } else {
        free(list);
    }
    free(pieces);
    return rc;
}

static int line_check(struct letter_line *l, const json_t *line, char ret_why[static 300])
{
    char sha256[2 * DIGEST_SIZE + 1];
    const char *told = json_string_value(json_object_get(line, "sha256"));
    record_digest(&l->record, sha256);
    if (told == NULL || strcmp(told, sha256) != 0)
        return why_not(ret_why, "sha256",
                       "the line was changed since it was exported; edit letters by primaflow dlq "
                       "edit");
    if (!dead_letter_read(&l->record, &l->letter))
        return why_not(ret_why, "topic", "no topic of dead letters");
    if (l->letter.is_cut)
        return why_not(ret_why, "value", "the record was too large, and has no bytes here");
    return 0;
}

int letter_file_read(const json_t *line, struct letter_line *ret_line, char ret_why[static 300])
{
    struct letter_line *l = ret_line;
    const char *topic = json_string_value(json_object_get(line, "topic"));
    const json_t *offset = json_object_get(line, "offset"),
                 *partition = json_object_get(line, "partition"),
                 *timestamp = json_object_get(line, "timestamp_ms");
    *l = (struct letter_line){.topic = ""};
    if (topic == NULL || strlen(topic) >= sizeof l->topic || !json_is_integer(offset) ||
        !json_is_integer(partition) || !json_is_integer(timestamp) ||
        json_integer_value(partition) < 0 || json_integer_value(partition) > INT32_MAX ||
        json_integer_value(offset) < 0)
        return why_not(ret_why, "record", "not a line of primaflow dlq export");
    (void)snprintf(l->topic, sizeof l->topic, "%s", topic);
    buf_init(&l->bytes, LINE_BYTES_MAX);
    l->record = (struct kafka_record){.topic = l->topic,
                                      .partition = (int32_t)json_integer_value(partition),
                                      .offset = json_integer_value(offset),
                                      .timestamp_ms = json_integer_value(timestamp)};
    int rc = record_take(l, line, ret_why);
    if (rc == 0)
        rc = line_check(l, line, ret_why);
    if (rc != 0)
        letter_line_release(l);
    return rc;
}

void letter_line_release(struct letter_line *l)
{
    free(l->record.headers);
    l->record.headers = NULL;
    buf_release(&l->bytes);
}
