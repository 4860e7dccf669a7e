/* A world for tests of the scripts: a private Redis, a loop, a keyspace, and a small language in
 * which a row of a table says what happens to a key.
 *
 * A row's steps are separated by ';'. Letters A..Z stand for contents (33 bytes of that letter),
 * digits for tokens and numbers of sends:
 *   claim A 1 d1 [p=d0] [v=3] [g=A] [m=m] [cancels]   goods, money: else the content's letter, m
 *   wait 1 d1 [v=3]
 *   sent 1 1 A
 *   answered 1 1
 *   exists 1 1 d1
 *   no 1 1                               told no
 *   over 1
 *   finish ok|found|adopt 1 A d1 mine|other
 *   refuse 1 1 d1
 *   absent 1 [anew] [over=PROCESS[*]]
 *   park 1 d1 [unknown]
 *   renew 1
 *   release 1
 *   cancel 1 d1
 *   empties 1 d1 v=3                     ... until a newer version
 *   defer d1 [1]
 *   restore p|k|d|x|w|m|a|b|e|n|v A d1 [v=3] [parts] [behind]   without parts: as an earlier version wrote it
 *   amend B d2 v=8                       a person's word that the document holds this version
 *   person look|adopt|take|free|discard A 1 d1 [v=3] [today]   about a parked key, behind world's
 *                                        unproven wait; today: with a summary of today's rules
 *   forget_document                      ... as the tree before took it
 *   set NAME=VALUE...                    unproven lease window fence epoch slot sender marker (what we
 *                                        believe), newmarker newepoch (what Redis has)
 *
 * Every script is run twice with the same arguments, as a healed connection may do; the second
 * answer and what is stored afterwards must equal the first. (`restore` alone answers `kept` then;
 * both mean the same to its caller.)
 *
 * The answer is its words, with F as its letter and times (>= 1000) as '+'. The record is drawn as
 *   state F token lease-sign delivery [F#number@token sign, '!' when told no, ...]
 *   request summary code | deferrals
 * '-' where empty, '?' for an unknown content; '+' lies ahead, '0' does not. "none" when there is
 * no record. Where a posted key's life went on, behind " / ": money, the delivery that moved it, the
 * open amendment's goods, the deliveries that opened it, that had the last word about goods, that
 * ended it, that told of a cancellation, and, where a person has spoken for it, the delivery of the
 * version that the document holds. */
#ifndef PRIMAFLOW_TEST_IDEMPOTENCY_SUPPORT_H
#define PRIMAFLOW_TEST_IDEMPOTENCY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "idempotency/keys.h"
#include "redis/once.h"

struct answer {
    enum verdict verdict;
    char text[400];
    int64_t numbers[REDIS_ITEMS_MAX];
};

struct row {
    const char *name, *steps, *answer, *record;
};

/* cmocka group fixtures: start and end the world. */
int world_set_up(void **state);
int world_set_up_with(void **state, const struct redis_scripts *scripts);
int world_tear_down(void **state);

/* Begins a fresh keyspace (own prefix, marker set, slot taken) and returns it. */
struct keyspace *world_fresh(void);
/* Redis knows our slot's epoch, as after slot.lua's `take`, and has seen more commands than this
 * connection has sent for other keyspaces. */
void world_take_slot(void);
uv_loop_t *world_loop(void);
const char *world_url(void);

/* Runs a row in a fresh keyspace and compares answer and record; fails naming the row. */
void row_run(const struct row *row);
void rows_run(const struct row *rows, size_t count);

/* Steps whose answer alone counts. `raw` puts the bytes of row_raw (a text) where the record is,
 * `list` and `marks` a list where the record and the deferrals are. */
void row_answers(const char *steps, const char *answer);
extern const char *row_raw;

/* The record's name in Redis, of the row that ran last. */
const char *row_key(char *name, size_t room);

/* For tests that call keys_* themselves: pass answer_take as `done` and a struct answer as `user`,
 * then answer_wait. */
void answer_take(void *user, const struct redis_reply *reply);
void answer_begin(struct answer *a);
void answer_wait(struct answer *a);

/* A command by a second, blocking connection; the first item as text, "" for nil, integers in
 * decimal. */
const char *redis_ask(const char *const words[], char text[static 400]);
#define REDIS_ASK(text, ...) redis_ask((const char *const[]){__VA_ARGS__, NULL}, text)

#endif
