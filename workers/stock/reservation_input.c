/* Records that wait for their commit; see reservation_input.h. */
#include "reservation_input.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

bool reservation_input_has_room(const struct reservation_input *input)
{
    return input->count < RESERVATION_RECORDS_MAX && input->bytes < RESERVATION_INPUT_BYTES_MAX;
}

static size_t input_bytes(const struct kafka_record *record)
{
    return record->key_size + record->value_size;
}

static void input_make_room(struct reservation_input *input)
{
    if (input->begin + input->count < input->room)
        return;
    if (input->begin > 0) {
        memmove(input->records, input->records + input->begin,
                input->count * sizeof *input->records);
        input->begin = 0;
        return;
    }
    input->room = input->room == 0 ? ROOM_MIN : 2 * input->room;
    input->records = realloc(input->records, input->room * sizeof *input->records);
    if (input->records == NULL)
        abort();
}

void reservation_input_add(struct reservation_input *input, struct kafka_record *record)
{
    input_make_room(input);
    input->bytes += input_bytes(record);
    input->records[input->begin + input->count++] = kafka_record_move(record);
}

const struct kafka_record *reservation_input_at(const struct reservation_input *input, size_t at)
{
    return &input->records[input->begin + at];
}

const struct kafka_record *reservation_input_next(const struct reservation_input *input)
{
    return input->heard < input->count ? reservation_input_at(input, input->heard) : NULL;
}

void reservation_input_drop(struct reservation_input *input, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kafka_record *record = &input->records[input->begin + i];
        input->bytes -= input_bytes(record);
        kafka_record_free(record);
    }
    input->begin += count;
    input->count -= count;
    input->heard = input->heard > count ? input->heard - count : 0;
    if (input->count == 0)
        input->begin = 0;
}

void reservation_input_release(struct reservation_input *input)
{
    reservation_input_drop(input, input->count);
    free(input->records);
    *input = (struct reservation_input){0};
}
