/* Shared pieces of the client's tests; see harness.h. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { OVERRIDES_MAX = 20 };

void harness_init(struct harness *h, int port, bool tls, const char *const *overrides)
{
    *h = (struct harness){.config = NULL};
    char url[100];
    (void)snprintf(url, sizeof url, "prima.url=http%s://127.0.0.1:%d/wsalive/wsalive",
                   tls ? "s" : "", port);
    const char *all[OVERRIDES_MAX] = {url, "prima.deadline.new_order=3s",
                                      "prima.deadline.order_status=3s"};
    size_t count = 3;
    for (; overrides != NULL && *overrides != NULL; overrides++) {
        assert_true(count < OVERRIDES_MAX);
        all[count++] = *overrides;
    }
    struct config_message message = {.text = ""};
    if (config_load(NULL, all, count, &h->config, &message) < 0)
        fail_msg("config: %s", message.text);
    assert_int_equal(uv_loop_init(&h->loop), 0);
    if (prima_client_new(&h->loop, h->config, &h->client, &message) < 0)
        fail_msg("client: %s", message.text);
}

void harness_release(struct harness *h)
{
    prima_client_free(h->client);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&h->loop), 0);
    config_free(h->config);
}

static void on_answer(void *user, const struct prima_reply *r)
{
    struct answer *a = user;
    a->calls++;
    a->fate = r->fate;
    a->code = r->code;
    a->http_status = r->http_status;
    a->is_soap_fault = r->is_soap_fault;
    a->is_primas_own = r->is_primas_own;
    a->retry_after_ms = r->retry_after_ms;
    a->took_us = r->took_us;
    (void)snprintf(a->words, sizeof a->words, "%s", r->words);
    (void)snprintf(a->order_status, sizeof a->order_status, "%s",
                   r->order_status != NULL ? r->order_status : "");
    (void)snprintf(a->echo, sizeof a->echo, "%s", r->echo != NULL ? r->echo : "");
    (void)snprintf(a->account, sizeof a->account, "%s",
                   r->account_count > 0 ? r->accounts[0].account : "");
    a->account_count = r->account_count;
    a->document_count = r->document_count;
    a->pages = r->pages;
    a->lines = r->document_count > 0 ? r->documents[0].line_count : 0;
    (void)snprintf(a->number, sizeof a->number, "%s",
                   r->document_count > 0 ? r->documents[0].number : "");
    (void)snprintf(a->gross, sizeof a->gross, "%s",
                   r->document_count > 0 ? r->documents[0].gross : "");
    a->product_count = r->product_count;
    if (++a->harness->answered == a->harness->wanted)
        uv_stop(&a->harness->loop);
}

void harness_send(struct harness *h, enum prima_type type, const char *request,
                  struct answer *answer)
{
    answer->harness = h;
    const size_t answered = h->answered;
    prima_client_send(h->client, type, "1", request, strlen(request), on_answer, answer);
    assert_int_equal(h->answered, answered); /* never from inside */
}

static void on_too_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_stop(timer->loop);
}

void harness_wait(struct harness *h, size_t count)
{
    bool is_late = false;
    uv_timer_t watchdog;
    (void)uv_timer_init(&h->loop, &watchdog);
    watchdog.data = &is_late;
    (void)uv_timer_start(&watchdog, on_too_late, 10000, 0);
    h->wanted = count;
    if (h->answered < count)
        (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&watchdog, NULL);
    (void)uv_run(&h->loop, UV_RUN_NOWAIT);
    assert_false(is_late);
    assert_int_equal(h->answered, count);
}

struct answer harness_ask(struct harness *h, enum prima_type type, const char *request)
{
    struct answer a = {.calls = 0};
    harness_send(h, type, request, &a);
    harness_wait(h, h->answered + 1);
    assert_int_equal(a.calls, 1);
    return a;
}

const char *harness_reply(const char *inner)
{
    static _Thread_local char reply[64 * 1024];
    char body[32 * 1024];
    size_t size = (size_t)snprintf(
        body, sizeof body,
        "<?xml version=\"1.0\"?><SOAP-ENV:Envelope "
        "xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>"
        "<ns1:comwsomhandlerResponse xmlns:ns1=\"urn:omlink\"><result>");
    for (; *inner != '\0'; inner++)
        size += (size_t)snprintf(body + size, sizeof body - size,
                                 *inner == '<'   ? "&lt;"
                                 : *inner == '&' ? "&amp;"
                                                 : "%c",
                                 *inner);
    (void)snprintf(body + size, sizeof body - size,
                   "</result></ns1:comwsomhandlerResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>");
    (void)snprintf(
        reply, sizeof reply,
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(body), body);
    return reply;
}
