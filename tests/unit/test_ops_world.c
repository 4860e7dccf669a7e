/* The fakes of test_ops_world.h. */
#include "test_ops_world.h"

#include <time.h>

struct world world;

struct stored {
    struct kafka_record record; /* its texts are owned here */
    struct kafka_header headers[WORLD_HEADERS];
};
static struct stored records[WORLD_RECORDS];
static size_t record_count;
static struct {
    char natural[256];
    struct key_view view;
} views[WORLD_VIEWS];
static struct {
    char natural[256];
    int64_t number;
    char summary[2000];
    size_t size;
} reserved[WORLD_VIEWS];
static size_t view_count, reserved_count, added, answer;
enum { PENDING_MAX = 8 };
static struct world_put pending[PENDING_MAX]; /* of world.keeps, added and not yet committed */
static size_t pending_count;
static struct {
    struct config *config;
    struct ops *ops;
} opened;

static void pending_clear(void);

static void *copy(const void *from, size_t size)
{
    char *to = calloc(1, size + 1);
    assert_non_null(to);
    return size > 0 ? memcpy(to, from, size) : to;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    const size_t used = strlen(world.trace);
    va_list args;
    if (used > 0)
        (void)snprintf(world.trace + used, sizeof world.trace - used, " | ");
    va_start(args, format);
    (void)vsnprintf(world.trace + strlen(world.trace), sizeof world.trace - strlen(world.trace),
                    format, args);
    va_end(args);
}

static int refuse(int rc, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%s", world.refusal != NULL ? world.refusal : "");
    return rc;
}

void world_untrace(void)
{
    world.trace[0] = '\0';
}

void world_release(void)
{
    for (size_t i = 0; i < record_count; i++) {
        free((void *)(uintptr_t)records[i].record.topic);
        free((void *)(uintptr_t)records[i].record.key);
        free((void *)(uintptr_t)records[i].record.value);
    }
    for (size_t i = 0; i < world.sent_count; i++)
        free(world.sent[i]);
    pending_clear();
    record_count = view_count = reserved_count = added = answer = 0;
    ops_free(opened.ops);
    config_free(opened.config);
    opened.ops = NULL;
    opened.config = NULL;
    world = (struct world){.brokers = 1,
                           .now_ms = 1000,
                           .amend_verdict = VERDICT_FINISHED,
                           .credit_verdict = VERDICT_KNOWN,
                           .parked_verdicts = {VERDICT_KNOWN, VERDICT_FINISHED, VERDICT_CLAIMED,
                                               VERDICT_RELEASED, VERDICT_DISCARDED},
                           .parked = {.state = 'k', .content = PARKED_OWN, .has_summary = true}};
    (void)snprintf(world.server.run_id, sizeof world.server.run_id, "r1");
    (void)snprintf(world.server.role, sizeof world.server.role, "master");
    (void)snprintf(world.server.eviction, sizeof world.server.eviction, "noeviction");
    (void)snprintf(world.server.version, sizeof world.server.version, "7.0.15");
}

void world_reset(void)
{
    world_release();
}

struct ops *world_ops(const char *const overrides[])
{
    struct config_message message;
    size_t count = 0;
    while (overrides != NULL && overrides[count] != NULL)
        count++;
    ops_free(opened.ops);
    config_free(opened.config);
    assert_int_equal(clearenv(), 0);
    if (config_load(NULL, overrides, count, &opened.config, &message) != 0)
        fail_msg("%s", message.text);
    opened.ops = ops_new(opened.config);
    assert_non_null(opened.ops);
    return opened.ops;
}

void world_put(const struct world_put *put)
{
    assert_true(record_count < WORLD_RECORDS);
    struct stored *s = &records[record_count];
    *s = (struct stored){
        .record = {.topic = copy(put->topic, strlen(put->topic)),
                   .partition = put->partition,
                   .offset = put->offset > 0 ? put->offset : (int64_t)record_count,
                   .timestamp_ms = put->at_ms,
                   .key = put->key != NULL ? copy(put->key, strlen(put->key)) : NULL,
                   .key_size = put->key != NULL ? strlen(put->key) : 0,
                   .value = put->value != NULL ? copy(put->value, put->size) : NULL,
                   .value_size = put->value != NULL ? put->size : 0}};
    for (size_t i = 0; i < WORLD_HEADERS && put->headers[i].name != NULL; i++)
        s->headers[s->record.header_count++] = (struct kafka_header){
            .name = put->headers[i].name,
            .value = put->headers[i].value,
            .size = put->headers[i].value != NULL ? strlen(put->headers[i].value) : 0};
    s->record.headers = s->headers;
    record_count++;
}

void world_put_struct(struct ops *ops, const struct world_put *put,
                      const struct bound_record *record, const void *of)
{
    struct codec *codec = NULL;
    struct ops_error error;
    struct buf bytes;
    struct world_put whole = *put;
    if (ops_codec(ops, &codec, &error) != OPS_DONE)
        fail_msg("%s", error.text);
    buf_init(&bytes, 4 << 20);
    assert_int_equal(codec_encode(codec, record, of, &bytes), 0);
    whole.value = bytes.data;
    whole.size = bytes.size;
    world_put(&whole);
    buf_release(&bytes);
}

void world_view(const char *natural, const struct key_view *view)
{
    assert_true(view_count < WORLD_VIEWS);
    (void)snprintf(views[view_count].natural, sizeof views[0].natural, "%s", natural);
    views[view_count++].view = *view;
}

void world_reserve(const char *natural, int64_t number, const void *summary, size_t size)
{
    assert_true(reserved_count < WORLD_VIEWS && size <= sizeof reserved[0].summary);
    (void)snprintf(reserved[reserved_count].natural, sizeof reserved[0].natural, "%s", natural);
    memcpy(reserved[reserved_count].summary, summary, size);
    reserved[reserved_count].number = number;
    reserved[reserved_count++].size = size;
}

/* ---- memory ---- */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return world.memory_max > 0 && count * size > world.memory_max ? NULL
                                                                   : __real_calloc(count, size);
}

/* ---- kafka/reader.h ---- */

static bool is_in_spans(const struct kafka_range *range, const struct kafka_record *record)
{
    for (size_t i = 0; i < range->span_count; i++)
        if (range->spans[i].partition == record->partition)
            return record->offset >= range->spans[i].from && record->offset < range->spans[i].until;
    return false;
}

/* From the first record that there is to the last; two partitions, whichever have records. */
int __wrap_kafka_spans(const struct config *config, const char *topic,
                       const struct kafka_range *range, struct kafka_span **ret_spans,
                       size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_spans(const struct config *config, const char *topic,
                       const struct kafka_range *range, struct kafka_span **ret_spans,
                       size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("spans %s", topic);
    if (world.spans_rc != 0)
        return refuse(world.spans_rc, ret_message);
    struct kafka_span *spans = calloc(2, sizeof *spans);
    assert_non_null(spans);
    for (int32_t p = 0; p < 2; p++) {
        spans[p] = (struct kafka_span){p, INT64_MAX, 0};
        for (size_t i = 0; i < record_count; i++) {
            const struct kafka_record *r = &records[i].record;
            if (strcmp(r->topic, topic) != 0 || r->partition != p ||
                (range->from == KAFKA_FROM_OFFSET && r->offset < range->from_value) ||
                (range->from == KAFKA_FROM_TIME && r->timestamp_ms < range->from_value))
                continue;
            if (r->offset < spans[p].from)
                spans[p].from = r->offset;
            if (r->offset >= spans[p].until)
                spans[p].until = r->offset + 1;
        }
        if (spans[p].from == INT64_MAX)
            spans[p].from = 0;
    }
    *ret_spans = spans;
    *ret_count = 2;
    return 0;
}

int __wrap_kafka_read(const struct config *config, const char *const topics[], size_t topic_count,
                      const struct kafka_range *range, kafka_record_seen seen, void *user,
                      char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_read(const struct config *config, const char *const topics[], size_t topic_count,
                      const struct kafka_range *range, kafka_record_seen seen, void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("read %s%s", topics[0], topic_count > 1 ? ",..." : "");
    if (world.range_of == NULL || strcmp(world.range_of, topics[0]) == 0) {
        world.range = *range;
        (void)snprintf(world.range_key, sizeof world.range_key, "%s",
                       range->partition_of_key != NULL ? range->partition_of_key : "");
    }
    if (world.read_rc != 0 &&
        (world.fails_read == NULL || strcmp(world.fails_read, topics[0]) == 0))
        return refuse(world.read_rc, ret_message);
    for (size_t i = 0; i < record_count; i++) {
        struct kafka_record record = records[i].record;
        bool is_of_these = false;
        for (size_t k = 0; k < topic_count; k++)
            is_of_these |= strcmp(record.topic, topics[k]) == 0;
        if (!is_of_these ||
            (range->from == KAFKA_FROM_TIME && record.timestamp_ms < range->from_value) ||
            (range->from == KAFKA_FROM_OFFSET &&
             (record.offset < range->from_value ||
              (range->partition >= 0 && record.partition != range->partition))) ||
            (range->partition_of_key != NULL && record.partition != 0) || /* where keys belong */
            (range->spans != NULL && !is_in_spans(range, &record)))
            continue;
        const int rc = seen(user, &record);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int __wrap_kafka_scan(const struct config *config, const char *topic, const atomic_int *give_up,
                      void (*each)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_scan(const struct config *config, const char *topic, const atomic_int *give_up,
                      void (*each)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    (void)give_up;
    if (world.read_rc != 0 && world.fails_read != NULL && strcmp(world.fails_read, topic) == 0)
        return refuse(world.read_rc, ret_message);
    for (size_t i = 0; i < record_count; i++)
        if (strcmp(records[i].record.topic, topic) == 0)
            each(user, &records[i].record);
    return 0;
}

/* ---- kafka/writer.h ---- */

struct kafka_writer {
    int unused;
};
static struct kafka_writer the_writer;

static int writer_step(const char *step, char ret_message[static KAFKA_TEXT_MAX])
{
    const bool fails = world.fails_at != NULL && strcmp(world.fails_at, step) == 0;
    return fails ? refuse(world.writer_rc, ret_message) : 0;
}

int __wrap_kafka_writer_new(const struct config *config, size_t bytes,
                            struct kafka_writer **ret_writer,
                            char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_new(const struct config *config, size_t bytes,
                            struct kafka_writer **ret_writer,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("new");
    world.writer_bytes = bytes;
    const int rc = writer_step("new", ret_message);
    if (rc == 0)
        *ret_writer = &the_writer;
    return rc;
}

int __wrap_kafka_writer_new_as(const struct config *config, const char *transactional_id,
                               size_t bytes, struct kafka_writer **ret_writer,
                               char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_new_as(const struct config *config, const char *transactional_id,
                               size_t bytes, struct kafka_writer **ret_writer,
                               char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("as %s", transactional_id);
    if (world.appears_at_pen != NULL)
        world_put(world.appears_at_pen);
    world.appears_at_pen = NULL;
    world.writer_bytes = bytes;
    const int rc = writer_step("new", ret_message);
    if (rc == 0)
        *ret_writer = &the_writer;
    return rc;
}

int __wrap_kafka_writer_partitions(struct kafka_writer *writer, const char *topic,
                                   int32_t *ret_count, char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_partitions(struct kafka_writer *writer, const char *topic,
                                   int32_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(writer, &the_writer);
    note("partitions of %s", topic);
    *ret_count = 2;
    return writer_step("partitions", ret_message);
}

void __wrap_kafka_writer_free(struct kafka_writer *writer);
void __wrap_kafka_writer_free(struct kafka_writer *writer)
{
    if (writer != NULL)
        note("free");
}

int __wrap_kafka_writer_begin(struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_begin(struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(writer, &the_writer);
    note("begin");
    pending_clear();
    added = 0;
    return writer_step("begin", ret_message);
}

static void pending_clear(void)
{
    for (size_t i = 0; i < pending_count; i++) {
        free((void *)(uintptr_t)pending[i].key);
        free((void *)(uintptr_t)pending[i].value);
    }
    pending_count = 0;
}

static void pending_add(const struct kafka_record *record)
{
    if (world.keeps == NULL || strcmp(record->topic, world.keeps) != 0)
        return;
    assert_true(pending_count < PENDING_MAX);
    pending[pending_count++] = (struct world_put){.topic = world.keeps,
                                                  .key = copy(record->key, record->key_size),
                                                  .value = copy(record->value, record->value_size),
                                                  .size = record->value_size,
                                                  .at_ms = 1};
}

static void keep_headers(const struct kafka_record *record)
{
    world.last_header_count = record->header_count;
    world.last_headers[0] = '\0';
    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *h = &record->headers[i];
        const size_t used = strlen(world.last_headers);
        (void)snprintf(world.last_headers + used, sizeof world.last_headers - used, "%s=%.*s ",
                       h->name, h->value != NULL ? (int)h->size : 1,
                       h->value != NULL ? (const char *)h->value : "-");
    }
}

int __wrap_kafka_writer_add(struct kafka_writer *writer, const struct kafka_record *record,
                            char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_add(struct kafka_writer *writer, const struct kafka_record *record,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    char step[24];
    assert_ptr_equal(writer, &the_writer);
    if (world.sent_count < WORLD_RECORDS) {
        note("add %s %.*s", record->topic, record->key != NULL ? (int)record->key_size : 1,
             record->key != NULL ? (const char *)record->key : "-");
        world.sent_size[world.sent_count] = record->value_size;
        world.sent[world.sent_count++] =
            record->value != NULL ? copy(record->value, record->value_size) : copy("(null)", 6);
    }
    world.last_added = *record;
    if (added == 0)
        world.added_partition = record->partition;
    keep_headers(record);
    pending_add(record);
    (void)snprintf(step, sizeof step, "add %zu", ++added);
    return writer_step(step, ret_message);
}

int __wrap_kafka_writer_commit(struct kafka_writer *writer,
                               char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_writer_commit(struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(writer, &the_writer);
    note("commit");
    if (world.appears != NULL) {
        struct world_put put = *world.appears;
        put.at_ms = world.appears_at_ms;
        world_put(&put);
        world.appears = NULL;
    }
    const int rc = writer_step("commit", ret_message);
    for (size_t i = 0; rc == 0 && i < pending_count; i++)
        world_put(&pending[i]);
    pending_clear();
    return rc;
}

/* ---- kafka/admin.h ---- */

struct kafka_admin {
    int unused;
};
static struct kafka_admin the_admin;

static struct world_topic *find_topic(const char *name)
{
    for (size_t i = 0; i < world.topic_count; i++)
        if (strcmp(world.topics[i].name, name) == 0)
            return &world.topics[i];
    return NULL;
}

int __wrap_kafka_admin_new(const struct config *config, struct kafka_admin **ret_admin,
                           char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_admin_new(const struct config *config, struct kafka_admin **ret_admin,
                           char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    if (world.admin_rc != 0)
        return refuse(world.admin_rc, ret_message);
    note("admin");
    *ret_admin = &the_admin;
    return 0;
}

void __wrap_kafka_admin_free(struct kafka_admin *admin);
void __wrap_kafka_admin_free(struct kafka_admin *admin)
{
    if (admin != NULL)
        note("admin freed");
}

int __wrap_kafka_broker_count(struct kafka_admin *admin, int *ret_count,
                              char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_broker_count(struct kafka_admin *admin, int *ret_count,
                              char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(admin, &the_admin);
    *ret_count = world.brokers;
    return world.brokers > 0 ? 0 : refuse(-EIO, ret_message);
}

int __wrap_kafka_topics_create(struct kafka_admin *admin, const struct kafka_topic topics[],
                               size_t count, bool ret_created[],
                               char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_topics_create(struct kafka_admin *admin, const struct kafka_topic topics[],
                               size_t count, bool ret_created[],
                               char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(admin, &the_admin);
    note("create %zu", count);
    if (world.writer_rc != 0)
        return refuse(world.writer_rc, ret_message);
    for (size_t i = 0; i < count; i++) {
        ret_created[i] = find_topic(topics[i].name) == NULL;
        if (!ret_created[i])
            continue;
        assert_true(world.topic_count < WORLD_TOPICS);
        struct world_topic *t = &world.topics[world.topic_count++];
        *t = (struct world_topic){.partitions = topics[i].partitions,
                                  .replicas = topics[i].replicas,
                                  .is_created = true,
                                  .setting_count = topics[i].setting_count};
        (void)snprintf(t->name, sizeof t->name, "%s", topics[i].name);
        memcpy(t->settings, topics[i].settings, t->setting_count * sizeof *t->settings);
    }
    return 0;
}

int __wrap_kafka_topics_count(struct kafka_admin *admin, const char *const names[], size_t count,
                              int ret_partitions[], int ret_replicas[],
                              char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_topics_count(struct kafka_admin *admin, const char *const names[], size_t count,
                              int ret_partitions[], int ret_replicas[],
                              char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(admin, &the_admin);
    (void)ret_message;
    for (size_t i = 0; i < count; i++) {
        const struct world_topic *t = find_topic(names[i]);
        ret_partitions[i] = t != NULL ? t->partitions : 0;
        ret_replicas[i] = t != NULL ? t->replicas : 0;
    }
    return 0;
}

int __wrap_kafka_topics_ready(struct kafka_admin *admin, const char *const names[],
                              const int partitions[], size_t count, bool *ret_ready,
                              char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_topics_ready(struct kafka_admin *admin, const char *const names[],
                              const int partitions[], size_t count, bool *ret_ready,
                              char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(admin, &the_admin);
    (void)ret_message;
    note("ready?");
    for (size_t i = 0; i < count; i++)
        assert_int_equal(partitions[i], find_topic(names[i])->partitions);
    *ret_ready = world.reads_until_ready-- <= 0;
    return 0;
}

int __wrap_kafka_topics_settings(struct kafka_admin *admin, const char *const names[], size_t count,
                                 kafka_setting_seen seen, void *user,
                                 char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_topics_settings(struct kafka_admin *admin, const char *const names[], size_t count,
                                 kafka_setting_seen seen, void *user,
                                 char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(admin, &the_admin);
    (void)ret_message;
    for (size_t i = 0; i < count; i++) {
        const struct world_topic *t = find_topic(names[i]);
        assert_non_null(t);
        seen(user, i, "compression.type", "producer"); /* one that nobody asked for */
        for (size_t k = 0; k < t->setting_count; k++)
            seen(user, i, t->settings[k].name, t->settings[k].value);
    }
    return 0;
}

/* A group that nobody is in, and ends of topics of one partition. */

int __wrap_kafka_group_is_empty(const struct config *config, const char *group, bool *ret_empty,
                                char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_group_is_empty(const struct config *config, const char *group, bool *ret_empty,
                                char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("members of %s", group);
    *ret_empty = !world.group_works;
    return world.admin_rc == 0 ? 0 : refuse(world.admin_rc, ret_message);
}

int __wrap_kafka_ends(const struct config *config, const char *const topics[], size_t topic_count,
                      enum kafka_end which, struct kafka_place **ret_places, size_t *ret_count,
                      char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_ends(const struct config *config, const char *const topics[], size_t topic_count,
                      enum kafka_end which, struct kafka_place **ret_places, size_t *ret_count,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    (void)which;
    if (world.admin_rc != 0)
        return refuse(world.admin_rc, ret_message);
    *ret_places = calloc(topic_count, sizeof **ret_places);
    assert_non_null(*ret_places);
    for (size_t i = 0; i < topic_count; i++) {
        (void)snprintf((*ret_places)[i].topic, sizeof(*ret_places)[i].topic, "%s", topics[i]);
        (*ret_places)[i].offset = world.end;
    }
    *ret_count = topic_count;
    return 0;
}

int __wrap_kafka_group_committed(const struct config *config, const char *group,
                                 struct kafka_place places[], size_t count,
                                 char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_group_committed(const struct config *config, const char *group,
                                 struct kafka_place places[], size_t count,
                                 char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    (void)ret_message;
    note("offsets of %s", group);
    for (size_t i = 0; i < count; i++)
        places[i].offset = world.committed;
    return 0;
}

/* ---- Redis ---- */

struct redis_once {
    int unused;
};
static struct redis_once the_redis;

int __wrap_redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis,
                           struct redis_server *ret_server, char ret_message[static 300]);
int __wrap_redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis,
                           struct redis_server *ret_server, char ret_message[static 300])
{
    (void)url;
    assert_in_range(timeout_ms, 1000, 10000); /* a person waits */
    note("redis");
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    if (world.redis_rc != 0)
        return world.redis_rc;
    *ret_redis = &the_redis;
    *ret_server = world.server;
    return 0;
}

void __wrap_redis_once_close(struct redis_once *redis);
void __wrap_redis_once_close(struct redis_once *redis)
{
    if (redis != NULL)
        note("redis closed");
}

int __wrap_key_view_read(struct redis_once *redis, const char *prefix, const char *natural,
                         struct key_view *ret_view, char ret_message[static 300]);
int __wrap_key_view_read(struct redis_once *redis, const char *prefix, const char *natural,
                         struct key_view *ret_view, char ret_message[static 300])
{
    assert_ptr_equal(redis, &the_redis);
    assert_string_equal(prefix, "pf");
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    if (world.view_rc != 0)
        return world.view_rc;
    *ret_view = (struct key_view){.is_asked = true};
    for (size_t i = 0; i < view_count; i++)
        if (strcmp(views[i].natural, natural) == 0) {
            *ret_view = views[i].view;
            ret_view->is_asked = true;
        }
    return 0;
}

static void hex(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

enum verdict __wrap_key_amend(struct redis_once *redis, const char *prefix, const char *flow,
                              const char *natural, const struct key_version *version,
                              char ret_message[static 300]);
enum verdict __wrap_key_amend(struct redis_once *redis, const char *prefix, const char *flow,
                              const char *natural, const struct key_version *version,
                              char ret_message[static 300])
{
    char identity[9], goods[9], money[9];
    assert_ptr_equal(redis, &the_redis);
    assert_string_equal(prefix, "pf");
    hex(version->identity, 4, identity);
    hex(version->goods, 4, goods);
    hex(version->money, 4, money);
    note("amend %s %s %lld %s %s %s", flow, natural, (long long)version->version, identity, goods,
         money);
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    return world.amend_verdict;
}

enum verdict __wrap_key_parked(struct redis_once *redis, enum parked_word word,
                               const struct parked_key *key, struct parked_view *ret_view,
                               char ret_message[static 300]);
enum verdict __wrap_key_parked(struct redis_once *redis, enum parked_word word,
                               const struct parked_key *key, struct parked_view *ret_view,
                               char ret_message[static 300])
{
    static const char *const words[] = {"look at", "adopt", "take", "free", "discard"};
    assert_ptr_equal(redis, &the_redis);
    assert_string_equal(key->prefix, "pf");
    assert_true(key->lease_ms > 0 && key->ttl_ms > 0);
    note("%s %s %s%s%s%s", words[word], key->flow, key->natural, key->order != NULL ? " of " : "",
         key->order != NULL ? key->order : "", key->summary.size > 0 ? " as today" : "");
    *ret_view = world.parked;
    if (word == PARKED_TAKE)
        ret_view->wait_ms = world.parked_take_ms;
    if (word == PARKED_TAKE && world.parked_takes++ > 0 && world.parked_again != 0)
        return world.parked_again;
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    return world.parked_verdicts[word];
}

/* The reply as the scripts make it: a row for each reservation, and behind all rows K and summary of
 * each. */
static enum verdict credit_reply(struct redis_reply *ret_reply, char ret_message[static 300])
{
    static char text[WORLD_VIEWS * 2400];
    static struct redis_item items[6];
    size_t at = 0, size = 0;
    for (size_t i = 0; i < reserved_count; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%10zu%6zu%10zu%20lld", at,
                                 strlen(reserved[i].natural), reserved[i].size,
                                 (long long)reserved[i].number);
        at += strlen(reserved[i].natural) + reserved[i].size;
    }
    for (size_t i = 0; i < reserved_count; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", reserved[i].natural);
        memcpy(text + size, reserved[i].summary, reserved[i].size);
        size += reserved[i].size;
    }
    memset(items, 0, sizeof items);
    items[1].number = 5;
    items[2].text = "1";
    items[2].size = 1;
    items[3].number = world.is_blocked;
    items[4].number = (int64_t)reserved_count;
    items[5].text = text;
    items[5].size = size;
    if (world.credit_verdict == VERDICT_SUSPECT)
        items[1] = world.is_marker_gone ? (struct redis_item){.text = "", .size = 0}
                                        : (struct redis_item){.text = "rebuild", .size = 7};
    memset(ret_reply, 0, sizeof *ret_reply);
    memcpy(ret_reply->items, items, sizeof items);
    ret_reply->count = 6;
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    return world.credit_verdict;
}

enum verdict __wrap_keys_credit_show(struct redis_once *redis, const struct credit_block *block,
                                     struct redis_reply *ret_reply, char ret_message[static 300]);
enum verdict __wrap_keys_credit_show(struct redis_once *redis, const struct credit_block *block,
                                     struct redis_reply *ret_reply, char ret_message[static 300])
{
    assert_ptr_equal(redis, &the_redis);
    assert_string_equal(block->prefix, "pf");
    note("reserved of %s, %s", block->order, block->flow);
    return credit_reply(ret_reply, ret_message);
}

enum verdict __wrap_keys_credit_block(struct redis_once *redis, const struct credit_block *block,
                                      struct redis_reply *ret_reply, char ret_message[static 300]);
enum verdict __wrap_keys_credit_block(struct redis_once *redis, const struct credit_block *block,
                                      struct redis_reply *ret_reply, char ret_message[static 300])
{
    assert_ptr_equal(redis, &the_redis);
    assert_int_equal(strlen(block->holder), 32);
    note("block %s in %d of %s", block->order, block->partition, block->flow);
    return credit_reply(ret_reply, ret_message);
}

enum verdict __wrap_keys_credit_block_again(struct redis_once *redis,
                                            const struct credit_block *block,
                                            char ret_message[static 300]);
enum verdict __wrap_keys_credit_block_again(struct redis_once *redis,
                                            const struct credit_block *block,
                                            char ret_message[static 300])
{
    assert_ptr_equal(redis, &the_redis);
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    note("still %s", block->order);
    return world.is_block_lost ? world.again_verdict : VERDICT_KNOWN;
}

enum verdict __wrap_keys_credit_unblock(struct redis_once *redis, const struct credit_block *block,
                                        int64_t behind, char ret_message[static 300]);
enum verdict __wrap_keys_credit_unblock(struct redis_once *redis, const struct credit_block *block,
                                        int64_t behind, char ret_message[static 300])
{
    assert_ptr_equal(redis, &the_redis);
    (void)snprintf(ret_message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    note("unblock %s behind %lld", block->order, (long long)behind);
    return world.unblock_verdict != 0 ? world.unblock_verdict : VERDICT_RELEASED;
}

/* ---- the schema registry ---- */

int __wrap_codec_register(struct codec *codec, const char *record, const char *topic,
                          char message[static 300]);
int __wrap_codec_register(struct codec *codec, const char *record, const char *topic,
                          char message[static 300])
{
    assert_non_null(codec);
    (void)snprintf(world.registered, sizeof world.registered, "%s of %s", record, topic);
    (void)snprintf(message, 300, "%s", world.refusal != NULL ? world.refusal : "");
    return world.register_rc;
}

/* ---- Prima: the real client, whose requests go nowhere; it answers in the loop, and lives there
 * until it is freed, as the real one does ---- */

static struct {
    uv_loop_t *loop;
    uv_idle_t idle;
    prima_done done; /* NULL: nothing is asked */
    void *user;
} prima;

int __real_prima_client_new(uv_loop_t *loop, const struct config *config,
                            struct prima_client **ret_client, struct config_message *ret_message);
int __wrap_prima_client_new(uv_loop_t *loop, const struct config *config,
                            struct prima_client **ret_client, struct config_message *ret_message);
int __wrap_prima_client_new(uv_loop_t *loop, const struct config *config,
                            struct prima_client **ret_client, struct config_message *ret_message)
{
    prima.loop = loop;
    return __real_prima_client_new(loop, config, ret_client, ret_message);
}

void __real_prima_client_free(struct prima_client *client);
void __wrap_prima_client_free(struct prima_client *client);
void __wrap_prima_client_free(struct prima_client *client)
{
    if (uv_is_active((uv_handle_t *)&prima.idle))
        uv_close((uv_handle_t *)&prima.idle, NULL);
    __real_prima_client_free(client);
}

void __wrap_prima_client_only_reads(struct prima_client *client);
void __wrap_prima_client_only_reads(struct prima_client *client)
{
    (void)client;
    note("only reads");
}

static void prima_answer(uv_idle_t *idle)
{
    const prima_done done = prima.done;
    (void)idle;
    if (done == NULL)
        return;
    prima.done = NULL;
    assert_true(world.answer_count > 0);
    const struct world_answer *a = &world.answers[answer];
    answer += answer + 1 < world.answer_count;
    const struct prima_reply reply = {.fate = a->fate,
                                      .http_status = a->http_status,
                                      .order_status = a->order_status,
                                      .retry_after_ms = a->retry_after_ms,
                                      .pages = a->pages,
                                      .documents = a->documents,
                                      .document_count = a->document_count,
                                      .products = a->products,
                                      .product_count = a->product_count,
                                      .words = ""};
    done(prima.user, &reply);
}

void __wrap_prima_client_send(struct prima_client *client, enum prima_type type,
                              const char *company, const char *request, size_t size,
                              prima_done done, void *user);
void __wrap_prima_client_send(struct prima_client *client, enum prima_type type,
                              const char *company, const char *request, size_t size,
                              prima_done done, void *user)
{
    (void)client;
    note("%s of '%s'", prima_type_name(type), company);
    if (world.prima_count < 8)
        (void)snprintf(world.prima_asked[world.prima_count++], sizeof world.prima_asked[0], "%.*s",
                       (int)size, request);
    assert_null(prima.done); /* one question at a time */
    prima.done = done;
    prima.user = user;
    if (!uv_is_active((uv_handle_t *)&prima.idle)) {
        assert_int_equal(uv_idle_init(prima.loop, &prima.idle), 0);
        assert_int_equal(uv_idle_start(&prima.idle, prima_answer), 0);
    }
}

/* ---- the clock ---- */

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return world.now_ms;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *ret_left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *ret_left)
{
    const int64_t ms = wanted->tv_sec * 1000 + wanted->tv_nsec / 1000000;
    (void)ret_left;
    world.slept_ms += ms;
    world.now_ms += ms;
    return 0;
}
