/* Puts the pieces together: envelope, post, reply, judgement. See client.h. */
#include "prima/client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "prima/auth.h"
#include "prima/envelope.h"
#include "prima/guard.h"
#include "prima/judge.h"
#include "prima/order_sum.h"
#include "prima/post.h"
#include "prima/retry_after.h"

#include <errno.h>

enum { WORDS_MAX = 300, KEPT_BYTES = 64 * 1024, ARENA_PER_BYTE = 8 /* a row `<sku/>` of 6 bytes takes 40 in memory */ };

struct request {
    struct prima_client *client;
    struct request *next_of_all, *next_spare;
    enum prima_type type;
    prima_done done;
    void *user;
    bool is_refused_here;
};

struct prima_client {
    struct prima_names names;
    struct envelope envelope;
    struct patterns *patterns;
    struct poster *poster;
    struct xml_reader *reader;
    struct buf request;           /* scratch: the envelope to post */
    struct envelope_reply answer; /* scratch: the text that came */
    struct request *all, *spare;  /* all: as many as were ever under way at a time */
    enum not_accepted_503 policy;
    int64_t retry_after_max_ms, deadline_ms[PRIMA_TYPE_COUNT];
    size_t reply_bytes_max;
    const char *auth_file; /* "": none */
    bool is_auth_stale;    /* we were denied: read the file again before the next request */
    bool only_reads;       /* guard.h */
    bool price_of_line;    /* prima.price_basis */
    bool is_answering, is_freed;
};

static int load_auth(struct prima_client *c, struct config_message *ret_message)
{
    if (c->auth_file[0] == '\0')
        return 0;
    char *header = NULL;
    int result = auth_read(c->auth_file, &header, ret_message);
    if (result == 0)
        result = poster_set_header(c->poster, header);
    auth_forget(header);
    return result;
}

static int refuse_url(const char *url, struct config_message *ret_message)
{
    (void)snprintf(ret_message->text, sizeof ret_message->text,
                   "prima.url: \"%.200s\" is no http:// or https:// address; write http://HOST:8080/wsalive/wsalive", url);
    return -EINVAL;
}

static int check_url(const char *url, struct config_message *ret_message)
{
    const bool is_http = strncmp(url, "http://", 7) == 0 && url[7] != '\0', is_https = strncmp(url, "https://", 8) == 0 && url[8] != '\0';
    return is_http || is_https ? 0 : refuse_url(url, ret_message);
}

static int check_readable(const char *key, const char *path, struct config_message *ret_message)
{
    FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;
    if (path[0] == '\0' || file != NULL) {
        if (file != NULL)
            (void)fclose(file);
        return 0;
    }
    (void)snprintf(ret_message->text, sizeof ret_message->text, "%s: %.200s: %s; name a readable PEM file", key, path, strerror(errno));
    return -EINVAL;
}

static int make_poster(struct prima_client *c, uv_loop_t *loop, const struct config *config, struct config_message *ret_message)
{
    char action[1024];
    (void)snprintf(action, sizeof action, "SOAPAction: \"%.900s\"", c->names.soap_action);
    const char *const headers[] = {"Content-Type: text/xml; charset=utf-8", "Accept: text/xml", action,
                                   ("User-Agent: primaflow/" PF_VERSION), NULL};
    const struct poster_options options = {
        .url = config_text(config, CFG_prima_url),
        .headers = headers,
        .connections_max = config_int(config, CFG_prima_connections_max),
        .connect_timeout_ms = config_int(config, CFG_prima_connect_timeout),
        .idle_max_ms = config_int(config, CFG_prima_idle_max),
        .reply_bytes_max = c->reply_bytes_max,
        .tls_ca = config_text(config, CFG_prima_tls_ca),
        .tls_cert = config_text(config, CFG_prima_tls_cert),
        .tls_key = config_text(config, CFG_prima_tls_key),
    };
    if (check_url(options.url, ret_message) < 0 || check_readable("prima.tls.ca", options.tls_ca, ret_message) < 0 ||
        check_readable("prima.tls.cert", options.tls_cert, ret_message) < 0 ||
        check_readable("prima.tls.key", options.tls_key, ret_message) < 0)
        return -EINVAL;
    const int result = poster_new(loop, &options, &c->poster);
    if (result == -EINVAL)
        return refuse_url(options.url, ret_message);
    return result < 0 ? result : load_auth(c, ret_message);
}

static void read_numbers(struct prima_client *c, const struct config *config)
{
    static const enum config_key deadlines[PRIMA_TYPE_COUNT] = {
        [PRIMA_NEW_ORDER] = CFG_prima_deadline_new_order,
        [PRIMA_ORDER_STATUS] = CFG_prima_deadline_order_status,
        [PRIMA_CUSTOMER_SEARCH] = CFG_prima_deadline_customer_search,
        [PRIMA_NEW_CUSTOMER] = CFG_prima_deadline_new_customer,
        [PRIMA_PRODUCT_READ] = CFG_prima_deadline_product_read,
        [PRIMA_ORDER_SEARCH] = CFG_prima_deadline_order_search,
    };
    for (size_t type = 0; type < PRIMA_TYPE_COUNT; type++)
        c->deadline_ms[type] = config_int(config, deadlines[type]);
    c->retry_after_max_ms = config_int(config, CFG_prima_retry_after_max);
    c->reply_bytes_max = (size_t)config_int(config, CFG_prima_reply_bytes_max);
    c->price_of_line = strcmp(config_text(config, CFG_prima_price_basis), "line") == 0;
    c->only_reads = config_bool(config, CFG_worker_shadow);
    c->auth_file = config_text(config, CFG_prima_auth_file);
    const char *policy = config_text(config, CFG_prima_not_accepted_503);
    c->policy = strcmp(policy, "always") == 0  ? NOT_ACCEPTED_ALWAYS
                : strcmp(policy, "never") == 0 ? NOT_ACCEPTED_NEVER
                                               : NOT_ACCEPTED_WITH_RETRY_AFTER;
}

int prima_client_new(uv_loop_t *loop, const struct config *config, struct prima_client **ret_client, struct config_message *ret_message)
{
    (void)snprintf(ret_message->text, sizeof ret_message->text, "out of memory");
    struct prima_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    read_numbers(c, config);
    buf_init(&c->request, SIZE_MAX / 2); /* what we send is bounded by who makes it */
    buf_init(&c->answer.text, c->reply_bytes_max);
    int result = prima_names_read(config, &c->names, ret_message);
    if (result == 0)
        result = envelope_init(&c->envelope, &c->names);
    if (result == 0)
        result = patterns_load(config_text(config, CFG_prima_patterns), &c->patterns, ret_message);
    if (result == 0 && (c->reader = xml_reader_new()) == NULL)
        result = -ENOMEM;
    if (result == 0)
        result = make_poster(c, loop, config, ret_message);
    if (result < 0) {
        prima_client_free(c);
        return result;
    }
    *ret_client = c;
    return 0;
}

static void free_now(struct prima_client *c)
{
    for (struct request *r = c->all, *next; r != NULL; r = next) {
        next = r->next_of_all;
        free(r);
    }
    envelope_release(&c->envelope);
    patterns_free(c->patterns);
    xml_reader_free(c->reader);
    buf_release(&c->request);
    buf_release(&c->answer.text);
    free(c);
}

void prima_client_free(struct prima_client *c)
{
    if (c == NULL)
        return;
    poster_free(c->poster);
    c->is_freed = true;
    if (!c->is_answering)
        free_now(c);
}

/* Cuts the text after at most WORDS_MAX bytes, between two characters. */
static const char *shorten(struct arena *arena, const char *text)
{
    size_t size = strlen(text);
    if (size <= WORDS_MAX)
        return text;
    for (size = WORDS_MAX; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
        size--;
    const char *cut = arena_text(arena, text, size);
    return cut != NULL ? cut : "";
}

/* Reads what came: the inner reply, or a fault's words. True: `reply` holds a reply. */
static bool read_answer(struct prima_client *c, enum prima_type type, const struct post_result *came, struct arena *arena,
                        struct reply *reply, struct prima_reply *out)
{
    if (came->size == 0 || envelope_read(c->reader, came->body, came->size, came->charset, &c->answer) < 0)
        return false;
    out->is_soap_fault = c->answer.is_fault;
    if (c->answer.is_fault) {
        const char *words = arena_text(arena, c->answer.text.data, c->answer.text.size);
        out->words = words != NULL ? shorten(arena, words) : "";
        return false;
    }
    return reply_read(c->reader, &c->names, type, c->answer.text.data, c->answer.text.size, arena, reply) == 0;
}

static void take_values(struct prima_reply *out, const struct reply *reply, struct arena *arena)
{
    out->words = shorten(arena, reply->error);
    out->order_status = reply->order_status;
    out->echo = reply->echo;
    out->accounts = reply->accounts;
    out->account_count = reply->account_count;
    out->products = reply->products;
    out->product_count = reply->product_count;
    out->documents = reply->documents;
    out->document_count = reply->document_count;
    out->pages = reply->pages;
}

/* The answer's meaning, with its values in the arena (NULL when memory ran out: then nothing was understood). */
static struct prima_reply understand(struct prima_client *c, enum prima_type type, const struct post_result *came, struct arena *arena)
{
    struct prima_reply out = {.words = "", .took_us = came->took_us, .retry_after_ms = -1};
    struct judge_evidence evidence = {.type = type, .end = came->end, .retry_after_ms = -1};
    struct reply reply;
    if (came->end == POST_ANSWERED) {
        out.http_status = evidence.http_status = came->status;
        out.retry_after_ms = evidence.retry_after_ms = retry_after_ms(came->retry_after, clock_wall_ms(), c->retry_after_max_ms);
        if (arena != NULL && (came->status == 200 || came->status == 500) && read_answer(c, type, came, arena, &reply, &out)) {
            evidence.reply = &reply;
            take_values(&out, &reply, arena);
        }
    }
    out.fate = judge(&evidence, c->patterns, c->policy, &out.code);
    return out;
}

static struct request *take_request(struct prima_client *c)
{
    struct request *r = c->spare;
    if (r != NULL) {
        c->spare = r->next_spare;
        return r;
    }
    if ((r = calloc(1, sizeof *r)) == NULL)
        abort(); /* as post_begin does: no state depends on a clean end */
    r->client = c;
    r->next_of_all = c->all;
    c->all = r;
    return r;
}

static void on_done(void *user, const struct post_result *came)
{
    struct request *r = user;
    struct prima_client *c = r->client;
    struct arena *arena = arena_new(ARENA_PER_BYTE * c->reply_bytes_max);
    struct prima_reply reply = understand(c, r->type, came, arena);
    reply.is_refused_here = r->is_refused_here;
    c->is_auth_stale |= reply.fate == PRIMA_DENIED;
    if (fail_point("prima.before_callback"))
        reply = (struct prima_reply){.fate = PRIMA_UNKNOWN, .words = "", .retry_after_ms = -1};
    const prima_done done = r->done;
    void *done_user = r->user;
    r->next_spare = c->spare;
    c->spare = r;
    c->is_answering = true;
    done(done_user, &reply);
    c->is_answering = false;
    arena_free(arena);
    if (c->answer.text.room > KEPT_BYTES)
        buf_release(&c->answer.text);
    if (c->is_freed)
        free_now(c);
}

/* The credential may have been renewed since Prima denied us; while the file is broken the old one stays, and Prima's answer says the rest.
 */
static void renew_auth(struct prima_client *c)
{
    struct config_message message;
    c->is_auth_stale = false;
    (void)load_auth(c, &message);
}

void prima_client_send(struct prima_client *c, enum prima_type type, const char *company, const char *request, size_t size, prima_done done,
                       void *user)
{
    struct request *r = take_request(c);
    r->type = type;
    r->done = done;
    r->user = user;
    if (c->is_auth_stale)
        renew_auth(c);
    buf_clear(&c->request);
    r->is_refused_here = c->only_reads && !guard_only_reads(&c->names, type, request, size);
    const bool is_written =
        !r->is_refused_here && envelope_write(&c->envelope, company, request, size, &c->request) == 0 && !fail_point("prima.before_send");
    post_begin(c->poster, c->request.data, is_written ? c->request.size : 0, c->deadline_ms[type], on_done, r);
    if (c->request.room > KEPT_BYTES)
        buf_release(&c->request);
}

void prima_client_only_reads(struct prima_client *c)
{
    c->only_reads = true;
}

const struct prima_names *prima_client_names(const struct prima_client *c)
{
    return &c->names;
}

int prima_client_sum_order(struct prima_client *c, const char *request, size_t size, struct prima_order_sum *ret_sum)
{
    return order_sum_read(c->reader, request, size, c->price_of_line, ret_sum);
}

int64_t prima_deadline_ms(const struct prima_client *c, enum prima_type type)
{
    return c->deadline_ms[type];
}

size_t prima_client_in_flight(const struct prima_client *c)
{
    return poster_in_flight(c->poster);
}
