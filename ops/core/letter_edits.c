/* Reading and writing ops.overlays; see letter_edits.h. */
#include "core/letter_edits.h"

#include "codec/overlay.h"
#include "kafka/headers.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static struct letter_edits *edits_place(struct edit_book *book, uint64_t delivery)
{
    for (size_t i = 0; i < book->count; i++)
        if (book->list[i].delivery == delivery)
            return &book->list[i];
    if (book->count == book->room) {
        const size_t room = book->room > 0 ? 2 * book->room : 16;
        struct letter_edits *more = realloc(book->list, room * sizeof *more);
        if (more == NULL)
            return NULL;
        book->list = more;
        book->room = room;
    }
    book->list[book->count] = (struct letter_edits){.delivery = delivery};
    return &book->list[book->count++];
}

/* A record of a key follows the one before it in its partition: the last one counts. */
static int edits_take(void *user, const struct kafka_record *record)
{
    char delivery[DELIVERY_MAX];
    if (record->key == NULL || record->key_size >= sizeof delivery)
        return 0;
    memcpy(delivery, record->key, record->key_size);
    delivery[record->key_size] = '\0';
    struct letter_edits *e = edits_place(user, letter_digest(delivery));
    if (e == NULL)
        return -ENOMEM;
    json_decref(e->json);
    e->json = record->value != NULL ? json_loadb(record->value, record->value_size, 0, NULL) : NULL;
    e->version = json_integer_value(json_object_get(e->json, "version"));
    return 0;
}

enum ops_kind edit_book_read(struct ops *ops, struct edit_book *ret_book,
                             struct ops_error *ret_error)
{
    const char *const topics[] = {topic_ops_overlays};
    const struct kafka_range range = {
        .from = KAFKA_FROM_BEGINNING, .until = KAFKA_UNTIL_WRITTEN, .partition = -1};
    struct kafka_words message = {""};
    *ret_book = (struct edit_book){.count = 0};
    const int rc =
        kafka_read(ops_config(ops), topics, 1, &range, edits_take, ret_book, message.text);
    return rc == 0                   ? OPS_DONE
           : message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                     : ops_fail_kafka(ret_error, rc, &message);
}

void edit_book_release(struct edit_book *book)
{
    for (size_t i = 0; i < book->count; i++)
        json_decref(book->list[i].json);
    free(book->list);
    *book = (struct edit_book){.count = 0};
}

const struct letter_edits *edit_book_find(const struct edit_book *book, uint64_t delivery)
{
    for (size_t i = 0; i < book->count; i++)
        if (book->list[i].delivery == delivery && book->list[i].json != NULL)
            return &book->list[i];
    return NULL;
}

/* ---- what they come to ---- */

json_t *letter_edits_fields(const struct letter_edits *edits)
{
    json_t *fields = json_object();
    size_t i, k;
    json_t *edit, *field;
    json_array_foreach(json_object_get(edits->json, "edits"), i, edit)
        json_array_foreach(json_object_get(edit, "fields"), k, field)
    {
        const char *path = json_string_value(json_object_get(field, "field"));
        json_t *to = json_object_get(field, "new");
        if (path == NULL)
            continue;
        if (to == NULL) /* back to what the channel sent */
            (void)json_object_del(fields, path);
        else
            (void)json_object_set(fields, path, to);
    }
    return fields;
}

const struct kafka_header *letter_edits_header(const struct kafka_record *record)
{
    for (size_t i = record->header_count; i > 0; i--)
        if (strcmp(record->headers[i - 1].name, HEADER_OVERLAY) == 0)
            return record->headers[i - 1].size > 0 ? &record->headers[i - 1] : NULL;
    return NULL;
}

int letter_edits_text(const struct letter_edits *edits, const struct kafka_header *header,
                      char **ret_text)
{
    struct codec_fault fault;
    *ret_text = NULL;
    if (edits == NULL) {
        *ret_text = header != NULL ? strndup(header->value, header->size) : NULL;
        return header != NULL && *ret_text == NULL ? -ENOMEM : 0;
    }
    json_t *fields = letter_edits_fields(edits);
    if (json_object_size(fields) > 0)
        *ret_text = overlay_write(fields, &fault); /* it was checked when it was accepted */
    const int rc = json_object_size(fields) > 0 && *ret_text == NULL ? -ENOMEM : 0;
    json_decref(fields);
    return rc;
}

/* ---- writing ---- */

int letter_edits_add(struct kafka_writer *writer, const char *delivery, const json_t *json,
                     struct kafka_words *ret_message)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    if (json != NULL && (text == NULL || strlen(text) > EDITS_BYTES_MAX)) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "the edits of this letter are too large, or there is no memory; nothing "
                       "was written");
        free(text);
        return -EMSGSIZE;
    }
    const struct kafka_record record = {.topic = topic_ops_overlays,
                                        .partition = -1,
                                        .key = delivery,
                                        .key_size = strlen(delivery),
                                        .value = text,
                                        .value_size = text != NULL ? strlen(text) : 0};
    const int rc = kafka_writer_add(writer, &record, ret_message->text);
    free(text);
    return rc;
}

static bool has_ended(const struct letter_case *letter)
{
    return letter->state != LETTER_OPEN && letter->state != LETTER_RETRIED;
}

int letter_edits_close(const struct edit_book *edits, const struct letter_book *letters,
                       struct kafka_writer *writer, struct kafka_words *ret_message)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < edits->count; i++) {
        const struct letter_edits *e = &edits->list[i];
        const char *delivery = json_string_value(json_object_get(e->json, "delivery"));
        const struct letter_case *letter =
            delivery != NULL ? letter_book_find(letters, delivery) : NULL;
        if (letter != NULL && has_ended(letter))
            rc = letter_edits_add(writer, delivery, NULL, ret_message);
    }
    return rc;
}
