/* What is done about what happened: the actions that the life table names, by the file that has them. Each ends by an event (life_happens),
 * at once or when an answer comes. Loop thread only. */
#ifndef PRIMAFLOW_ACTS_H
#define PRIMAFLOW_ACTS_H

#include "runtime/life.h"

enum life_state record_state(const struct record *record);
void record_set_state(struct record *record, enum life_state state);

/* claim.c: the key in Redis */
void act_enter_lane(struct record *r);
void act_claim(struct record *r);
void act_wait_for_key(struct record *r);

/* decide.c, facts.c, customers.c: what to send */
void act_decide(struct record *r);
void act_find_facts(struct record *r);

/* send.c: the request */
void act_store_request(struct record *r);
void act_wait_to_send(struct record *r);
void act_post(struct record *r);
void act_mark_answered(struct record *r);
void act_finish(struct record *r);
void act_refuse(struct record *r);
void act_park(struct record *r);

/* resolve.c: does Prima have it? */
void act_resolve(struct record *r);
void act_wait_to_ask(struct record *r);
void act_mark_absent(struct record *r);

/* settle.c: the terminal messages */
void act_publish_posted(struct record *r);
void act_publish_duplicate(struct record *r);
void act_publish_conflict(struct record *r);
void act_publish_outcome(struct record *r);
void act_dead_letter(struct record *r);
void act_retry(struct record *r);   /* defers the key, so that later records of it follow */
void act_forward(struct record *r); /* settles into a retry topic */
void act_forget(struct record *r);
void act_defect(struct record *r, enum life_event event);

#endif
