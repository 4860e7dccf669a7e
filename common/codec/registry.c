/* What is known about a registry's ids; see registry.h. */
#include "codec/registry.h"

#include "base/clock.h"
#include "codec/registry_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum {
    NEGATIVE_MS = 30000, /* a schema that is registered late is seen after this */
    KNOWN_MAX = 4096,    /* ids; a registry with more schemas than that for one worker is not one */
    BASE_MAX = 1500,     /* bytes of the registry's own address */
    URL_MAX = 2048,
    CONFLICTS_MAX = 3, /* tries that end with 409 */
    CONFLICT_PAUSE_MS = 200,
};

struct known {
    uint32_t id;
    const struct schema *schema; /* NULL: there is none, because of `why`, until `until_ms` */
    struct schema *own;          /* the same when it is ours to free */
    int64_t until_ms;
    char why[120];
};

struct written {
    const struct schema *schema;
    uint32_t id;
};

struct registry {
    char url[BASE_MAX];
    const struct store *store;
    pthread_mutex_t lock; /* guards what follows */
    struct known *known;  /* by id, ascending */
    size_t count;
    struct written written[64]; /* one a record name; parts of a flow have a handful */
    size_t written_count;
};

int registry_open(const char *url, const struct store *store, struct registry **ret_registry)
{
    const size_t size = strlen(url);
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || size >= BASE_MAX)
        return -EINVAL;
    struct registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(registry);
        return -ENOMEM;
    }
    memcpy(registry->url, url, size);
    for (size_t i = size; i > 0 && registry->url[i - 1] == '/'; i--)
        registry->url[i - 1] = '\0';
    registry->store = store;
    (void)pthread_mutex_init(&registry->lock, NULL);
    *ret_registry = registry;
    return 0;
}

void registry_close(struct registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->count; i++)
        schema_free(registry->known[i].own);
    free(registry->known);
    (void)pthread_mutex_destroy(&registry->lock);
    curl_global_cleanup();
    free(registry);
}

/* The first entry that is not below `id`. Locked. */
static size_t lower_bound(const struct registry *registry, uint32_t id)
{
    size_t low = 0, high = registry->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (registry->known[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int registry_find(struct registry *registry, uint32_t id, const struct schema **ret_schema,
                  char ret_message[static 200])
{
    int r = -EAGAIN;
    (void)pthread_mutex_lock(&registry->lock);
    const size_t at = lower_bound(registry, id);
    if (at < registry->count && registry->known[at].id == id) {
        const struct known *known = &registry->known[at];
        if (known->schema != NULL) {
            *ret_schema = known->schema;
            r = 0;
        } else if (clock_monotonic_ms() < known->until_ms) {
            (void)snprintf(ret_message, 200, "%s", known->why);
            r = -ENOENT;
        }
    }
    (void)pthread_mutex_unlock(&registry->lock);
    return r;
}

/* Makes room for one more: of those that are not there, the one that expires first goes. Locked. */
static bool make_room(struct registry *registry)
{
    if (registry->count < KNOWN_MAX) {
        struct known *known = reallocarray(registry->known, registry->count + 1, sizeof *known);
        if (known != NULL)
            registry->known = known;
        return known != NULL;
    }
    size_t oldest = registry->count;
    for (size_t i = 0; i < registry->count; i++)
        if (registry->known[i].schema == NULL &&
            (oldest == registry->count ||
             registry->known[i].until_ms < registry->known[oldest].until_ms))
            oldest = i;
    if (oldest == registry->count)
        return false;
    registry->count--;
    memmove(&registry->known[oldest], &registry->known[oldest + 1],
            (registry->count - oldest) * sizeof *registry->known);
    return true;
}

/* Takes `entry` over, unless another thread was faster with the schema. Locked. */
static bool registry_remember(struct registry *registry, const struct known *entry)
{
    size_t at = lower_bound(registry, entry->id);
    if (at < registry->count && registry->known[at].id == entry->id) {
        if (registry->known[at].schema != NULL)
            return false;
        registry->known[at] = *entry;
        return true;
    }
    if (!make_room(registry))
        return false;
    at = lower_bound(registry, entry->id);
    memmove(&registry->known[at + 1], &registry->known[at],
            (registry->count - at) * sizeof *registry->known);
    registry->known[at] = *entry;
    registry->count++;
    return true;
}

static void registry_add(struct registry *registry, struct known *entry)
{
    entry->until_ms = clock_monotonic_ms() + NEGATIVE_MS;
    (void)pthread_mutex_lock(&registry->lock);
    const bool kept = registry_remember(registry, entry);
    (void)pthread_mutex_unlock(&registry->lock);
    if (!kept)
        schema_free(entry->own);
}

/* From the registry's reply to what is known. -EIO: this is no registry's reply. */
static int read_schema(const struct registry *registry, const json_t *reply, struct known *entry)
{
    const json_t *text = json_object_get(reply, "schema");
    const char *kind = json_string_value(json_object_get(reply, "schemaType"));
    char message[200] = "";
    if (!json_is_string(text))
        return -EIO;
    if (kind != NULL && strcmp(kind, "AVRO") != 0) {
        (void)snprintf(entry->why, sizeof entry->why, "the registry's schema %u is not Avro",
                       entry->id);
    } else if (schema_parse(json_string_value(text), json_string_length(text), &entry->own,
                            message) < 0) {
        (void)snprintf(entry->why, sizeof entry->why, "the registry's schema %u: %.60s", entry->id,
                       message);
    } else {
        entry->schema = store_find_fingerprint(registry->store, entry->own->fingerprint);
        if (entry->schema != NULL) {
            schema_free(entry->own);
            entry->own = NULL;
        } else {
            entry->schema = entry->own;
        }
    }
    return 0;
}

int registry_fetch(struct registry *registry, uint32_t id)
{
    char url[URL_MAX], message[200];
    struct registry_reply reply;
    struct known entry = {.id = id};
    (void)snprintf(url, sizeof url, "%s/schemas/ids/%u", registry->url, id);
    if (registry_exchange(url, "GET", NULL, &reply, message) < 0)
        return -EIO;
    int r = 0;
    if (reply.status == 200 && reply.json != NULL)
        r = read_schema(registry, reply.json, &entry);
    else if (reply.status == 404 &&
             json_integer_value(json_object_get(reply.json, "error_code")) == 40403)
        (void)snprintf(entry.why, sizeof entry.why, "the registry has no schema %u", id);
    else
        r = -EIO; /* a 404 without the code is a wrong URL or a proxy: the world's fault, not the
                     record's */
    json_decref(reply.json);
    if (r == 0)
        registry_add(registry, &entry);
    return r;
}

/* One request of a registration, about a subject. 0 with *ret_reply (the caller's); -ENOENT: the
 * registry knows no such thing; -EEXIST: a conflict; -EPROTO: refused; -EIO: no answer of a
 * registry; each with `ret_message`. */
static int registry_ask(const char *url, const char *method, const json_t *body,
                        const char *subject, json_t **ret_reply, char ret_message[static 300])
{
    struct registry_reply reply;
    char message[200];
    if (registry_exchange(url, method, body, &reply, message) < 0) {
        (void)snprintf(ret_message, 300, "%s", message);
        return -EIO;
    }
    const char *said = json_string_value(json_object_get(reply.json, "message"));
    const bool coded = json_is_integer(json_object_get(reply.json, "error_code"));
    int r = -EIO;
    if (reply.status >= 200 && reply.status < 300) {
        *ret_reply = json_incref(reply.json);
        r = 0;
    } else if (reply.status == 404 && coded) {
        r = -ENOENT;
    } else if (reply.status == 409) {
        r = -EEXIST;
    } else if (reply.status == 422 || reply.status == 400) {
        r = -EPROTO;
    }
    (void)snprintf(ret_message, 300, "the schema registry answered %ld for %.80s: %.150s",
                   reply.status, subject,
                   said != NULL ? said
                   : r != -EIO  ? "no reason given"
                                : "unexpected reply; is schema.registry.url right?");
    json_decref(reply.json);
    return r;
}

static bool is_strict_enough(const json_t *config)
{
    const char *level = json_string_value(json_object_get(config, "compatibilityLevel"));
    return level != NULL &&
           (strcmp(level, "BACKWARD_TRANSITIVE") == 0 || strcmp(level, "FULL_TRANSITIVE") == 0);
}

/* Sees to it that every version of the subject can be read by later ones. What is stricter stays:
 * it is an administrator's. */
static int set_compatibility(const char *url, const char *subject, char ret_message[static 300])
{
    json_t *reply = NULL;
    int r = registry_ask(url, "GET", NULL, subject, &reply, ret_message);
    const bool enough = r == 0 && is_strict_enough(reply);
    json_decref(reply);
    if (enough || (r < 0 && r != -ENOENT))
        return r;
    json_t *body = json_pack("{s:s}", "compatibility", "BACKWARD_TRANSITIVE");
    reply = NULL;
    r = body != NULL ? registry_ask(url, "PUT", body, subject, &reply, ret_message) : -EIO;
    json_decref(body);
    json_decref(reply);
    return r;
}

/* The id under which the subject has this very text, now or already. */
static int post_version(const char *url, const struct schema *schema, const char *subject,
                        uint32_t *ret_id, char ret_message[static 300])
{
    json_t *reply = NULL,
           *body = json_pack("{s:s, s:s}", "schema", schema->text, "schemaType", "AVRO");
    (void)snprintf(ret_message, 300, "schema registry: out of memory");
    int r = body != NULL ? registry_ask(url, "POST", body, subject, &reply, ret_message) : -EIO;
    json_decref(body);
    if (r == 0) {
        const json_t *id = json_object_get(reply, "id");
        const json_int_t number = json_integer_value(id);
        if (json_is_integer(id) && number >= 0 && number <= UINT32_MAX) {
            *ret_id = (uint32_t)number;
        } else {
            (void)snprintf(
                ret_message, 300,
                "the schema registry gave no id for %.80s; is schema.registry.url right?", subject);
            r = -EIO;
        }
    }
    json_decref(reply);
    return r;
}

static int note_written(struct registry *registry, const struct schema *schema, uint32_t id)
{
    int r = -EPROTO;
    (void)pthread_mutex_lock(&registry->lock);
    size_t at = 0;
    while (at < registry->written_count && registry->written[at].schema != schema)
        at++;
    if (at < sizeof registry->written / sizeof *registry->written) {
        registry->written[at] = (struct written){.schema = schema, .id = id};
        registry->written_count += at == registry->written_count;
        r = 0;
    }
    (void)pthread_mutex_unlock(&registry->lock);
    return r;
}

static int register_once(const char *config, const char *versions, const struct schema *schema,
                         const char *subject, uint32_t *ret_id, char ret_message[static 300])
{
    /* The rule first, so that this very version is checked; registries differ in whether a subject
     * without versions may have one. */
    const int first = set_compatibility(config, subject, ret_message);
    int r = first == 0 || first == -ENOENT
                ? post_version(versions, schema, subject, ret_id, ret_message)
                : first;
    if (r == 0 && first == -ENOENT)
        r = set_compatibility(config, subject, ret_message);
    return r;
}

int registry_register(struct registry *registry, const struct schema *schema, const char *subject,
                      char ret_message[static 300])
{
    char config[URL_MAX], versions[URL_MAX];
    uint32_t id = 0;
    if (snprintf(config, sizeof config, "%s/config/%s", registry->url, subject) >=
            (int)sizeof config ||
        snprintf(versions, sizeof versions, "%s/subjects/%s/versions", registry->url, subject) >=
            (int)sizeof versions) {
        (void)snprintf(ret_message, 300, "the subject's name is too long");
        return -EPROTO;
    }
    int r = register_once(config, versions, schema, subject, &id, ret_message);
    for (int conflicts = 1; r == -EEXIST && conflicts < CONFLICTS_MAX; conflicts++) {
        /* Also what the second of two workers hears who make a subject in the same moment: it is a
         * refusal only when it stays. */
        (void)usleep(CONFLICT_PAUSE_MS * 1000);
        r = register_once(config, versions, schema, subject, &id, ret_message);
    }
    if (r < 0)
        return r == -EIO ? r : -EPROTO;
    struct known entry = {.id = id, .schema = schema};
    registry_add(registry, &entry);
    return note_written(registry, schema, id);
}

int registry_id(struct registry *registry, const struct schema *schema, uint32_t *ret_id)
{
    int r = -ENOENT;
    (void)pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < registry->written_count && r < 0; i++)
        if (registry->written[i].schema == schema) {
            *ret_id = registry->written[i].id;
            r = 0;
        }
    (void)pthread_mutex_unlock(&registry->lock);
    return r;
}
