/* The SOAP endpoint; server.h tells a call's life, answer.c what it is answered. */
#include "server.h"

#include "answer.h"
#include "http.h"
#include "soap.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>

#define PATH "/wsalive/wsalive"

enum {
    BODY_MAX = 8 << 20,      /* an order of a thousand lines is half a megabyte */
    COMMIT_WITHIN_US = 5000, /* long enough to gather, short for whoever looks at the file */
    HANG_LOOK_US = 100000,   /* how often a hanging call looks whether its client has left */
    SPARE_MAX = 256,
    SPARE_BYTES = 64 << 10,
};

struct late;

struct call {
    struct loop_timer timer;
    struct server *server;
    struct MHD_Connection *connection;
    struct call *next, *before; /* all calls that live, or the spare ones */
    struct buf body;            /* as it came */
    struct answer answer;
    int64_t batch; /* the transaction that holds its rows */
    bool received, suspended, ready, too_large;
};

/* A request that is applied later, whatever became of its call. */
struct late {
    struct loop_timer timer;
    struct server *server;
    struct late *next, *before;
    struct call *call; /* waits for the answer; NULL: nobody does */
    struct soap_call soap;
    int64_t id;
};

struct server {
    struct http http;
    struct server_world *world;
    struct soap *soap;
    struct soap_call soap_call;
    struct buf document; /* of the request at hand: only one is worked on at a time */
    struct call *calls, *spare;
    struct late *lates;
    size_t spare_count;
    int64_t dirty_since_us; /* 0: no transaction is open */
    int64_t batch;          /* number of the transaction that is open or comes next */
    double capacity_left;   /* a bucket that holds a tenth of a second's requests, at least one */
    int64_t capacity_at_us;
};

/* ---- calls ---- */

static struct call *call_new(struct server *server, struct MHD_Connection *connection)
{
    struct call *call = server->spare;
    if (call != NULL) {
        server->spare = call->next;
        server->spare_count--;
        const struct buf body = call->body, reply = call->answer.body;
        *call = (struct call){.body = body, .answer.body = reply};
        buf_clear(&call->body);
        answer_clear(&call->answer);
    } else {
        call = calloc(1, sizeof *call);
        if (call == NULL)
            return NULL;
        buf_init(&call->body, BODY_MAX);
        buf_init(&call->answer.body, ANSWER_MAX);
    }
    call->server = server;
    call->connection = connection;
    call->next = server->calls;
    if (call->next != NULL)
        call->next->before = call;
    server->calls = call;
    return call;
}

static void call_free(struct call *call)
{
    struct server *server = call->server;
    loop_timer_cancel(server->world->loop, &call->timer);
    if (call->received)
        server->world->stats.in_flight--;
    if (call->before != NULL)
        call->before->next = call->next;
    else
        server->calls = call->next;
    if (call->next != NULL)
        call->next->before = call->before;
    if (server->spare_count < SPARE_MAX && call->body.room <= SPARE_BYTES &&
        call->answer.body.room <= SPARE_BYTES) {
        call->next = server->spare;
        server->spare = call;
        server->spare_count++;
        return;
    }
    buf_release(&call->body);
    buf_release(&call->answer.body);
    free(call);
}

static void server_commit(struct server *server)
{
    if (db_dirty(server->world->ledger->db)) {
        db_commit(server->world->ledger->db);
        server->world->stats.commits++;
        server->batch++;
    }
    server->dirty_since_us = 0;
}

static void call_wake(struct call *call)
{
    call->ready = true;
    if (call->suspended) {
        call->suspended = false;
        http_resume(&call->server->http, call->connection);
    }
}

static void call_sleep(struct call *call, int64_t due_us)
{
    if (loop_timer_set(call->server->world->loop, &call->timer, due_us) < 0)
        abort(); /* out of memory in an instrument: better no result than a wrong one */
}

/* Its time has come. */
static void on_due(struct loop_timer *timer)
{
    struct call *call = (struct call *)timer; /* its first member */
    if (!call->answer.ends_uncommitted && call->batch == call->server->batch)
        server_commit(call->server);
    const int fd = http_socket(call->connection);
    if (call->answer.ending == END_HANG && !http_client_left(fd)) {
        call_sleep(call, loop_now_us() + HANG_LOOK_US);
        return;
    }
    if (call->answer.ending == END_PART || call->answer.ending == END_PART_RESET) {
        if (call->answer.bytes > 0)
            http_send(fd, call->answer.body.data,
                      call->answer.bytes < call->answer.body.size ? call->answer.bytes
                                                                  : call->answer.body.size);
        if (call->answer.ending == END_PART_RESET)
            http_reset(fd);
    }
    call_wake(call);
}

/* ---- statistics and the request log ---- */

static struct stats_of_type *stats_of(struct stats *stats, const char *type)
{
    size_t i = 0;
    while (i < stats->type_count && strcmp(stats->types[i].type, type) != 0)
        i++;
    if (i == stats->type_count) {
        if (i == STATS_TYPES_MAX) {
            i--;
            (void)snprintf(stats->types[i].type, STATS_TYPE_NAME_MAX, "(other)");
        } else {
            stats->type_count++;
            (void)snprintf(stats->types[i].type, STATS_TYPE_NAME_MAX, "%s", type);
        }
    }
    return &stats->types[i];
}

static const char *stats_type(const struct request *r, enum outcome outcome)
{
    return r->type != NULL                ? r->type->name
           : outcome == OUTCOME_MALFORMED ? "(malformed)"
                                          : "(unknown)";
}

static void count_outcome(struct server *server, const struct request *r, enum outcome outcome)
{
    struct stats_of_type *row = stats_of(&server->world->stats, stats_type(r, outcome));
    row->applied += outcome == OUTCOME_APPLIED;
    row->read += outcome == OUTCOME_READ;
    row->refused += outcome == OUTCOME_REFUSED;
    row->malformed += outcome == OUTCOME_MALFORMED;
    row->not_applied += outcome == OUTCOME_NOT_APPLIED;
    row->duplicates += r->duplicate;
    row->seconds += r->second;
}

static void log_request(struct call *call, const struct request *r, enum outcome outcome,
                        const char *fault)
{
    struct server_world *world = call->server->world;
    const int64_t applied = outcome == OUTCOME_APPLIED;
    db_write(world->ledger->db, DB_REQUEST_ADD, "iittttiitiibb", r->id, r->now_ms, r->company,
             r->type_name, r->key, request_outcome_name(outcome), applied, r->now_ms, fault,
             (int64_t)doc_lossy(world->ledger->doc), (int64_t)call->answer.status, call->body.data,
             call->body.size, call->answer.body.data, call->answer.body.size);
    struct stats_of_type *row = stats_of(&world->stats, stats_type(r, outcome));
    row->received++;
    row->faults += fault[0] != '\0';
    count_outcome(call->server, r, outcome);
}

/* ---- late application ---- */

static void late_free(struct late *late)
{
    loop_timer_cancel(late->server->world->loop, &late->timer);
    if (late->before != NULL)
        late->before->next = late->next;
    else
        late->server->lates = late->next;
    if (late->next != NULL)
        late->next->before = late->before;
    soap_call_release(&late->soap);
    free(late);
}

static void on_late(struct loop_timer *timer)
{
    struct late *late = (struct late *)timer; /* its first member */
    struct server *server = late->server;
    struct request r = {.ledger = server->world->ledger,
                        .company = late->soap.company.data,
                        .id = late->id,
                        .now_ms = clock_wall_ms(),
                        .reply = &server->document};
    struct answer unseen = {.status = 0},
                  *answer = late->call != NULL ? &late->call->answer : &unseen;
    buf_init(&unseen.body, ANSWER_MAX);
    buf_clear(&server->document);
    if (request_read(&r, late->soap.request.data, late->soap.request.size) < 0)
        abort(); /* it was read when it came */
    const enum outcome outcome = request_apply(&r);
    answer_prima(answer, late->soap.operation, r.reply);
    db_write(r.ledger->db, DB_REQUEST_LATE, "itiib", late->id, request_outcome_name(outcome),
             (int64_t)(outcome == OUTCOME_APPLIED), r.now_ms, answer->body.data, answer->body.size);
    count_outcome(server, &r, outcome);
    if (late->call != NULL) {
        late->call->batch = server->batch;
        call_sleep(late->call, loop_now_us());
    }
    buf_release(&unseen.body);
    late_free(late);
}

/* Leaves the request to a timer. True when the call waits for it. */
static bool call_postpone(struct call *call, const struct request *r, const struct fault *fault)
{
    struct server *server = call->server;
    struct late *late = calloc(1, sizeof *late);
    if (late == NULL)
        abort(); /* see call_sleep */
    late->server = server;
    late->id = r->id;
    late->timer.fire = on_late;
    soap_call_init(&late->soap, BODY_MAX);
    buf_append(&late->soap.company, server->soap_call.company.data, server->soap_call.company.size);
    buf_append(&late->soap.request, server->soap_call.request.data, server->soap_call.request.size);
    late->soap.operation = server->soap_call.operation;
    late->call = fault->then == THEN_ANSWER ? call : NULL;
    late->next = server->lates;
    if (late->next != NULL)
        late->next->before = late;
    server->lates = late;
    if (loop_timer_set(server->world->loop, &late->timer, loop_now_us() + fault->delay_us) < 0)
        abort(); /* see call_sleep */
    return late->call != NULL;
}

/* ---- receiving ---- */

static bool over_capacity(struct server *server, int64_t now_us)
{
    const double rate = (double)server->world->capacity.per_second,
                 room = rate / 10 < 1 ? 1 : rate / 10;
    if (server->world->capacity.per_second == 0)
        return false;
    server->capacity_left += rate * (double)(now_us - server->capacity_at_us) / 1e6;
    server->capacity_at_us = now_us;
    if (server->capacity_left > room)
        server->capacity_left = room;
    if (server->capacity_left < 1)
        return true;
    server->capacity_left -= 1;
    return false;
}

/* HTTP's charset parameter, as far as it has one. */
static const char *charset_of(struct MHD_Connection *connection, char text[static 32])
{
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    const char *at = type == NULL ? NULL : strcasestr(type, "charset=");
    if (at == NULL)
        return NULL;
    at += 8;
    at += *at == '"';
    (void)snprintf(text, 32, "%.*s", (int)strcspn(at, "\"; "), at);
    return text[0] == '\0' ? NULL : text;
}

static int read_request(struct call *call, struct request *r)
{
    struct server *server = call->server;
    char charset[32];
    if (call->too_large) {
        answer_client_fault(&call->answer, "the request is larger than 8 MiB");
        return -EINVAL;
    }
    if (soap_parse(server->soap, charset_of(call->connection, charset), call->body.data,
                   call->body.size, &server->soap_call) < 0) {
        answer_client_fault(&call->answer, soap_error(server->soap));
        return -EINVAL;
    }
    r->company = server->soap_call.company.data;
    if (request_read(r, server->soap_call.request.data, server->soap_call.request.size) < 0) {
        char text[200];
        (void)snprintf(text, sizeof text, "the request is no XML document: %s",
                       doc_error(r->ledger->doc));
        answer_client_fault(&call->answer, text);
        return -EINVAL;
    }
    return 0;
}

/* A call was read whole: decide, apply, log, and put it to sleep until its answer is due. */
static void call_receive(struct call *call)
{
    struct server *server = call->server;
    struct server_world *world = server->world;
    const int64_t now_us = loop_now_us();
    struct request r = {.ledger = world->ledger,
                        .company = "",
                        .id = ++world->ledger->last_request,
                        .now_ms = clock_wall_ms(),
                        .type_name = "",
                        .key = "",
                        .reply = &server->document};
    struct fault fault = {.kind = FAULT_KIND_COUNT};
    const char *fault_name = "";
    int64_t latency_us = 0;
    bool waits = false;
    enum outcome outcome = OUTCOME_NOT_APPLIED;
    call->received = true;
    if (++world->stats.in_flight > world->stats.in_flight_max)
        world->stats.in_flight_max = world->stats.in_flight;
    buf_clear(&server->document);
    if (read_request(call, &r) < 0) {
        outcome = OUTCOME_MALFORMED;
    } else if (over_capacity(server, now_us)) {
        answer_throttle(&call->answer, world->capacity.status, "1");
        fault_name = "capacity";
    } else {
        const char *operation = server->soap_call.operation;
        if (faults_choose(world->faults, r.type_name, r.key, &fault, &latency_us))
            fault_name = fault.name;
        if (fault.kind == FAULT_APPLY_DELAY) {
            waits = call_postpone(call, &r, &fault);
            outcome = OUTCOME_PENDING;
        } else if (fault.kind == FAULT_KIND_COUNT || fault.apply) {
            outcome = request_apply(&r);
            answer_prima(&call->answer, operation, r.reply);
        }
        answer_disturb(&call->answer, &r, &fault, operation);
    }
    log_request(call, &r, outcome, fault_name);
    call->batch = server->batch;
    answer_close(&call->answer);
    call->timer.fire = on_due;
    if (!waits)
        call_sleep(call, now_us + latency_us + latency_draw_us(&world->latency));
}

static enum MHD_Result call_end(struct call *call)
{
    if (call->answer.ending != END_ANSWER)
        return MHD_NO; /* closes the connection */
    return http_answer(call->connection, call->answer.status, call->answer.type,
                       call->answer.retry_after, call->answer.body.data, call->answer.body.size);
}

static enum MHD_Result answer_other(struct MHD_Connection *connection, const char *url,
                                    const char *method)
{
    static const char wrong_method[] = "This address takes SOAP calls by POST; its WSDL is at " PATH
                                       "/wsdl?targetURI=urn:omlink\n";
    const bool is_endpoint = strcmp(url, PATH) == 0;
    const bool is_wsdl = strcmp(url, PATH "/wsdl") == 0 ||
                         (is_endpoint && MHD_lookup_connection_value(
                                             connection, MHD_GET_ARGUMENT_KIND, "wsdl") != NULL);
    const char *target =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "targetURI");
    if (is_wsdl && (target == NULL || strcmp(target, "urn:omlink") == 0) &&
        (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)) {
        const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
        struct buf out;
        buf_init(&out, 64 << 10);
        soap_wsdl(&out, host == NULL ? "127.0.0.1" : host);
        const enum MHD_Result result =
            http_answer(connection, 200, "text/xml; charset=utf-8", NULL, out.data, out.size);
        buf_release(&out);
        return result;
    }
    if (is_endpoint)
        return http_answer(connection, 405, "text/plain", NULL, wrong_method,
                           sizeof wrong_method - 1);
    return http_answer(connection, 404, "text/plain", NULL, "Not found\n", 10);
}

static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **state)
{
    (void)version;
    struct server *server = user;
    struct call *call = *state;
    if (call == NULL) {
        if (strcmp(url, PATH) != 0 || strcmp(method, "POST") != 0)
            return answer_other(connection, url, method);
        *state = call_new(server, connection);
        return *state == NULL ? MHD_NO : MHD_YES;
    }
    if (*upload_size > 0) {
        call->too_large = call->too_large || call->body.size + *upload_size > BODY_MAX;
        if (!call->too_large)
            buf_append(&call->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (call->ready)
        return call_end(call);
    if (!call->received) {
        call_receive(call);
        call->suspended = true;
        MHD_suspend_connection(connection);
    }
    return MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)user, (void)connection, (void)code;
    if (*state != NULL)
        call_free(*state);
    *state = NULL;
}

/* ---- the server ---- */

int server_new(struct server_world *world, const char *address, struct server **ret_server)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    server->world = world;
    server->capacity_at_us = loop_now_us();
    buf_init(&server->document, ANSWER_MAX);
    soap_call_init(&server->soap_call, BODY_MAX);
    server->soap = soap_new();
    const int result = server->soap == NULL ? -ENOMEM
                                            : http_listen(&server->http, world->loop, address,
                                                          on_access, on_completed, server);
    if (result < 0)
        server_free(server);
    else
        *ret_server = server;
    return result;
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    while (server->lates != NULL) {
        assert(server->lates->server == server &&
               server->lates->before == NULL); /* so that late_free takes it out of the list */
        late_free(server->lates);
    }
    server_commit(server);
    if (server->http.daemon != NULL) {
        for (struct call *call = server->calls; call != NULL; call = call->next) {
            call->answer.ending = END_HANG; /* no answer any more: closes */
            call_wake(call);
        }
        (void)MHD_run(server->http.daemon);
        http_stop(&server->http);
    }
    for (struct call *call = server->spare, *next; call != NULL; call = next) {
        next = call->next;
        buf_release(&call->body);
        buf_release(&call->answer.body);
        free(call);
    }
    buf_release(&server->document);
    soap_call_release(&server->soap_call);
    soap_free(server->soap);
    free(server);
}

const char *server_address(const struct server *server)
{
    return server->http.address;
}

size_t server_connections(const struct server *server)
{
    return MHD_get_daemon_info(server->http.daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
        ->num_connections;
}

int64_t server_after(void *user)
{
    struct server *server = user;
    if (!db_dirty(server->world->ledger->db))
        return INT64_MAX;
    const int64_t now = loop_now_us();
    if (server->dirty_since_us == 0)
        server->dirty_since_us = now;
    if (now - server->dirty_since_us < COMMIT_WITHIN_US)
        return server->dirty_since_us + COMMIT_WITHIN_US;
    server_commit(server);
    return INT64_MAX;
}
