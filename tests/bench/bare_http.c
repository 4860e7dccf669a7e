/* POSTs by libcurl's multi interface on the loop: a fixed set of easy handles, kept alive, the
 * reply looked through with strstr. */
#include "bare.h"

#include <curl/curl.h>

enum { REPLY_MAX = 4096, FD_MAX = 1024 };

struct post {
    struct post *next; /* while idle */
    CURL *easy;
    struct order *order;
    char *body;
    size_t room;
    char reply[REPLY_MAX];
    size_t reply_size;
};

struct watch {
    uv_poll_t poll;
    struct http *http;
    int fd;
};

struct http {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct curl_slist *headers;
    const char *url;
    struct post *idle;
    struct watch *watches[FD_MAX];
};

static size_t on_write(char *bytes, size_t size, size_t count, void *user)
{
    struct post *p = user;
    if (p->reply_size + size * count >= sizeof p->reply)
        return 0;
    memcpy(p->reply + p->reply_size, bytes, size * count);
    p->reply_size += size * count;
    return size * count;
}

static struct post *post_new(struct http *h)
{
    struct post *p = calloc(1, sizeof *p);
    if (p == NULL || (p->easy = curl_easy_init()) == NULL)
        bare_die("no memory");
    (void)curl_easy_setopt(p->easy, CURLOPT_URL, h->url);
    (void)curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(p->easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, h->headers);
    (void)curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, 30000L);
    (void)curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
    (void)curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
    return p;
}

void http_post(struct http *h, struct order *o)
{
    struct post *p = h->idle;
    if (p != NULL)
        h->idle = p->next;
    else
        p = post_new(h);
    const size_t size = o->sample->body.size;
    if (p->room < size) {
        free(p->body);
        p->body = malloc(size);
        p->room = size;
        if (p->body == NULL)
            bare_die("no memory");
    }
    p->order = o;
    p->reply_size = 0;
    sample_fill(o->sample, o->number, p->body);
    (void)curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, p->body);
    (void)curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)size);
    if (curl_multi_add_handle(h->multi, p->easy) != CURLM_OK)
        bare_die("libcurl does not take a request");
}

static void answered(struct http *h, struct post *p, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
    p->reply[p->reply_size] = '\0';
    if (code != CURLE_OK || status != 200 ||
        strstr(p->reply, "RequestStatus=&quot;OK&quot;") == NULL)
        bare_die("POST: %s, HTTP %ld: %.600s", curl_easy_strerror(code), status, p->reply);
    (void)curl_multi_remove_handle(h->multi, p->easy);
    p->next = h->idle;
    h->idle = p;
    order_posted(p->order);
}

static void look(struct http *h)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(h->multi, &left)) != NULL;) {
        struct post *p = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&p);
        answered(h, p, message->data.result);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    int running;
    const int action = status < 0 ? CURL_CSELECT_ERR
                                  : ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                                        ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    (void)curl_multi_socket_action(w->http->multi, w->fd, action, &running);
    look(w->http);
}

static void on_timeout(uv_timer_t *timer)
{
    struct http *h = timer->data;
    int running;
    (void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    long left_ms = -1;
    (void)curl_multi_timeout(h->multi, &left_ms);
    if (left_ms >= 0 && uv_is_active((uv_handle_t *)timer) ==
                            0) /* libuv may be a fraction early, and libcurl does not ask again */
        (void)uv_timer_start(timer, on_timeout, left_ms > 0 ? (uint64_t)left_ms : 1, 0);
    look(h);
}

static int on_timer_change(CURLM *multi, long timeout_ms, void *user)
{
    struct http *h = user;
    (void)multi;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&h->timer);
    else
        (void)uv_timer_start(&h->timer, on_timeout, (uint64_t)timeout_ms, 0);
    return 0;
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
    struct http *h = user;
    (void)easy, (void)unused;
    if (fd >= FD_MAX)
        bare_die("more than %d descriptors", FD_MAX);
    struct watch *w = h->watches[fd];
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL)
            (void)uv_poll_stop(&w->poll);
        return 0;
    }
    if (w == NULL) {
        w = h->watches[fd] = calloc(1, sizeof *w);
        if (w == NULL || uv_poll_init(h->loop, &w->poll, fd) != 0)
            bare_die("cannot watch a socket");
        w->poll.data = w;
        w->http = h;
        w->fd = fd;
    }
    (void)uv_poll_start(&w->poll,
                        (what != CURL_POLL_OUT ? UV_READABLE : 0) |
                            (what != CURL_POLL_IN ? UV_WRITABLE : 0),
                        on_ready);
    return 0;
}

struct http *http_new(struct bare *b, const char *url, size_t connections)
{
    static const char *const headers[] = {"Expect:", "Content-Type: text/xml; charset=utf-8",
                                          "Accept: text/xml", "SOAPAction: \"\"",
                                          ("User-Agent: primaflow/" PF_VERSION)};
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (h->multi = curl_multi_init()) == NULL)
        bare_die("no memory");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        h->headers = curl_slist_append(h->headers, headers[i]);
    h->loop = &b->loop;
    h->url = url;
    (void)uv_timer_init(h->loop, &h->timer);
    h->timer.data = h;
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    return h;
}

void http_free(struct http *h)
{
    for (struct post *p = h->idle, *next; p != NULL; p = next) {
        next = p->next;
        curl_easy_cleanup(p->easy);
        free(p->body);
        free(p);
    }
    (void)curl_multi_cleanup(h->multi);
    curl_slist_free_all(h->headers);
}
