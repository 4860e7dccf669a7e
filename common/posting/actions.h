/* What is done about what happened: the actions that transitions.c names, by the file that has
 * them. Each ends by an event (record_transition), at once or when an answer comes. Loop thread only. */
#ifndef PRIMAFLOW_ACTIONS_H
#define PRIMAFLOW_ACTIONS_H

#include "posting/record_state.h"

/* claim.c: the key in Redis */
void act_enter_lane(struct record *r);
void act_claim(struct record *r);
void act_claim_later(struct record *r); /* after r->wait_ms */
void act_wait_for_key(struct record *r);
void act_release_mark(struct record *r);

/* decide.c, facts.c, customers.c: what to send */
void act_decide(struct record *r);
void act_find_facts(struct record *r);

/* send.c: the request */
void act_store_request(struct record *r);
void act_wait_to_send(struct record *r);
void act_post(struct record *r);
void act_mark_answered(struct record *r);
void act_mark_told_no(struct record *r);
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
void act_find_former(struct record *r);
void act_publish_later(struct record *r);
void act_publish_outcome(struct record *r);
void act_dead_letter(struct record *r);
void act_retry(struct record *r);     /* defers the key, so that later records of it follow */
void act_forward(struct record *r);   /* settles into a retry topic */
void act_pass_over(struct record *r); /* settles without a message */
void act_forget(struct record *r);

#endif
