/* A transfer's way: waiting -> under way -> ended -> answered. One that cannot be begun ends at once.
 *
 * libcurl would queue what has no connection by itself, but keeps no deadline for it (7.88): so the queue is ours, and libcurl gets no more
 * than connections_max at a time. */
#include "prima/post_internal.h"

static void push(struct transfer_list *list, struct transfer *t)
{
    t->next = NULL;
    t->previous = list->last;
    if (list->last != NULL)
        list->last->next = t;
    else
        list->first = t;
    list->last = t;
}

static void take_out(struct transfer_list *list, struct transfer *t)
{
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        list->first = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
    else
        list->last = t->previous;
}

static void end(struct poster *p, struct transfer *t, const struct post_result *result)
{
    t->result = *result;
    push(&p->ended, t);
    post_loop_defer(p, 0);
}

static void fail(struct poster *p, struct transfer *t)
{
    end(p, t, &(const struct post_result){.end = POST_NOT_SENT, .body = ""});
}

static CURL *take_easy(struct poster *p)
{
    return p->easy_count > 0 ? p->easies[--p->easy_count] : post_easy_new(p);
}

static void put_back_easy(struct poster *p, struct transfer *t)
{
    if (t->easy == NULL)
        return;
    if (p->easy_count < (size_t)p->connections_max)
        p->easies[p->easy_count++] = t->easy;
    else
        curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

static int64_t left_ms(const struct transfer *t)
{
    const int64_t left_ns = (int64_t)(t->deadline_ns - uv_hrtime());
    return left_ns <= 0 ? 0 : left_ns / 1000000 + 1;
}

static bool start(struct poster *p, struct transfer *t)
{
    const int64_t left = left_ms(t);
    if (left == 0 || (t->easy = take_easy(p)) == NULL)
        return false;
    post_easy_serve(t->easy, t);
    t->headers = p->headers;
    t->headers->references++;
    return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers->list) == CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.size) == CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body.data) == CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left) == CURLE_OK && curl_multi_add_handle(p->multi, t->easy) == CURLM_OK;
}

/* Gives libcurl what waits, as far as there is room. */
static void start_waiting(struct poster *p)
{
    while (p->waiting.first != NULL && p->on_wire < (size_t)p->connections_max) {
        struct transfer *t = p->waiting.first;
        take_out(&p->waiting, t);
        if (start(p, t)) {
            push(&p->under_way, t);
            p->on_wire++;
        } else {
            put_back_easy(p, t);
            fail(p, t);
        }
    }
}

/* Fails what waited past its deadline, and sees to it that we look again in time. */
static void expire_waiting(struct poster *p)
{
    int64_t nearest_ms = -1;
    for (struct transfer *t = p->waiting.first, *next; t != NULL; t = next) {
        next = t->next;
        const int64_t left = left_ms(t);
        if (left == 0) {
            take_out(&p->waiting, t);
            fail(p, t);
        } else if (nearest_ms < 0 || left < nearest_ms) {
            nearest_ms = left;
        }
    }
    if (nearest_ms >= 0)
        post_loop_defer(p, nearest_ms);
}

void post_begin(struct poster *p, const char *body, size_t size, int64_t deadline_ms, post_done done, void *user)
{
    struct transfer *t = post_take_transfer(p);
    buf_clear(&t->body);
    buf_clear(&t->reply);
    buf_append(&t->body, body, size);
    t->header_bytes = 0;
    t->deadline_ns = uv_hrtime() + (uint64_t)deadline_ms * 1000000;
    t->is_leaving = t->is_sent = t->is_lost = t->has_retry_after = false;
    t->charset[0] = '\0';
    t->done = done;
    t->user = user;
    p->in_flight++;
    if (t->body.failed || size == 0) {
        fail(p, t);
        return;
    }
    push(&p->waiting, t);
    start_waiting(p);
    if (p->waiting.last == t)
        post_loop_defer(p, deadline_ms);
}

long post_bytes_left(const struct transfer *t)
{
    long bytes = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes;
}

static enum post_end find_end(const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK && !t->is_lost)
        return POST_ANSWERED;
    return post_bytes_left(t) == 0 ? POST_NOT_SENT : POST_LOST;
}

static void collect(struct poster *p, struct transfer *t, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    const struct post_result result = {
        .end = find_end(t, code),
        .status = (int)status,
        .body = t->reply.data,
        .size = t->reply.size,
        .charset = t->charset[0] != '\0' ? t->charset : NULL,
        .retry_after = t->has_retry_after ? t->retry_after : NULL,
        .took_us = t->is_leaving ? (int64_t)(uv_hrtime() - t->leaving_ns) / 1000 : 0,
    };
    (void)curl_multi_remove_handle(p->multi, t->easy);
    take_out(&p->under_way, t);
    p->on_wire--;
    put_back_easy(p, t);
    end(p, t, &result);
}

void post_collect_ended(struct poster *p)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(p->multi, &left)) != NULL;) {
        struct transfer *t = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        collect(p, t, message->data.result);
    }
    start_waiting(p);
}

void post_answer_ended(struct poster *p)
{
    p->is_answering = true;
    expire_waiting(p);
    struct transfer *list = p->ended.first;
    p->ended = (struct transfer_list){.first = NULL}; /* what ends from now on is answered by the loop's next turn */
    for (struct transfer *t = list, *next; t != NULL; t = next) {
        next = t->next;
        if (p->is_freed) {
            post_free_transfer(t);
            continue;
        }
        p->in_flight--;
        t->done(t->user, &t->result);
        post_put_back(p, t);
    }
    p->is_answering = false;
    if (p->is_freed)
        post_close(p);
    else
        start_waiting(p);
}
