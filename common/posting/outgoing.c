/* A message that owns its memory; see outgoing.h. */
#include "posting/outgoing.h"

#include <stdlib.h>
#include <string.h>

void outgoing_build(struct outgoing *out, const char *topic, struct redis_bytes key,
                    struct redis_bytes value, const struct kafka_header headers[], size_t count)
{
    size_t room = key.size + value.size + (count + 1) * sizeof(struct kafka_header);
    for (size_t i = 0; i < count; i++)
        room += strlen(headers[i].name) + 1 + headers[i].size;
    char *memory = malloc(room);
    if (memory == NULL)
        abort();
    struct kafka_header *copied = (struct kafka_header *)(void *)memory;
    char *at = memory + (count + 1) * sizeof *copied;
    for (size_t i = 0; i < count; i++) {
        const size_t name = strlen(headers[i].name) + 1;
        memcpy(at, headers[i].name, name);
        copied[i] =
            (struct kafka_header){at, headers[i].value != NULL ? at + name : NULL, headers[i].size};
        if (headers[i].size > 0 && headers[i].value != NULL)
            memcpy(at + name, headers[i].value, headers[i].size);
        at += name + headers[i].size;
    }
    struct kafka_message *m = &out->message;
    *m = (struct kafka_message){.topic = topic,
                                .key_size = key.size,
                                .value_size = value.size,
                                .headers = copied,
                                .header_count = count};
    if (key.data != NULL) {
        m->key = at;
        memcpy(at, key.data, key.size);
        at += key.size;
    }
    if (value.data != NULL) {
        m->value = at;
        memcpy(at, value.data, value.size);
    }
    out->memory = memory;
    out->place = NULL;
    out->offset = -1;
}

void outgoing_place(struct outgoing *out, struct redis_bytes key)
{
    out->place = malloc(key.size + 1);
    if (out->place == NULL)
        abort();
    memcpy(out->place, key.data, key.size);
    out->message.place_key = out->place;
    out->message.place_key_size = key.size;
}

struct outgoing *outgoing_add(struct record *r)
{
    enum { USUAL = 2 };
    if (r->out.count == r->out.room) {
        r->out.room = r->out.room == 0 ? USUAL : 2 * r->out.room;
        r->out.list = realloc(r->out.list, r->out.room * sizeof *r->out.list);
        if (r->out.list == NULL)
            abort();
    }
    return &r->out.list[r->out.count++];
}

void outgoing_free(struct outgoing *out)
{
    free(out->memory);
    free(out->place);
}

void outgoing_clear(struct record *r)
{
    for (size_t i = 0; i < r->out.count; i++)
        outgoing_free(&r->out.list[i]);
    free(r->out.list);
    r->out.list = NULL;
    r->out.count = r->out.room = 0;
}
