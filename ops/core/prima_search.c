/* OrderSearch, page by page; see prima_search.h. */
#include "core/prima_search.h"

#include "prima/request.h"

#include <errno.h>
#include <stdarg.h>
#include <time.h>

enum {
    REQUEST_MAX = 16 * 1024,
    TRIES_MAX = 6,
    WAIT_MS = 1000,
    WAIT_MS_MAX = 60000,
    NUMBER_MAX = 64
};

struct search {
    uv_loop_t loop;
    struct prima_client *client;
    const char *company;
    prima_search_each each;
    void *user;
    struct config_message *message;
    /* of the page that was asked for */
    enum prima_fate fate;
    int http_status;
    int64_t retry_after_ms, pages;
    size_t documents;
    char first[NUMBER_MAX], first_before[NUMBER_MAX];
};

static void search_reply(void *user, const struct prima_reply *reply)
{
    struct search *s = user;
    s->fate = reply->fate;
    s->http_status = reply->http_status;
    s->retry_after_ms = reply->retry_after_ms;
    s->pages = reply->pages;
    s->documents = reply->document_count;
    (void)snprintf(s->first, sizeof s->first, "%s",
                   reply->document_count > 0 ? reply->documents[0].number : "");
    const bool again = s->documents > 0 && strcmp(s->first, s->first_before) == 0;
    for (size_t i = 0; reply->fate == PRIMA_OK && !again && i < reply->document_count; i++)
        s->each(s->user, s->company, &reply->documents[i]);
    uv_stop(&s->loop);
}

__attribute__((format(printf, 3, 4))) static int search_fail(struct search *s, int rc,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->message->text, sizeof s->message->text, format, args);
    va_end(args);
    return rc;
}

static void search_rest(int64_t ms)
{
    const int64_t wait = ms <= 0 ? WAIT_MS : ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX;
    (void)nanosleep(&(struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000},
                    NULL);
}

/* One page; "not now" is obeyed a few times. */
static int search_ask(struct search *s, const struct buf *request)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (tries > 0)
            search_rest(s->retry_after_ms);
        prima_client_send(s->client, PRIMA_ORDER_SEARCH, s->company, request->data, request->size,
                          search_reply, s);
        (void)uv_run(&s->loop, UV_RUN_DEFAULT);
        if (s->fate == PRIMA_OK || s->fate == PRIMA_ABSENT)
            return 0;
        if (s->fate != PRIMA_NOT_ACCEPTED)
            break;
    }
    if (s->fate == PRIMA_NOT_SENT || s->fate == PRIMA_DENIED || s->fate == PRIMA_NOT_ACCEPTED)
        return search_fail(s, -EIO, "Prima query failed: %s; see primaflow doctor",
                           prima_fate_name(s->fate));
    return search_fail(
        s, -EPROTO,
        "Prima does not answer OrderSearch (%s, HTTP %d): does it offer it, and do the "
        "prima.name.* keys fit?",
        prima_fate_name(s->fate),
        s->http_status); /* its words may name people, and are not repeated */
}

static int all_pages(struct search *s, const char *from, const char *to, int page_size)
{
    struct buf request;
    int rc = 0;
    buf_init(&request, REQUEST_MAX);
    for (int page = 1; rc == 0; page++) {
        const struct prima_search wanted = {from, to, page, page_size};
        if (page > PRIMA_PAGES_MAX) {
            rc = search_fail(
                s, -EPROTO,
                "Prima's OrderSearch has more than %d pages; shorten the range (--since)",
                PRIMA_PAGES_MAX);
            break;
        }
        buf_clear(&request);
        rc = prima_request_order_search(prima_client_names(s->client), &wanted, &request);
        if (rc == 0)
            rc = search_ask(s, &request);
        if (rc != 0 || s->documents == 0)
            break;
        if (page > 1 && strcmp(s->first, s->first_before) == 0) {
            rc = search_fail(s, -EPROTO,
                             "Prima's OrderSearch gives the same page again and again: does "
                             "prima.name.search_page name its attribute?");
            break;
        }
        memcpy(s->first_before, s->first, sizeof s->first);
        if (s->pages > 0 ? page >= s->pages : s->documents < (size_t)page_size)
            break;
    }
    buf_release(&request);
    return rc;
}

int prima_search(const struct config *config, const char *company, const char *from, const char *to,
                 int page_size, prima_search_each each, void *user,
                 struct config_message *ret_message)
{
    struct search s = {.company = company, .each = each, .user = user, .message = ret_message};
    if (uv_loop_init(&s.loop) != 0)
        abort();
    int rc = prima_client_new(&s.loop, config, &s.client, ret_message) == 0 ? 0 : -EINVAL;
    if (rc == 0) {
        prima_client_only_reads(s.client);
        rc = all_pages(&s, from, to, page_size);
    }
    prima_client_free(s.client);
    (void)uv_run(&s.loop, UV_RUN_DEFAULT); /* its handles close */
    (void)uv_loop_close(&s.loop);
    return rc;
}
