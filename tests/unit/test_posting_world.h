/* A world in which the posting engine runs without Kafka, Redis or Prima: behind the same headers stand
 * fakes that answer from a script, one after the other, on the test's own clock. What a record asks
 * for, in which order, and how it ends is one line of text. */
#ifndef PRIMAFLOW_TEST_POSTING_WORLD_H
#define PRIMAFLOW_TEST_POSTING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "base/buf.h"
#include "kafka/headers.h"
#include "posting/actions.h"
#include "posting/posting.h"
#include "posting/send_queue.h"
#include "posting/transitions.h"

enum { BEGINNING_MS = 1000000, WALL_MS = 1700000000, LINES_MAX = 200 };
enum { PLAN_SENDS, PLAN_IGNORES, PLAN_REFUSES, PLAN_WAITS };

extern int64_t now_ms;     /* the clock: it moves when nothing else can happen */
extern const char *script; /* answers still to come: "claimed;sent 1;ok;finished 5" */
extern char trace[2000];   /* what was asked for, and how it ended: "claim sent post finish:ok" */
extern int plan;           /* what the flow decides, PLAN_ */
extern int decisions;      /* so often was it asked */
extern struct stream stream;
extern struct posting posting;
extern struct worker worker;
extern struct input_topic topic;
extern struct partition partition;

/* The script's other side, for worlds that build on this one (test_facts_world.h). */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void asked_redis(redis_done done, void *user); /* the next answer of the script is its */
/* What a world adds, NULL: nothing. A plan of its own; what Prima answers; how a question is noted. */
extern int (*more_plans)(struct fact *facts, size_t fact_count, struct arena *arena,
                         struct flow_plan *ret_plan);
extern bool (*more_answers)(const char *words, struct prima_reply *ret_reply);
extern void (*more_questions)(enum prima_type type, const char *request, size_t size);

/* cmocka group fixtures. */
int set_up(void **state);
int tear_down(void **state);

/* One partition of one worker, and its end: whoever still waits for an answer gets none. */
void begin_world(void);
void end_world(void);
bool step(void); /* as the worker's turn does; false: nothing more happens */
/* A record of the partition that was just decoded. */
struct record *decoded(bool cancels, bool resolve_first);

/* One record's way: what is answered, and what it asks for and ends as. */
struct way {
    const char *name, *script, *trace;
    int plan;
    bool cancels, is_empty, resolve_first, is_old;
    bool is_shared;     /* Prima accepts a second document */
    bool decides_ahead; /* before the claim */
};
void walk(const struct way *way);

#define WALK(ways)                                                                                 \
    for (size_t i = 0; i < sizeof(ways) / sizeof *(ways); i++)                                     \
    walk(&(ways)[i])

#endif
