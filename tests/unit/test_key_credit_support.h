/* A small language for tests of the reservation of credit: what happens to the refunds of one order.
 *
 * A row's steps are separated by ';'. A small letter is a refund (its K, and its delivery), a digit
 * a token; numbers of sends are numbers; capital letters are contents, whose summary is "sum" and
 * the letter:
 *   at 10                          the rebuild sets the position
 *   look                           what the next decisions are made on
 *   claim a 1 [d=x] [p=x]          by delivery x, that redrives x
 *   claimsent a 1 5 A              both in one step
 *   sent a 1 5 A                   on what `look` said, or on s=STAMP ('-' none); by a table that
 *                                  has read to 100, or read=N
 *   answered a 1 5 / exists a 1 5
 *   refuse a 1 5 / refuse a 1 -1   the latter because too little remains, by read=N; read=-1: other
 *                                  reasons
 *   finish a 1 ok|found|adopt A [other]
 *   absent a 1 [anew] [over]       over: by process p, who is the sender
 *   park a 1 / renew a 1 / defer a 1 / release a 1
 *   done a 5 20 [told]             the ledger has a's record: number 5, position 20; told: and
 *                                  delivery a's result is committed
 *   block x / unblock x 20         by x, who amends the order
 *   show                           to a person
 *   person take|adopt|discard a 9  a person's word about a parked one
 *   restore a A                    posted, as the rebuild restores it
 *   set lease=N window=N marker=M newmarker=M block=N
 *   spoil                          another tool's value stands where the order's should
 *   garble                         ... or in it
 *
 * Every step runs twice with the same arguments, as a healed connection may do: answer and state must
 * be the same again.
 *
 * Answers are the verdict; `known`, `moved`, `claimed`: position, stamp, "blocked", reservations; `finished`,
 * `parked`, `posted own`: "#" and the reservation's number, and "told" without a summary. Numbers that Redis' clock made are '+'. The state is
 *   stamp reservations [blocked by x] at POSITION, states of the keys
 * e.g. "5 a#5:sumA at 10, a=s"; "none" when the order has no record. */
#ifndef PRIMAFLOW_TEST_KEY_CREDIT_SUPPORT_H
#define PRIMAFLOW_TEST_KEY_CREDIT_SUPPORT_H

#include "test_idempotency_support.h"

struct credit_row {
    const char *name, *steps, *answer, *state;
};

int credit_set_up(void **state);
int credit_tear_down(void **state);

void credit_rows_run(const struct credit_row *rows, size_t count);

/* One step after another, for tests that make them up: answer and state as above. */
void credit_begin(void);
void credit_step(const char *step, char answer[static 600], char state[static 400]);

#endif
