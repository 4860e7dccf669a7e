/* Messages that wait; see reservation_outbox.h. */
#include "reservation_outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

struct outbox_message {
    struct kafka_message message;
    char bytes[]; /* key, value */
};

static int outbox_grow(struct reservation_outbox *outbox)
{
    if (outbox->count < outbox->room)
        return 0;
    const size_t room = outbox->room == 0 ? ROOM_MIN : 2 * outbox->room;
    struct outbox_message **wider = realloc(outbox->messages, room * sizeof(wider[0]));
    if (wider == NULL)
        return -ENOMEM;
    outbox->messages = wider;
    outbox->room = room;
    return 0;
}

int reservation_outbox_add(struct reservation_outbox *outbox, const char *topic, const char *key,
                           size_t key_size, size_t place_size, const void *value, size_t size)
{
    struct outbox_message *m = malloc(sizeof *m + key_size + size);
    if (m == NULL || outbox_grow(outbox) < 0) {
        free(m);
        return -ENOMEM;
    }
    memcpy(m->bytes, key, key_size);
    if (size > 0)
        memcpy(m->bytes + key_size, value, size);
    m->message = (struct kafka_message){.topic = topic,
                                        .key = m->bytes,
                                        .key_size = key_size,
                                        .value = value == NULL ? NULL : m->bytes + key_size,
                                        .value_size = size,
                                        .place_key = place_size < key_size ? m->bytes : NULL,
                                        .place_key_size = place_size < key_size ? place_size : 0};
    outbox->messages[outbox->count++] = m;
    return 0;
}

void reservation_outbox_truncate(struct reservation_outbox *outbox, size_t count)
{
    while (outbox->count > count)
        free(outbox->messages[--outbox->count]);
}

void reservation_outbox_take(struct reservation_outbox *outbox, struct batch *batch)
{
    if (outbox->taken > 0)
        return; /* by another partition of this transaction */
    for (size_t i = 0; i < outbox->count; i++)
        batch_add(batch, &outbox->messages[i]->message);
    outbox->taken = outbox->count;
}

void reservation_outbox_end(struct reservation_outbox *outbox, bool committed)
{
    const size_t taken = outbox->taken;
    const bool go = committed || outbox->is_void;
    outbox->taken = 0;
    outbox->is_void = false;
    if (!go || taken == 0)
        return;
    for (size_t i = 0; i < taken; i++)
        free(outbox->messages[i]);
    outbox->count -= taken;
    memmove(outbox->messages, outbox->messages + taken,
            outbox->count * sizeof(outbox->messages[0]));
}

void reservation_outbox_release(struct reservation_outbox *outbox)
{
    reservation_outbox_truncate(outbox, 0);
    free(outbox->messages);
    *outbox = (struct reservation_outbox){0};
}
