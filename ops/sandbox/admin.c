/* A table of routes; each takes a JSON object and gives one. Errors are {"error": "..."} with 400,
 * 404, 405 or 413. See admin.h. */
#include "admin.h"

#include "despatch.h"
#include "http.h"

#include <errno.h>

enum { BODY_MAX = 256 << 10 };

struct admin {
    struct http http;
    struct server_world *world;
    const struct server *server;
};

struct upload {
    struct buf body;
};

/* A route's answer: the object to send (NULL: {}), with a status. */
struct response {
    int status;
    json_t *json;
};

static struct response admin_wrong(int status, const char *why)
{
    return (struct response){status, json_pack("{s:s}", "error", why)};
}

static struct response admin_done(void)
{
    return (struct response){200, json_pack("{s:b}", "ok", 1)};
}

static struct response get_health(struct admin *a, json_t *body, const char *rest)
{
    (void)a, (void)body, (void)rest;
    return admin_done();
}

static struct response get_stats(struct admin *a, json_t *body, const char *rest)
{
    (void)body, (void)rest;
    const struct stats *s = &a->world->stats;
    json_t *types = json_object();
    json_int_t sum[9] = {0};
    static const char *const names[] = {
        "received",           "applied",          "read",  "refused", "malformed", "not_applied",
        "duplicates_refused", "second_documents", "faults"};
    for (size_t i = 0; i < s->type_count; i++) {
        const struct stats_of_type *t = &s->types[i];
        const json_int_t values[] = {t->received,   t->applied,   t->read,
                                     t->refused,    t->malformed, t->not_applied,
                                     t->duplicates, t->seconds,   t->faults};
        json_t *row = json_object();
        for (size_t v = 0; v < 9; v++) {
            (void)json_object_set_new(row, names[v], json_integer(values[v]));
            sum[v] += values[v];
        }
        (void)json_object_set_new(types, t->type, row);
    }
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:I}", "in_flight", (json_int_t)s->in_flight, "in_flight_max",
                  (json_int_t)s->in_flight_max, "connections",
                  (json_int_t)server_connections(a->server), "commits", (json_int_t)s->commits);
    for (size_t v = 0; v < 9; v++)
        (void)json_object_set_new(json, names[v], json_integer(sum[v]));
    (void)json_object_set_new(json, "types", types);
    return (struct response){200, json};
}

static struct response get_faults(struct admin *a, json_t *body, const char *rest)
{
    (void)body, (void)rest;
    return (struct response){200, json_pack("{s:o}", "faults", faults_list(a->world->faults))};
}

/* One rule, or a list of them: all or none. */
static struct response post_faults(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    char message[200];
    json_t *list = json_object_get(body, "faults"), *ids = json_array();
    const size_t count = list == NULL ? 1 : json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        int id;
        if (faults_add(a->world->faults, list == NULL ? body : json_array_get(list, i), &id,
                       message) == 0) {
            (void)json_array_append_new(ids, json_integer(id));
            continue;
        }
        for (size_t k = 0; k < json_array_size(ids); k++)
            (void)faults_remove(a->world->faults, (int)json_integer_value(json_array_get(ids, k)));
        json_decref(ids);
        return admin_wrong(400, message);
    }
    if (list != NULL)
        return (struct response){200, json_pack("{s:o}", "ids", ids)};
    struct response response = {200, json_pack("{s:O}", "id", json_array_get(ids, 0))};
    json_decref(ids);
    return response;
}

static struct response delete_faults(struct admin *a, json_t *body, const char *rest)
{
    (void)body;
    char *end;
    if (rest[0] == '\0') {
        faults_clear(a->world->faults);
        return admin_done();
    }
    const long id = strtol(rest + 1, &end, 10);
    if (*end != '\0' || id < 1 || id > INT32_MAX || !faults_remove(a->world->faults, (int)id))
        return admin_wrong(404, "no rule of this id");
    return admin_done();
}

static struct response post_latency(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    const char *text;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:s}", "latency", &text) < 0 ||
        latency_parse(text, &a->world->latency) < 0)
        return admin_wrong(400,
                           "{\"latency\": \"5ms\"}, or uniform:5ms-20ms, or exp:50ms; 0 is none");
    return admin_done();
}

static struct response post_capacity(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    json_int_t per_second;
    int status = 503;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:I, s?i}", "per_second", &per_second, "status",
                       &status) < 0 ||
        per_second < 0 || (status != 503 && status != 429))
        return admin_wrong(400, "{\"per_second\": 20, \"status\": 503 or 429}; 0 is no limit");
    a->world->capacity = (struct capacity){per_second, status};
    return admin_done();
}

static struct response post_period(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    int year, month, day, end = 0;
    json_t *until = NULL;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:o}", "closed_until", &until) < 0)
        return admin_wrong(400, "{\"closed_until\": \"2026-10-31\"}, or null for none");
    const char *text = json_is_null(until) ? "" : json_string_value(until);
    if (text == NULL ||
        (text[0] != '\0' && (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 ||
                             end != 10 || text[10] != '\0')))
        return admin_wrong(400, "closed_until: a date like 2026-10-31, or null");
    (void)snprintf(a->world->ledger->closed_until, sizeof a->world->ledger->closed_until, "%s",
                   text);
    return admin_done();
}

static struct response post_wording(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    const char *text;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:s}", "wording", &text) < 0 ||
        wording_style_find(text, &a->world->ledger->style) < 0)
        return admin_wrong(400, "{\"wording\": \"plain\"}, or foreign, or random");
    return admin_done();
}

/* What people do in Prima: despatch, cancel, release. */
static struct response post_status(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    const char *number, *status, *company = "";
    struct ledger *ledger = a->world->ledger;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:s, s:s, s?s}", "order_number", &number,
                       "status", &status, "company", &company) < 0 ||
        status[0] == '\0')
        return admin_wrong(
            400,
            "{\"order_number\": \"2011001\", \"status\": \"Despatched\", \"company\": \"01\"}");
    db_query(ledger->db, DB_ORDER_FIND, "tt", number, company);
    const bool found = db_next(ledger->db, DB_ORDER_FIND);
    db_end(ledger->db, DB_ORDER_FIND);
    if (!found)
        return admin_wrong(404, "no such order");
    db_write(ledger->db, DB_ORDER_STATUS_SET, "ttt", number, company, status);
    db_commit(ledger->db);
    catalogue_recount(ledger->catalogue, ledger->db);
    return admin_done();
}

/* What a warehouse does: a parcel leaves, or its papers are put right. */
static struct response post_despatch(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    const char *wrong = despatch_take(a->world->ledger, body);
    return wrong == NULL ? admin_done() : admin_wrong(400, wrong);
}

/* What people do to Prima's products: delete one, or bring it back. */
static struct response post_product(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    const char *code, *matrix[4] = {"", "", "", ""};
    int is_gone;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s:s, s?s, s?s, s?s, s?s, s:b}", "product", &code,
                       "mtrx_code1", &matrix[0], "mtrx_code2", &matrix[1], "mtrx_code3", &matrix[2],
                       "mtrx_code4", &matrix[3], "gone", &is_gone) < 0)
        return admin_wrong(400,
                           "{\"product\": \"SKU00001\", \"mtrx_code1\": \"\", \"gone\": true}");
    return catalogue_set_gone(a->world->ledger->catalogue, code, matrix, is_gone != 0)
               ? admin_done()
               : admin_wrong(404, "no such product");
}

/* Rules, period, latency and wording go back to what the command line said only where a program is
 * started again: here, to nothing. */
static struct response post_reset(struct admin *a, json_t *body, const char *rest)
{
    (void)rest;
    char message[200];
    int data = 1;
    if (json_unpack_ex(body, NULL, JSON_STRICT, "{s?b}", "data", &data) < 0)
        return admin_wrong(
            400, "{\"data\": false} keeps the database and forgets rules and counts only");
    faults_clear(a->world->faults);
    const int64_t in_flight = a->world->stats.in_flight;
    a->world->stats = (struct stats){.in_flight = in_flight, .in_flight_max = in_flight};
    a->world->ledger->closed_until[0] = '\0';
    if (data != 0 && ledger_reset(a->world->ledger, message) < 0)
        return admin_wrong(500, message);
    return admin_done();
}

static const struct route {
    const char *method, *path;
    struct response (*serve)(struct admin *a, json_t *body, const char *rest);
} routes[] = {
    {"GET", "/healthz", get_health},      {"GET", "/stats", get_stats},
    {"GET", "/faults", get_faults},       {"POST", "/faults", post_faults},
    {"DELETE", "/faults", delete_faults}, {"POST", "/latency", post_latency},
    {"POST", "/capacity", post_capacity}, {"POST", "/period", post_period},
    {"POST", "/wording", post_wording},   {"POST", "/status", post_status},
    {"POST", "/product", post_product},   {"POST", "/despatch", post_despatch},
    {"POST", "/reset", post_reset},
};

/* The part of url behind the route's path: "" or "/..."; NULL when it is another path. */
static const char *path_rest(const struct route *route, const char *url)
{
    const size_t size = strlen(route->path);
    const bool same = strncmp(url, route->path, size) == 0 &&
                      (url[size] == '\0' || (url[size] == '/' && route->serve == delete_faults));
    return same ? url + size : NULL;
}

static struct response admin_serve(struct admin *a, const char *method, const char *url,
                                   const struct buf *body)
{
    bool path_known = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const char *rest = path_rest(&routes[i], url);
        path_known = path_known || rest != NULL;
        if (rest == NULL || strcmp(routes[i].method, method) != 0)
            continue;
        json_error_t error;
        json_t *json = body->size == 0
                           ? json_object()
                           : json_loadb(body->data, body->size, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(json)) {
            json_decref(json);
            return admin_wrong(400, "the body is no JSON object");
        }
        const struct response response = routes[i].serve(a, json, rest);
        json_decref(json);
        return response;
    }
    return path_known
               ? admin_wrong(405, "another method is needed here")
               : admin_wrong(404, "no such address: /stats /faults /latency /capacity /period "
                                  "/wording /status /despatch /product /reset /healthz");
}

static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **state)
{
    (void)version;
    struct upload *u = *state;
    if (u == NULL) {
        *state = u = calloc(1, sizeof *u);
        if (u != NULL)
            buf_init(&u->body, BODY_MAX);
        return u == NULL ? MHD_NO : MHD_YES;
    }
    if (*upload_size > 0) {
        buf_append(&u->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    const struct response response = u->body.failed
                                         ? admin_wrong(413, "the body is larger than 256 KiB")
                                         : admin_serve(user, method, url, &u->body);
    char *text = json_dumps(response.json, JSON_INDENT(2));
    json_decref(response.json);
    const enum MHD_Result result = text == NULL
                                       ? MHD_NO
                                       : http_answer(connection, response.status,
                                                     "application/json", NULL, text, strlen(text));
    free(text);
    return result;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)user, (void)connection, (void)code;
    struct upload *u = *state;
    if (u != NULL)
        buf_release(&u->body);
    free(u);
    *state = NULL;
}

int admin_new(struct server_world *world, const struct server *server, const char *address,
              struct admin **ret_admin)
{
    struct admin *a = calloc(1, sizeof *a);
    if (a == NULL)
        return -ENOMEM;
    a->world = world;
    a->server = server;
    const int result = http_listen(&a->http, world->loop, address, on_access, on_completed, a);
    if (result < 0)
        admin_free(a);
    else
        *ret_admin = a;
    return result;
}

void admin_free(struct admin *a)
{
    if (a != NULL)
        http_stop(&a->http);
    free(a);
}

const char *admin_address(const struct admin *a)
{
    return a->http.address;
}
