/* What was given and waits for its answer: the words of a command or of a call of a script, and how
 * several calls become one EVALSHA. For redis.c alone. Loop thread only. */
#ifndef PRIMAFLOW_REDIS_COMMAND_H
#define PRIMAFLOW_REDIS_COMMAND_H

#include "base/buf.h"
#include "redis/redis.h"

/* In the order of the wire. Of a script that takes many calls at once the shared parts go once for
 * all; any other has own parts alone. */
enum part { SHARED_KEYS, OWN_KEYS, SHARED_ARGS, OWN_ARGS, PARTS };

struct command {
    struct command *next;
    struct redis *redis;
    const struct redis_script *script; /* NULL: a plain command, all of it OWN_ARGS */
    bool as_text;                      /* the script goes as its text: Redis has forgotten it */
    size_t calls;   /* of the first of those that went as one: how many they are */
    int64_t number; /* ... and as which command, or, if it is not counted, behind which; 0: a plain
                       one */
    int64_t given_ms; /* monotonic */
    int64_t sent_ms;
    redis_done done;
    void *user;
    size_t words[PARTS],
        begins[PARTS + 1]; /* how many words a part has, and where it begins in `bytes` */
    char bytes[];          /* each word in the protocol's form */
};

/* Copies the words; free() ends it. Ends the process without memory: nothing is safe any more
 * then. */
struct command *command_new(const struct redis_bytes *words, size_t count);
struct command *command_new_call(const struct redis_script *script, const struct redis_bytes *args,
                                 size_t key_count, size_t arg_count);

/* Moves calls up behind `first` that may go with it, past calls of other scripts that take many,
 * and returns how many are together there, `first` among them. `last`: where the list ends. */
size_t command_gather(struct command *first, struct command ***last);

/* Appends `first` and the calls - 1 behind it as one, as command first->number of this process;
 * `answered` is the last one whose answer arrived (script.h). */
void command_write(const struct command *first, size_t calls, int64_t answered, struct buf *wire);

#endif
