/* Names and arguments of a script's call; see keys_call.h. */
#include "idempotency/keys_call.h"

#include <assert.h>
#include <string.h>

/* Appends as much as there is room for, and a NUL. */
static size_t keys_append(char *text, size_t at, size_t room, const char *part)
{
    const size_t left = room - at - 1, wanted = strlen(part), size = wanted < left ? wanted : left;
    memcpy(text + at, part, size);
    text[at + size] = '\0';
    return at + size;
}

const char *keys_name(const struct keyspace *ks, const char *kind, const char *rest, char *text,
                      size_t room)
{
    const bool is_shared =
        ks->limit_prefix != NULL && (strcmp(kind, "bucket") == 0 || strcmp(kind, "pause") == 0);
    size_t at = keys_append(text, 0, room, is_shared ? ks->limit_prefix : ks->prefix);
    at = keys_append(text, at, room, ":");
    at = keys_append(text, at, room, kind);
    if (rest[0] != '\0') {
        at = keys_append(text, at, room, ":");
        (void)keys_append(text, at, room, rest);
    }
    return text;
}

void keys_call_add(struct keys_call *c, const char *data, size_t size)
{
    assert(c->key_count + c->arg_count < REDIS_ARGS_MAX);
    c->args[c->key_count + c->arg_count++] = (struct redis_bytes){data, size};
}

void keys_call_text(struct keys_call *c, const char *text)
{
    keys_call_add(c, text, strlen(text));
}

void keys_call_number(struct keys_call *c, int64_t number)
{
    assert(c->number_count < sizeof c->numbers / sizeof *c->numbers);
    char *text = c->numbers[c->number_count++];
    keys_call_add(c, text, digits_write(number, text));
}

void keys_call_bytes(struct keys_call *c, const uint8_t *bytes, size_t size)
{
    keys_call_add(c, (const char *)bytes, size);
}

void keys_call_key(struct keys_call *c, const struct keyspace *ks, const char *kind,
                   const char *rest)
{
    assert(c->arg_count == 0 && c->name_count < sizeof c->names / sizeof *c->names);
    char *name = c->names[c->name_count++];
    (void)keys_name(ks, kind, rest, name, KEY_NAME_MAX);
    c->args[c->key_count++] = (struct redis_bytes){name, strlen(name)};
}

void keys_call_order(struct keys_call *c, const struct keyspace *ks, const char *order)
{
    keys_call_key(c, ks, "o", order);
}

void keys_call_position(struct keys_call *c, const struct keyspace *ks, int32_t partition)
{
    char digits[DIGITS_MAX], name[160];
    digits[digits_write(partition, digits)] = '\0';
    size_t at = keys_append(name, 0, sizeof name, ks->flow);
    at = keys_append(name, at, sizeof name, ":");
    (void)keys_append(name, at, sizeof name, digits);
    keys_call_key(c, ks, "at", name);
}

const char *keys_slot_name(const struct keyspace *ks, char text[static 160])
{
    size_t at = keys_append(text, 0, 160, ks->flow);
    at = keys_append(text, at, 160, ":");
    (void)keys_append(text, at, 160, ks->slot);
    return text;
}

void keys_call_begin_none(struct keys_call *c, const struct keyspace *ks)
{
    char slot[160];
    c->key_count = c->arg_count = c->name_count = c->number_count = 0;
    keys_call_key(c, ks, "marker", ks->flow);
    keys_call_key(c, ks, "e", keys_slot_name(ks, slot));
}

void keys_call_begin_at(struct keys_call *c, const struct keyspace *ks, const char *kind,
                        const char *rest)
{
    keys_call_begin_none(c, ks);
    keys_call_key(c, ks, kind, rest);
}

void keys_call_begin(struct keys_call *c, const struct keyspace *ks, const char *natural)
{
    keys_call_begin_at(c, ks, "k", natural);
}

void keys_call_begin_args(struct keys_call *c, const struct keyspace *ks)
{
    keys_call_text(c, ks->marker);
    keys_call_number(c, ks->fence);
    keys_call_text(c, ks->slot);
    keys_call_number(c, ks->slot_epoch);
    keys_call_number(c, ks->ttl_ms);
}
