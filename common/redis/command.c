/* hiredis' own formatter prints each size with printf: it took a twelfth of a worker's
 * instructions. See command.h. */
#include "redis/command.h"

#include <assert.h>

#include "base/clock.h"
#include "base/digits.h"

enum {
    CALLS_MAX = 16, /* that go as one: Redis does nothing else meanwhile, some 10 us each */
    CALLS_BYTES_MAX = 64 * 1024, /* ... and no more, once they are so long */
    FRAME_MAX = DIGITS_MAX + 5   /* $, digits, two line ends */
};

/* ---- what is given ---- */

static char *add_count(char *to, char kind, size_t count)
{
    *to++ = kind;
    to += digits_write((int64_t)count, to);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static char *add_word(char *to, const char *bytes, size_t size)
{
    to = add_count(to, '$', size);
    if (size > 0)
        memcpy(to, bytes, size);
    to += size;
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

struct words {
    const struct redis_bytes *at;
    size_t counts[PARTS];
};

static void command_format(struct command *c, const struct words *words)
{
    const struct redis_bytes *word = words->at;
    char *to = c->bytes;
    for (enum part part = SHARED_KEYS; part < PARTS; part++) {
        c->words[part] = words->counts[part];
        c->begins[part] = (size_t)(to - c->bytes);
        for (size_t i = 0; i < words->counts[part]; i++, word++)
            to = add_word(to, word->data, word->size);
    }
    c->begins[PARTS] = (size_t)(to - c->bytes);
}

static struct command *command_make(const struct redis_script *script, const struct words *words)
{
    size_t count = 0, room = 0;
    for (size_t i = 0; i < PARTS; i++)
        count += words->counts[i];
    for (size_t i = 0; i < count; i++)
        room += FRAME_MAX + words->at[i].size;
    struct command *c = malloc(sizeof *c + room);
    if (c == NULL)
        abort();
    c->next = NULL;
    c->script = script;
    c->as_text = false;
    c->calls = 1;
    c->number = 0;
    c->given_ms = clock_monotonic_ms();
    command_format(c, words);
    return c;
}

struct command *command_new(const struct redis_bytes *words, size_t count)
{
    return command_make(NULL, &(struct words){words, {[OWN_ARGS] = count}});
}

struct command *command_new_call(const struct redis_script *script, const struct redis_bytes *args,
                                 size_t key_count, size_t arg_count)
{
    const size_t shared_keys = script->shared_keys, shared_args = script->shared_args;
    assert(key_count >= shared_keys && arg_count >= shared_args);
    return command_make(script, &(struct words){args,
                                                {shared_keys, key_count - shared_keys, shared_args,
                                                 arg_count - shared_args}});
}

/* ---- what goes together ---- */

static bool is_same_part(const struct command *a, const struct command *b, enum part part)
{
    const size_t size = a->begins[part + 1] - a->begins[part];
    return size == b->begins[part + 1] - b->begins[part] &&
           memcmp(a->bytes + a->begins[part], b->bytes + b->begins[part], size) == 0;
}

static bool go_together(const struct command *a, const struct command *b)
{
    return a->script == b->script && a->as_text == b->as_text && is_same_part(a, b, SHARED_KEYS) &&
           is_same_part(a, b, SHARED_ARGS);
}

size_t command_gather(struct command *first, struct command ***last)
{
    struct command *together = first;
    size_t calls = 1, bytes = first->begins[PARTS];
    for (struct command **at = &first->next; redis_script_takes_many(first->script) &&
                                             *at != NULL &&
                                             redis_script_takes_many((*at)->script);) {
        struct command *c = *at;
        if (!go_together(first, c)) {
            at = &c->next;
            continue;
        }
        bytes += c->begins[PARTS];
        if (calls == CALLS_MAX || bytes > CALLS_BYTES_MAX)
            break;
        if (at == &together->next) {
            at = &c->next;
        } else {
            *at = c->next;
            if (*last == &c->next)
                *last = at;
            c->next = together->next;
            together->next = c;
        }
        together = c;
        calls++;
    }
    return calls;
}

/* ---- the wire ---- */

static void put_count(struct buf *wire, char kind, size_t count)
{
    char text[FRAME_MAX];
    const char *end = add_count(text, kind, count);
    buf_append(wire, text, (size_t)(end - text));
}

static void put_word(struct buf *wire, const char *bytes, size_t size)
{
    put_count(wire, '$', size);
    buf_append(wire, bytes, size);
    buf_append(wire, "\r\n", 2);
}

static void put_number(struct buf *wire, int64_t number)
{
    char text[DIGITS_MAX];
    const size_t size = digits_write(number, text);
    put_word(wire, text, size);
}

/* For script.h. */
static void put_padded(struct buf *wire, int64_t number)
{
    char text[DIGITS_MAX], padded[REDIS_SCRIPT_NUMBER_SIZE];
    const size_t size = digits_write(number, text);
    assert(size <= sizeof padded);
    memset(padded, '0', sizeof padded);
    memcpy(padded + sizeof padded - size, text, size);
    put_word(wire, padded, sizeof padded);
}

static void put_part(struct buf *wire, const struct command *c, enum part part)
{
    buf_append(wire, c->bytes + c->begins[part], c->begins[part + 1] - c->begins[part]);
}

/* One EVALSHA or EVAL for `calls` of them: how many words, the script, how many keys, the keys, the
 * arguments, how many calls, the numbers. */
static void put_script(struct buf *wire, const struct command *first, size_t calls,
                       int64_t answered)
{
    const bool takes_many = redis_script_takes_many(first->script);
    const size_t keys = first->words[SHARED_KEYS] + calls * first->words[OWN_KEYS],
                 args = first->words[SHARED_ARGS] + calls * first->words[OWN_ARGS] + takes_many +
                        REDIS_SCRIPT_NUMBERS;
    const char *script = first->as_text ? first->script->text : first->script->sha1;
    put_count(wire, '*', 3 + keys + args);
    put_word(wire, first->as_text ? "EVAL" : "EVALSHA", first->as_text ? 4 : 7);
    put_word(wire, script, strlen(script));
    put_number(wire, (int64_t)keys);
    const struct command *c = first;
    put_part(wire, c, SHARED_KEYS);
    for (size_t i = 0; i < calls; i++, c = c->next)
        put_part(wire, c, OWN_KEYS);
    c = first;
    put_part(wire, c, SHARED_ARGS);
    for (size_t i = 0; i < calls; i++, c = c->next)
        put_part(wire, c, OWN_ARGS);
    if (takes_many)
        put_number(wire, (int64_t)calls);
    put_padded(wire, first->number);
    put_padded(wire, answered);
}

static void put_plain(struct buf *wire, const struct command *c)
{
    put_count(wire, '*', c->words[OWN_ARGS]);
    put_part(wire, c, OWN_ARGS);
}

void command_write(const struct command *first, size_t calls, int64_t answered, struct buf *wire)
{
    if (first->script == NULL)
        put_plain(wire, first);
    else
        put_script(wire, first, calls, answered);
}
