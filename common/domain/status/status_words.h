/* How far an order is, from Prima's word for it. Constant after status_words_read: any thread. */
#ifndef PRIMAFLOW_STATUS_WORDS_H
#define PRIMAFLOW_STATUS_WORDS_H

#include "config/config.h"
#include "domain/events/order_status.h"

enum { STATUS_WORDS_MAX = 40, STATUS_WORD_MAX = 60 };

struct status_words { /* the retailer's own, before those that are built in */
    struct {
        char word[STATUS_WORD_MAX + 1];
        enum order_state state;
    } list[STATUS_WORDS_MAX];
    size_t count;
};

/* prima.status_words: "Picking=open, Invoiced=despatched". -EINVAL with the key, what is wrong and
 * the remedy. */
__attribute__((warn_unused_result)) int status_words_read(const struct config *config,
                                                          struct status_words *ret_words,
                                                          struct config_message *ret_message);

/* Case and blanks do not count. NULL or "": open, for Prima has the order. STATE_OTHER: no such word
 * is known. */
enum order_state status_words_state(const struct status_words *words, const char *status);

#endif
