/* One question to Prima: the workers' own client, on a loop that lasts as long as the question. */
#include "core/prima_ask.h"

#include "prima/request.h"

#include <errno.h>

enum { REQUEST_MAX = 64 * 1024 };

struct asking {
    uv_loop_t loop;
    struct prima_answer answer;
};

static void ask_reply(void *user, const struct prima_reply *reply)
{
    struct asking *a = user;
    a->answer = (struct prima_answer){.fate = reply->fate, .http_status = reply->http_status};
    (void)snprintf(a->answer.status, sizeof a->answer.status, "%s",
                   reply->order_status != NULL ? reply->order_status : "");
    uv_stop(&a->loop);
}

int prima_ask(const struct config *config, enum prima_type asks, const char *company,
              const struct buf *request, struct prima_answer *ret_answer,
              struct config_message *ret_message)
{
    struct asking asking = {.answer = {.fate = PRIMA_NOT_SENT}};
    struct prima_client *client = NULL;

    if (uv_loop_init(&asking.loop) != 0)
        abort();
    const int rc = prima_client_new(&asking.loop, config, &client, ret_message) == 0 ? 0 : -EINVAL;
    if (rc == 0) {
        prima_client_only_reads(client);
        prima_client_send(client, asks, company, request->data, request->size, ask_reply, &asking);
        (void)uv_run(&asking.loop, UV_RUN_DEFAULT);
        *ret_answer = asking.answer;
    }
    prima_client_free(client);
    (void)uv_run(&asking.loop, UV_RUN_DEFAULT); /* its handles close */
    (void)uv_loop_close(&asking.loop);
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
