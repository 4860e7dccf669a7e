/* Orders whose channel sends them whole again at each step of their lives: goods, money and the rest
 * move, versions come twice and in the wrong order. And what must hold of every order's life: at most
 * one open exception, which an equal version closes, and the last goods and money known. */
#ifndef PRIMAFLOW_SIM_LIVES_H
#define PRIMAFLOW_SIM_LIVES_H

#include "endings.h"
#include "orders.h"

/* The steps of one life, in the order in which they are sent; returns how many, at most `room`. */
size_t life_draw(const char *id, struct order steps[], size_t room);
void lives_check(const struct endings *endings, bool redis_was_lost);
/* Once all is at rest: the newest version of each order is sent again, which is no news. */
void lives_ask_again(void);

#endif
