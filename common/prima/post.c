/* A poster's life, its memory and its queue; see post.h. Transfers, with their easy handles and
 * buffers, are used again and again.
 *
 * A transfer's way: waiting -> under way -> ended -> answered. One that cannot be begun ends at
 * once. libcurl would queue what has no connection by itself, but keeps no deadline for it (7.88):
 * so the queue is ours, and libcurl gets no more than connections_max at a time. */
#include "prima/post.h"

#include "base/clock.h"
#include "prima/post_internal.h"

#include <errno.h>
#include <strings.h>

enum { KEPT_BYTES = 64 * 1024 }; /* a spare transfer's buffers, at most */

/* ---- memory ---- */

static void unref_headers(struct header_list *h)
{
    if (h == NULL || --h->references > 0)
        return;
    for (struct curl_slist *item = h->list; item != NULL; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(h->list);
    free(h);
}

static bool append_header(struct header_list *h, const char *text)
{
    struct curl_slist *longer = curl_slist_append(h->list, text);
    if (longer != NULL)
        h->list = longer;
    return longer != NULL;
}

int poster_set_header(struct poster *p, const char *header)
{
    struct header_list *h = calloc(1, sizeof *h);
    if (h == NULL)
        return -ENOMEM;
    h->references = 1;
    bool is_whole = append_header(h, "Expect:"); /* never wait for 100-continue */
    for (char **fixed = p->fixed_headers; is_whole && *fixed != NULL; fixed++)
        is_whole = append_header(h, *fixed);
    if (is_whole && header != NULL && header[0] != '\0')
        is_whole = append_header(h, header);
    if (!is_whole) {
        unref_headers(h);
        return -ENOMEM;
    }
    unref_headers(p->headers);
    p->headers = h;
    return 0;
}

static void free_transfer(struct transfer *t)
{
    if (t->easy != NULL)
        curl_easy_cleanup(t->easy);
    unref_headers(t->headers);
    buf_release(&t->body);
    buf_release(&t->reply);
    free(t);
}

static void release_poster(struct poster *p)
{
    unref_headers(p->headers);
    for (char **header = p->fixed_headers; header != NULL && *header != NULL; header++)
        free(*header);
    free(p->fixed_headers);
    free(p->watches);
    free(p->easies);
    curl_url_cleanup(p->url);
    free(p->tls_ca);
    free(p->tls_cert);
    free(p->tls_key);
    free(p);
}

static struct transfer *take_transfer(struct poster *p)
{
    struct transfer *t = p->spare;
    if (t != NULL) {
        p->spare = t->next;
        p->spare_count--;
        return t;
    }
    t = calloc(1, sizeof *t);
    if (t == NULL)
        abort(); /* see post_begin in post.h */
    t->poster = p;
    buf_init(&t->body, SIZE_MAX / 2);
    buf_init(&t->reply, p->reply_bytes_max);
    return t;
}

static void put_back(struct poster *p, struct transfer *t)
{
    unref_headers(t->headers);
    t->headers = NULL;
    if (p->spare_count >= (size_t)p->connections_max) {
        free_transfer(t);
        return;
    }
    if (t->body.room > KEPT_BYTES)
        buf_release(&t->body);
    if (t->reply.room > KEPT_BYTES)
        buf_release(&t->reply);
    t->next = p->spare;
    p->spare = t;
    p->spare_count++;
}

static void free_list(struct poster *p, struct transfer *list, bool is_on_wire)
{
    for (struct transfer *t = list, *next; t != NULL; t = next) {
        next = t->next;
        if (is_on_wire)
            (void)curl_multi_remove_handle(p->multi, t->easy);
        free_transfer(t);
    }
}

static void close_now(struct poster *p)
{
    free_list(p, p->under_way.first, true);
    free_list(p, p->waiting.first, false);
    free_list(p, p->ended.first, false);
    free_list(p, p->spare, false);
    while (p->easy_count > 0)
        curl_easy_cleanup(p->easies[--p->easy_count]);
    (void)curl_multi_cleanup(p->multi);
    post_loop_close(p, release_poster);
}

/* ---- the queue ---- */

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

static void prima_post_end(struct poster *p, struct transfer *t, const struct post_result *result)
{
    t->result = *result;
    push(&p->ended, t);
    post_loop_defer(p, 0);
}

static void post_fail(struct poster *p, struct transfer *t)
{
    prima_post_end(
        p, t,
        &(const struct post_result){.end = POST_NOT_SENT, .body = "", .connection = {.fd = -1}});
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
    const int64_t left = t->deadline_ms - clock_boot_ms();
    return left <= 0 ? 0 : left;
}

static bool post_start(struct poster *p, struct transfer *t)
{
    const int64_t left = left_ms(t);
    if (left == 0 || (t->easy = take_easy(p)) == NULL)
        return false;
    post_easy_serve(t->easy, t);
    t->headers = p->headers;
    t->headers->references++;
    return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers->list) == CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.size) ==
               CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body.data) == CURLE_OK &&
           curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left) == CURLE_OK &&
           curl_multi_add_handle(p->multi, t->easy) == CURLM_OK;
}

/* Gives libcurl what waits, as far as there is room. */
static void start_waiting(struct poster *p)
{
    while (p->waiting.first != NULL && p->on_wire < (size_t)p->connections_max) {
        struct transfer *t = p->waiting.first;
        take_out(&p->waiting, t);
        if (post_start(p, t)) {
            push(&p->under_way, t);
            p->on_wire++;
            if (t->deadline_ms < p->nearest_deadline_ms)
                p->nearest_deadline_ms = t->deadline_ms;
        } else {
            put_back_easy(p, t);
            post_fail(p, t);
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
            post_fail(p, t);
        } else if (nearest_ms < 0 || left < nearest_ms) {
            nearest_ms = left;
        }
    }
    if (nearest_ms >= 0)
        post_loop_defer(p, nearest_ms);
}

void post_begin(struct poster *p, const char *body, size_t size, int64_t deadline_ms,
                post_done done, void *user)
{
    post_begin_arriving(p, body, size, deadline_ms, NULL, done, user);
}

void post_begin_arriving(struct poster *p, const char *body, size_t size, int64_t deadline_ms,
                         post_arrived arrived, post_done done, void *user)
{
    struct transfer *t = take_transfer(p);
    buf_clear(&t->body);
    buf_clear(&t->reply);
    buf_append(&t->body, body, size);
    t->header_bytes = 0;
    t->deadline_ms = clock_boot_ms() + deadline_ms;
    t->may_have_left = t->is_sent = t->is_lost = t->has_retry_after = false;
    t->socket = NULL;
    t->charset[0] = '\0';
    t->arrived = arrived;
    t->done = done;
    t->user = user;
    p->in_flight++;
    if (t->body.failed || size == 0) {
        post_fail(p, t);
        return;
    }
    push(&p->waiting, t);
    start_waiting(p);
    if (p->waiting.last == t)
        post_loop_defer(p, deadline_ms);
}

/* Takes it off libcurl's hands. A request is "not sent" only when libcurl was never allowed to send
 * it: whatever it reports of bytes and errors after that, some may have left. */
static void post_collect(struct poster *p, struct transfer *t, bool is_answered)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    is_answered = is_answered && !t->is_lost;
    const struct post_result result = {
        .end = is_answered        ? POST_ANSWERED
               : t->may_have_left ? POST_LOST
                                  : POST_NOT_SENT,
        .status = (int)status,
        .body = t->reply.data,
        .size = t->reply.size,
        .charset = t->charset[0] != '\0' ? t->charset : NULL,
        .retry_after = t->has_retry_after ? t->retry_after : NULL,
        .connection = post_socket_of(t),
        .took_us = t->may_have_left ? (int64_t)(uv_hrtime() - t->leaving_ns) / 1000 : 0,
    };
    post_socket_end(t, is_answered);
    (void)curl_multi_remove_handle(p->multi, t->easy);
    take_out(&p->under_way, t);
    p->on_wire--;
    put_back_easy(p, t);
    prima_post_end(p, t, &result);
}

static void expire_under_way(struct poster *p)
{
    const int64_t now = clock_boot_ms();
    if (now < p->nearest_deadline_ms)
        return;
    p->nearest_deadline_ms = INT64_MAX;
    for (struct transfer *t = p->under_way.first, *next; t != NULL; t = next) {
        next = t->next;
        if (t->deadline_ms <= now)
            post_collect(p, t,
                         false); /* libcurl closes the connection of a request that it gives back
                                     unfinished */
        else if (t->deadline_ms < p->nearest_deadline_ms)
            p->nearest_deadline_ms = t->deadline_ms;
    }
}

void poster_abandon(struct poster *p)
{
    while (p->under_way.first != NULL)
        post_collect(p, p->under_way.first, false);
    while (p->waiting.first != NULL) {
        struct transfer *t = p->waiting.first;
        take_out(&p->waiting, t);
        post_fail(p, t);
    }
}

static void collect_ended(struct poster *p)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(p->multi, &left)) != NULL;) {
        struct transfer *t = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        post_collect(p, t, message->data.result == CURLE_OK);
    }
    start_waiting(p);
}

static void answer_ended(struct poster *p)
{
    p->is_answering = true;
    expire_waiting(p);
    struct transfer *list = p->ended.first;
    p->ended = (struct transfer_list){
        .first = NULL}; /* what ends from now on is answered by the loop's next turn */
    for (struct transfer *t = list, *next; t != NULL; t = next) {
        next = t->next;
        if (p->is_freed) {
            free_transfer(t);
            continue;
        }
        p->in_flight--;
        t->done(t->user, &t->result);
        put_back(p, t);
    }
    p->is_answering = false;
    if (p->is_freed)
        close_now(p);
    else
        start_waiting(p);
}

/* libcurl's turn: something is ready, or its time is over. What is past its deadline ends before, for
 * libcurl would send the rest of a request. */
static void on_turn(struct poster *p, int fd, int events)
{
    int running;
    expire_under_way(p);
    (void)curl_multi_socket_action(p->multi, fd, events, &running);
    collect_ended(p);
}

/* ---- life ---- */

static bool copy_options(struct poster *p, const struct poster_options *o)
{
    size_t count = 0;
    while (o->headers[count] != NULL)
        count++;
    p->fixed_headers = calloc(count + 1, sizeof *p->fixed_headers);
    for (size_t i = 0; p->fixed_headers != NULL && i < count; i++)
        if ((p->fixed_headers[i] = strdup(o->headers[i])) == NULL)
            return false;
    p->tls_ca = strdup(o->tls_ca);
    p->tls_cert = strdup(o->tls_cert);
    p->tls_key = strdup(o->tls_key);
    p->connect_timeout_ms = (long)o->connect_timeout_ms;
    p->idle_max_s = (long)(o->idle_max_ms / 1000);
    p->is_plain = strncasecmp(o->url, "http://", strlen("http://")) == 0;
    p->stall_max_ms = o->stall_max_ms;
    p->nearest_deadline_ms = INT64_MAX;
    p->connections_max = o->connections_max;
    p->reply_bytes_max = o->reply_bytes_max;
    p->easies = calloc((size_t)o->connections_max, sizeof(CURL *));
    return p->easies != NULL && p->fixed_headers != NULL && p->tls_ca != NULL &&
           p->tls_cert != NULL && p->tls_key != NULL;
}

/* Once, instead of for each request: a sixth of libcurl's work. */
static int parse_url(struct poster *p, const char *url)
{
    p->url = curl_url();
    const CURLUcode code =
        p->url != NULL ? curl_url_set(p->url, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    return code == CURLUE_OK ? 0 : code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

int poster_new(uv_loop_t *loop, const struct poster_options *options, struct poster **ret_poster)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counts its calls */
        return -ENOMEM;
    struct poster *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->loop = loop;
    const int parsed = parse_url(p, options->url);
    if (parsed < 0) {
        release_poster(p);
        return parsed;
    }
    if (!copy_options(p, options) || poster_set_header(p, NULL) < 0 ||
        (p->multi = curl_multi_init()) == NULL) {
        release_poster(p);
        return -ENOMEM;
    }
    const long connections = (long)p->connections_max;
    (void)curl_multi_setopt(p->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    (void)curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    (void)curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, connections); /* all stay for reuse */
    post_loop_attach(p, on_turn, answer_ended);
    *ret_poster = p;
    return 0;
}

void poster_free(struct poster *p)
{
    if (p == NULL)
        return;
    p->is_freed = true;
    if (!p->is_answering)
        close_now(p);
}

size_t poster_in_flight(const struct poster *p)
{
    return p->in_flight;
}
