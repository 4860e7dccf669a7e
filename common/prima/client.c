/* Puts the pieces together: envelope, post, interpretation. See client.h. */
#include "prima/client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "prima/auth.h"
#include "prima/envelope.h"
#include "prima/guard.h"
#include "prima/interpret.h"
#include "prima/post.h"
#include "prima/reply_stream.h"
#include "prima/requests.h"

#include <errno.h>

enum {
    KEPT_BYTES = 64 * 1024,
    ARENA_PER_BYTE = 8,              /* a row `<sku/>` of 6 bytes takes 40 in memory */
    STREAM_ARENA_BYTES = 256 * 1024, /* what a reply has beside its rows */
    FAULT_BYTES_MAX = 64 * 1024
};

struct request {
    struct prima_client *client;
    struct request *next_of_all, *next_spare;
    enum prima_type type;
    struct asked asked;
    prima_done done;
    void *user;
    struct reply_stream *stream; /* of a stock read; NULL: the reply is held */
    struct arena *stream_arena;
    bool is_refused_here;
};

struct prima_client {
    struct prima_names names;
    struct envelope envelope;
    struct patterns *patterns;
    struct poster *poster;
    struct interpreter interpreter;
    struct buf request;          /* scratch: the envelope to post */
    struct request *all, *spare; /* all: as many as were ever under way at a time */
    int64_t deadline_ms[PRIMA_TYPE_COUNT], stall_max_ms; /* the latter: of the shortest write */
    size_t reply_bytes_max;
    const char *auth_file; /* "": none */
    bool is_auth_stale;    /* we were denied: read the file again before the next request */
    bool only_reads;       /* guard.h */
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
                   "prima.url: \"%.200s\" is no http:// or https:// address; write "
                   "http://HOST:8080/wsalive/wsalive",
                   url);
    return -EINVAL;
}

static int check_url(const char *url, struct config_message *ret_message)
{
    const bool is_http = strncmp(url, "http://", 7) == 0 && url[7] != '\0',
               is_https = strncmp(url, "https://", 8) == 0 && url[8] != '\0';
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
    (void)snprintf(ret_message->text, sizeof ret_message->text,
                   "%s: %.200s: %s; name a readable PEM file", key, path, strerror(errno));
    return -EINVAL;
}

static int make_poster(struct prima_client *c, uv_loop_t *loop, const struct config *config,
                       struct config_message *ret_message)
{
    char action[1024];
    (void)snprintf(action, sizeof action, "SOAPAction: \"%.900s\"", c->names.soap_action);
    const char *const headers[] = {"Content-Type: text/xml; charset=utf-8", "Accept: text/xml",
                                   action, ("User-Agent: primaflow/" PF_VERSION), NULL};
    const struct poster_options options = {
        .url = config_text(config, CFG_prima_url),
        .headers = headers,
        .connections_max = config_int(config, CFG_prima_connections_max),
        .connect_timeout_ms = config_int(config, CFG_prima_connect_timeout),
        .idle_max_ms = config_int(config, CFG_prima_idle_max),
        .stall_max_ms = c->stall_max_ms,
        .reply_bytes_max = c->reply_bytes_max,
        .tls_ca = config_text(config, CFG_prima_tls_ca),
        .tls_cert = config_text(config, CFG_prima_tls_cert),
        .tls_key = config_text(config, CFG_prima_tls_key),
    };
    if (check_url(options.url, ret_message) < 0 ||
        check_readable("prima.tls.ca", options.tls_ca, ret_message) < 0 ||
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
    c->stall_max_ms = INT64_MAX;
    for (enum prima_type type = 0; type < PRIMA_TYPE_COUNT; type++) {
        c->deadline_ms[type] = config_int(config, request_row(type)->deadline);
        if (request_row(type)->is_write && c->deadline_ms[type] < c->stall_max_ms)
            c->stall_max_ms = c->deadline_ms[type];
    }
    c->interpreter.retry_after_max_ms = config_int(config, CFG_prima_retry_after_max);
    c->reply_bytes_max = (size_t)config_int(config, CFG_prima_reply_bytes_max);
    c->only_reads = config_bool(config, CFG_worker_shadow);
    c->auth_file = config_text(config, CFG_prima_auth_file);
    const char *unnamed = config_text(config, CFG_prima_unnamed_ok);
    unnamed_ok_init(&c->interpreter.unnamed_ok, strcmp(unnamed, "trusted") == 0 ? UNNAMED_OK_TRUSTED
                                                : strcmp(unnamed, "asked") == 0
                                                    ? UNNAMED_OK_ASKED
                                                    : UNNAMED_OK_LEARNED);
    const char *policy = config_text(config, CFG_prima_not_accepted_503);
    c->interpreter.policy = strcmp(policy, "always") == 0  ? NOT_ACCEPTED_ALWAYS
                            : strcmp(policy, "never") == 0 ? NOT_ACCEPTED_NEVER
                                                           : NOT_ACCEPTED_WITH_RETRY_AFTER;
}

int prima_client_new(uv_loop_t *loop, const struct config *config, struct prima_client **ret_client,
                     struct config_message *ret_message)
{
    (void)snprintf(ret_message->text, sizeof ret_message->text, "out of memory");
    struct prima_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    read_numbers(c, config);
    buf_init(&c->request, SIZE_MAX / 2); /* what we send is bounded by who makes it */
    c->interpreter.names = &c->names;
    buf_init(&c->interpreter.answer.text, c->reply_bytes_max);
    int result = prima_names_read(config, &c->names, ret_message);
    if (result == 0)
        result = envelope_init(&c->envelope, &c->names);
    if (result == 0)
        result = patterns_load(config_text(config, CFG_prima_patterns), &c->patterns, ret_message);
    c->interpreter.patterns = c->patterns;
    if (result == 0 && (c->interpreter.reader = xml_reader_new()) == NULL)
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
        if (r->stream != NULL)
            arena_free(r->stream_arena);
        reply_stream_free(r->stream);
        free(r);
    }
    envelope_release(&c->envelope);
    patterns_free(c->patterns);
    xml_reader_free(c->interpreter.reader);
    buf_release(&c->request);
    buf_release(&c->interpreter.answer.text);
    free(c);
}

void prima_client_abandon(struct prima_client *c)
{
    poster_abandon(c->poster);
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
    struct arena *arena =
        r->stream != NULL ? r->stream_arena : arena_new(ARENA_PER_BYTE * c->reply_bytes_max);
    struct prima_reply reply =
        r->stream != NULL
            ? interpret_stream(&c->interpreter, r->type, &r->asked, came, clock_wall_ms(),
                               r->stream, arena)
            : interpret(&c->interpreter, r->type, &r->asked, came, clock_wall_ms(), arena);
    reply.is_refused_here = r->is_refused_here;
    c->is_auth_stale |= reply.fate == PRIMA_DENIED;
    if (reply.is_of_another)
        poster_distrust(c->poster,
                        came); /* what comes next on that connection may be another's as well */
    if (fail_point("prima.before_callback"))
        reply = (struct prima_reply){.fate = PRIMA_UNKNOWN, .words = "", .retry_after_ms = -1};
    const prima_done done = r->done;
    void *done_user = r->user;
    struct reply_stream *stream = r->stream;
    r->stream = NULL;
    r->next_spare = c->spare;
    c->spare = r;
    c->is_answering = true;
    done(done_user, &reply);
    c->is_answering = false;
    reply_stream_free(stream);
    arena_free(arena);
    if (c->interpreter.answer.text.room > KEPT_BYTES)
        buf_release(&c->interpreter.answer.text);
    if (c->is_freed)
        free_now(c);
}

/* The credential may have been renewed since Prima denied us; while the file is broken the old one
 * stays, and Prima's answer says the rest. */
static void renew_auth(struct prima_client *c)
{
    struct config_message message;
    c->is_auth_stale = false;
    (void)load_auth(c, &message);
}

static bool on_arrived(void *user, const char *charset, const char *bytes, size_t size)
{
    struct request *r = user;
    return reply_stream_feed(r->stream, charset, bytes, size) == 0;
}

static struct request *begin_request(struct prima_client *c, enum prima_type type,
                                     const char *request, size_t size, prima_done done, void *user)
{
    struct request *r = take_request(c);
    r->type = type;
    r->done = done;
    r->user = user;
    asked_read(&c->names, type, request, size, &r->asked);
    return r;
}

static void leave(struct prima_client *c, struct request *r, const char *company,
                  const char *request, size_t size)
{
    if (c->is_auth_stale)
        renew_auth(c);
    buf_clear(&c->request);
    r->is_refused_here = c->only_reads && !guard_only_reads(&c->names, r->type, request, size);
    const bool is_written =
        !r->is_refused_here &&
        envelope_write(&c->envelope, company, request, size, &c->request) == 0 &&
        !fail_point("prima.before_send");
    post_begin_arriving(c->poster, c->request.data, is_written ? c->request.size : 0,
                        c->deadline_ms[r->type], r->stream != NULL ? on_arrived : NULL, on_done, r);
    if (c->request.room > KEPT_BYTES)
        buf_release(&c->request);
}

void prima_client_send(struct prima_client *c, enum prima_type type, const char *company,
                       const char *request, size_t size, prima_done done, void *user)
{
    leave(c, begin_request(c, type, request, size, done, user), company, request, size);
}

void prima_client_read_stock(struct prima_client *c, enum prima_type type, const char *company,
                             const char *request, size_t size, prima_stock_seen seen,
                             prima_done done, void *user)
{
    struct request *r = begin_request(c, type, request, size, done, user);
    r->stream_arena = arena_new(STREAM_ARENA_BYTES);
    r->stream = r->stream_arena != NULL ? reply_stream_new(&c->names, type, r->stream_arena,
                                                           FAULT_BYTES_MAX, seen, user)
                                        : NULL;
    if (r->stream == NULL)
        abort(); /* as post_begin does: no state depends on a clean end */
    leave(c, r, company, request, size);
}

void prima_client_only_reads(struct prima_client *c)
{
    c->only_reads = true;
}

const struct prima_names *prima_client_names(const struct prima_client *c)
{
    return &c->names;
}

int64_t prima_deadline_ms(const struct prima_client *c, enum prima_type type)
{
    return c->deadline_ms[type];
}

size_t prima_client_in_flight(const struct prima_client *c)
{
    return poster_in_flight(c->poster);
}
