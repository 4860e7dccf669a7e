/* A list that grows; see engine.h. */
#include "stream/engine.h"

#include <stdlib.h>

void batch_add(struct batch *b, const struct kafka_message *message)
{
    if (b->count == b->room) {
        b->room = b->room == 0 ? 64 : b->room * 2;
        b->messages = realloc(b->messages, b->room * sizeof(struct kafka_message *));
        if (b->messages == NULL)
            abort();
    }
    b->messages[b->count++] = message;
}
