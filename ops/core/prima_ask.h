/* One question to Prima, blocking: does it have a document of this number, and in what state? One
 * thread. */
#ifndef PRIMAFLOW_OPS_PRIMA_ASK_H
#define PRIMAFLOW_OPS_PRIMA_ASK_H

#include "base/buf.h"
#include "config/config.h"
#include "prima/client.h"
#include "prima/request.h"

struct prima_answer {
    enum prima_fate fate;
    int http_status;
    char status[48]; /* PRIMA_OK: "Despatched", ... or "" */
};

/* 0 with *ret_answer; -EINVAL with the message: configuration or number are not such that Prima
 * could be asked. */
__attribute__((warn_unused_result)) int prima_ask_status(const struct config *config,
                                                         const char *company,
                                                         const char *order_number,
                                                         struct prima_answer *ret_answer,
                                                         struct config_message *ret_message);

/* The same of any flow's document: `request` is its status request, of type `asks`. */
__attribute__((warn_unused_result)) int prima_ask(const struct config *config, enum prima_type asks,
                                                  const char *company, const struct buf *request,
                                                  struct prima_answer *ret_answer,
                                                  struct config_message *ret_message);

/* Which of these products Prima has: a row for each that it has. Texts are the answer's own. */
struct prima_products_answer {
    enum prima_fate fate;
    struct prima_product *rows;
    size_t count;
    char *texts;
};
/* 0 with *ret_answer, which prima_products_release releases whatever is returned; -EINVAL as above, or
 * a product that cannot be asked for; -ENOMEM. */
__attribute__((warn_unused_result)) int prima_ask_products(
    const struct config *config, const char *company, const struct prima_sku skus[], size_t count,
    struct prima_products_answer *ret_answer, struct config_message *ret_message);
void prima_products_release(struct prima_products_answer *answer);

#endif
