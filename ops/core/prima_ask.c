/* One question to Prima: the workers' own client, on a loop that lasts as long as the question. */
#include "core/prima_ask.h"

#include "prima/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 256 * 1024 };

/* Takes the answer, which lives until it returns. */
typedef void (*ask_take)(void *into, const struct prima_reply *reply);

struct asking {
    uv_loop_t loop;
    ask_take take;
    void *into;
};

static void ask_reply(void *user, const struct prima_reply *reply)
{
    struct asking *a = user;
    a->take(a->into, reply);
    uv_stop(&a->loop);
}

static int ask(const struct config *config, enum prima_type asks, const char *company,
               const struct buf *request, ask_take take, void *into,
               struct config_message *ret_message)
{
    struct asking asking = {.take = take, .into = into};
    struct prima_client *client = NULL;

    if (uv_loop_init(&asking.loop) != 0)
        abort();
    const int rc = prima_client_new(&asking.loop, config, &client, ret_message) == 0 ? 0 : -EINVAL;
    if (rc == 0) {
        prima_client_only_reads(client);
        prima_client_send(client, asks, company, request->data, request->size, ask_reply, &asking);
        (void)uv_run(&asking.loop, UV_RUN_DEFAULT);
    }
    prima_client_free(client);
    (void)uv_run(&asking.loop, UV_RUN_DEFAULT); /* its handles close */
    (void)uv_loop_close(&asking.loop);
    return rc;
}

/* ---- a document ---- */

static void take_status(void *into, const struct prima_reply *reply)
{
    struct prima_answer *answer = into;
    *answer = (struct prima_answer){.fate = reply->fate, .http_status = reply->http_status};
    (void)snprintf(answer->status, sizeof answer->status, "%s",
                   reply->order_status != NULL ? reply->order_status : "");
}

int prima_ask(const struct config *config, enum prima_type asks, const char *company,
              const struct buf *request, struct prima_answer *ret_answer,
              struct config_message *ret_message)
{
    struct prima_answer answer = {.fate = PRIMA_NOT_SENT};
    const int rc = ask(config, asks, company, request, take_status, &answer, ret_message);
    if (rc == 0)
        *ret_answer = answer;
    return rc;
}

int prima_ask_status(const struct config *config, const char *company, const char *order_number,
                     struct prima_answer *ret_answer, struct config_message *ret_message)
{
    struct buf request;
    int rc = -EINVAL;
    buf_init(&request, REQUEST_MAX);
    if (prima_request_order_status(order_number, &request) != 0)
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "'%.80s' cannot be an order number", order_number);
    else
        rc = prima_ask(config, PRIMA_ORDER_STATUS, company, &request, ret_answer, ret_message);
    buf_release(&request);
    return rc;
}

/* ---- products ---- */

/* Into the answer's own texts, one behind the other. */
static const char *text_keep(char **at, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static void take_products(void *into, const struct prima_reply *reply)
{
    struct prima_products_answer *answer = into;
    size_t size = 1;
    answer->fate = reply->fate;
    for (size_t i = 0; i < reply->product_count; i++) {
        size += strlen(reply->products[i].product) + 1;
        for (size_t m = 0; m < 4; m++)
            size += strlen(reply->products[i].matrix[m]) + 1;
    }
    answer->rows = calloc(reply->product_count + 1, sizeof *answer->rows);
    char *at = answer->texts = malloc(size);
    if (answer->rows == NULL || answer->texts == NULL)
        return;
    for (size_t i = 0; i < reply->product_count; i++) {
        answer->rows[i].product = text_keep(&at, reply->products[i].product);
        for (size_t m = 0; m < 4; m++)
            answer->rows[i].matrix[m] = text_keep(&at, reply->products[i].matrix[m]);
    }
    answer->count = reply->product_count;
}

int prima_ask_products(const struct config *config, const char *company,
                       const struct prima_sku skus[], size_t count,
                       struct prima_products_answer *ret_answer, struct config_message *ret_message)
{
    struct buf request;
    int rc = -EINVAL;
    *ret_answer = (struct prima_products_answer){.fate = PRIMA_NOT_SENT};
    buf_init(&request, REQUEST_MAX);
    if (prima_request_product_read(skus, count, &request) != 0)
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "a product's code cannot be asked for");
    else
        rc = ask(config, PRIMA_PRODUCT_READ, company, &request, take_products, ret_answer,
                 ret_message);
    buf_release(&request);
    if (rc == 0 && ret_answer->fate == PRIMA_OK &&
        (ret_answer->rows == NULL || ret_answer->texts == NULL))
        rc = -ENOMEM;
    return rc;
}

void prima_products_release(struct prima_products_answer *answer)
{
    free(answer->rows);
    free(answer->texts);
}
