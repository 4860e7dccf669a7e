/* A poster's life and memory; see post.h. Transfers, with their easy handles and buffers, are used again and again. */
#include "prima/post.h"

#include "prima/post_internal.h"

#include <errno.h>

enum { KEPT_BYTES = 64 * 1024 }; /* a spare transfer's buffers, at most */

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

void post_free_transfer(struct transfer *t)
{
    if (t->easy != NULL)
        curl_easy_cleanup(t->easy);
    unref_headers(t->headers);
    buf_release(&t->body);
    buf_release(&t->reply);
    free(t);
}

void post_release(struct poster *p)
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
    p->connections_max = o->connections_max;
    p->reply_bytes_max = o->reply_bytes_max;
    p->easies = calloc((size_t)o->connections_max, sizeof(CURL *));
    return p->easies != NULL && p->fixed_headers != NULL && p->tls_ca != NULL && p->tls_cert != NULL && p->tls_key != NULL;
}

/* Once, instead of for each request: a sixth of libcurl's work. */
static int parse_url(struct poster *p, const char *url)
{
    p->url = curl_url();
    const CURLUcode code = p->url != NULL ? curl_url_set(p->url, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
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
        post_release(p);
        return parsed;
    }
    if (!copy_options(p, options) || poster_set_header(p, NULL) < 0 || (p->multi = curl_multi_init()) == NULL) {
        post_release(p);
        return -ENOMEM;
    }
    const long connections = (long)p->connections_max;
    (void)curl_multi_setopt(p->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    (void)curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    (void)curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, connections); /* all stay for reuse */
    post_loop_attach(p);
    *ret_poster = p;
    return 0;
}

static void free_list(struct poster *p, struct transfer *list, bool is_on_wire)
{
    for (struct transfer *t = list, *next; t != NULL; t = next) {
        next = t->next;
        if (is_on_wire)
            (void)curl_multi_remove_handle(p->multi, t->easy);
        post_free_transfer(t);
    }
}

void post_close(struct poster *p)
{
    free_list(p, p->under_way.first, true);
    free_list(p, p->waiting.first, false);
    free_list(p, p->ended.first, false);
    free_list(p, p->spare, false);
    while (p->easy_count > 0)
        curl_easy_cleanup(p->easies[--p->easy_count]);
    (void)curl_multi_cleanup(p->multi);
    post_loop_close(p);
}

void poster_free(struct poster *p)
{
    if (p == NULL)
        return;
    p->is_freed = true;
    if (!p->is_answering)
        post_close(p);
}

struct transfer *post_take_transfer(struct poster *p)
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

void post_put_back(struct poster *p, struct transfer *t)
{
    unref_headers(t->headers);
    t->headers = NULL;
    if (p->spare_count >= (size_t)p->connections_max) {
        post_free_transfer(t);
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

size_t poster_in_flight(const struct poster *p)
{
    return p->in_flight;
}
