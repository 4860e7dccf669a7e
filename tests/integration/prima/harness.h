/* What the tests of Prima's client share: a client with settings of the row's own, and answers that
 * are copied and counted. */
#ifndef PRIMA_HARNESS_H
#define PRIMA_HARNESS_H

#include "prima/client.h"

struct harness;

struct answer {
    struct harness *harness;
    size_t calls; /* of the callback: must come out as 1 */
    enum prima_fate fate;
    enum pf_error code;
    int http_status;
    bool is_soap_fault, is_primas_own;
    int64_t retry_after_ms, took_us;
    char words[301], order_status[64], echo[64], account[64];
    size_t account_count, product_count, document_count;
    int64_t pages;
    size_t lines; /* of the first document */
    char number[64], gross[32];
};

struct harness {
    uv_loop_t loop;
    struct config *config;
    struct prima_client *client;
    size_t answered, wanted; /* harness_wait stops the loop at `wanted` */
};

/* A client of http://127.0.0.1:<port>/wsalive/wsalive (https with `tls`). `overrides` are
 * "key=value", ends with NULL; NULL: none. Fails the test when the client does not come up. */
void harness_init(struct harness *h, int port, bool tls, const char *const *overrides);
/* frees the client and runs the loop dry: whatever keeps it alive fails the test */
void harness_release(struct harness *h);

/* A request of the type for company 1; answer->calls counts, and must live until it does. */
void harness_send(struct harness *h, enum prima_type type, const char *request,
                  struct answer *answer);

/* Runs the loop until `count` answers came in all, or fails the test after ten seconds. */
void harness_wait(struct harness *h, size_t count);

/* One request and its answer. */
struct answer harness_ask(struct harness *h, enum prima_type type, const char *request);

/* HTTP reply with a SOAP envelope around the escaped inner document; static, overwritten by the
 * next call of the same thread. */
const char *harness_reply(const char *inner);
#define OK_REPLY                                                                                   \
    "<Response RequestStatus=\"OK\" RequestError=\"\"><Data OrderNumber=\"1\"/></Response>"

#endif
