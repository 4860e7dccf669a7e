/* Framing, and which schema and plan a record's bytes go by; see codec.h. */
#include "codec/codec.h"

#include "base/digest.h"
#include "codec/defaults.h"
#include "codec/encode.h"
#include "codec/identity.h"
#include "codec/json.h"
#include "codec/plan.h"
#include "codec/registry.h"

#include <endian.h>
#include <errno.h>

enum {
    SINGLE_OBJECT_HEAD = 10, /* C3 01, fingerprint */
    CONFLUENT_HEAD = 5,      /* 00, id */
    PLANS_MAX = 64 << 20,    /* bytes of all plans; one of ours takes 40 kB */
    CANONICAL_MAX = 64 << 20,
};

/* The plan of one writer's schema into one struct. */
struct program {
    struct program *next;
    const struct schema *written;
    const struct bound_record *record;
    const struct plan *plan;
};

struct codec {
    struct codec_limits limits;
    struct store *store;
    struct registry *registry; /* NULL: none configured */
    struct layout_set layouts;
    struct arena *plans;
    struct program *programs; /* the one used last comes first */
    struct buf canonical;     /* of the identity that is being computed */
};

int codec_open(const char *schema_folder, const char *registry_url, struct codec_limits limits,
               struct codec **ret_codec, char ret_message[static 300])
{
    struct codec *codec = calloc(1, sizeof *codec);
    if (codec == NULL)
        return -ENOMEM;
    codec->limits = limits;
    buf_init(&codec->canonical, CANONICAL_MAX);
    codec->layouts.memory = arena_new(PLANS_MAX);
    codec->plans = arena_new(PLANS_MAX);
    int r = codec->layouts.memory != NULL && codec->plans != NULL ? 0 : -ENOMEM;
    if (r == 0)
        r = store_open(schema_folder, &codec->store, ret_message);
    if (r == 0 && registry_url != NULL && *registry_url != '\0') {
        r = registry_open(registry_url, codec->store, &codec->registry);
        if (r == -EINVAL)
            (void)snprintf(ret_message, 300,
                           "the schema registry's address must start with http:// or https://");
    }
    if (r < 0) {
        codec_close(codec);
        return r;
    }
    *ret_codec = codec;
    return 0;
}

void codec_close(struct codec *codec)
{
    if (codec == NULL)
        return;
    registry_close(codec->registry);
    store_close(codec->store);
    arena_free(codec->layouts.memory);
    arena_free(codec->plans);
    buf_release(&codec->canonical);
    free(codec);
}

/* The layout that codec_check made, or NULL. */
static const struct layout *find_layout(const struct codec *codec,
                                        const struct bound_record *record)
{
    const struct schema *today = store_find_today(codec->store, record->name);
    return today != NULL ? layout_made(&codec->layouts, today->root, record) : NULL;
}

int codec_check(struct codec *codec, const struct bound_record *record,
                char ret_message[static 300])
{
    const struct schema *today = store_find_today(codec->store, record->name);
    struct layout *const before = codec->layouts.youngest, *layout;
    char message[200] = "";
    if (today == NULL) {
        (void)snprintf(ret_message, 300, "%s: schemas/ has no such record", record->name);
        return -ENOENT;
    }
    int r = layout_make(&codec->layouts, today->root, record, &layout, message);
    if (r == 0)
        r = defaults_fill(&codec->layouts, layout, message);
    if (r < 0) {
        codec->layouts.youngest = before;
        (void)snprintf(ret_message, 300, "%s", message);
    }
    return r;
}

static uint32_t confluent_id(const uint8_t *head)
{
    uint32_t id;
    memcpy(&id, head + 1, sizeof id);
    return be32toh(id);
}

static uint64_t single_object_fingerprint(const uint8_t *head)
{
    uint64_t fingerprint;
    memcpy(&fingerprint, head + 2, sizeof fingerprint);
    return le64toh(fingerprint);
}

static bool is_confluent(const uint8_t *bytes, size_t size)
{
    return size >= 1 && bytes[0] == 0x00;
}

static bool is_single_object(const uint8_t *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0xc3 && bytes[1] == 0x01;
}

static int find_by_id(struct codec *codec, uint32_t id, const struct schema **ret_schema,
                      struct codec_fault *ret_fault)
{
    char message[200];
    if (codec->registry == NULL)
        return fault_set(ret_fault, PF_E_schema_unknown, NULL,
                         "it names a registry's schema, and no schema registry is configured");
    const int r = registry_find(codec->registry, id, ret_schema, message);
    return r == -ENOENT ? fault_set(ret_fault, PF_E_schema_unknown, NULL, message) : r;
}

/* From framed bytes to their writer's schema and what stands behind the frame. */
static int open_frame(struct codec *codec, const uint8_t *bytes, size_t size,
                      const struct schema **ret_schema, struct wire *ret_wire,
                      struct codec_fault *ret_fault)
{
    if (bytes == NULL)
        return fault_set(ret_fault, PF_E_tombstone, NULL, "no value");
    if (size > codec->limits.bytes_max)
        return fault_set(ret_fault, PF_E_avro_too_large, NULL, "more bytes than a record may have");
    const bool confluent = is_confluent(bytes, size);
    if (!confluent && !is_single_object(bytes, size))
        return fault_set(ret_fault, PF_E_framing_unknown, NULL,
                         size == 0 ? "an empty value" : "neither C3 01 nor 00 at its start");
    const size_t head = confluent ? CONFLUENT_HEAD : SINGLE_OBJECT_HEAD;
    if (size < head)
        return fault_set(ret_fault, PF_E_avro_truncated, NULL, "the record ends inside its frame");
    if (confluent) {
        const int r = find_by_id(codec, confluent_id(bytes), ret_schema, ret_fault);
        if (r < 0)
            return r;
    } else {
        *ret_schema = store_find_fingerprint(codec->store, single_object_fingerprint(bytes));
        if (*ret_schema == NULL)
            return fault_set(ret_fault, PF_E_schema_unknown, NULL,
                             "schemas/ has no schema of its fingerprint");
    }
    *ret_wire = (struct wire){.at = bytes + head, .end = bytes + size};
    return 0;
}

static const struct plan *find_plan(struct codec *codec, const struct schema *written,
                                    const struct bound_record *record, const struct layout *layout)
{
    for (struct program **link = &codec->programs; *link != NULL; link = &(*link)->next) {
        struct program *program = *link;
        if (program->written != written || program->record != record)
            continue;
        *link = program->next;
        program->next = codec->programs;
        codec->programs = program;
        return program->plan;
    }
    struct program *program = arena_alloc(codec->plans, sizeof *program);
    const struct plan *plan =
        program != NULL ? plan_make_record(codec->plans, written->root, layout) : NULL;
    if (plan == NULL)
        return NULL;
    *program = (struct program){
        .next = codec->programs, .written = written, .record = record, .plan = plan};
    codec->programs = program;
    return plan;
}

int codec_decode(struct codec *codec, const struct bound_record *record, const void *bytes,
                 size_t size, struct arena *arena, void *ret_struct, struct codec_fault *ret_fault)
{
    const struct layout *layout = find_layout(codec, record);
    const struct schema *written;
    struct wire wire;
    if (layout == NULL)
        return fault_set(ret_fault, PF_E_defect, NULL, "its struct was not checked at start");
    int r = open_frame(codec, bytes, size, &written, &wire, ret_fault);
    if (r < 0)
        return r;
    const struct plan *plan = find_plan(codec, written, record, layout);
    void *value = arena_alloc(arena, record->size);
    if (plan == NULL || value == NULL)
        return fault_set(ret_fault, PF_E_avro_too_large, NULL,
                         "more memory than a record or its schema may take");
    r = plan_run(plan, &wire, &codec->limits, arena, value, ret_fault);
    if (r < 0)
        return r;
    if (wire_left(&wire) > 0)
        return fault_set(ret_fault, PF_E_avro_trailing, NULL, "bytes follow its end");
    memcpy(ret_struct, value, record->size);
    return 0;
}

int codec_fetch(struct codec *codec, const void *bytes, size_t size)
{
    if (bytes == NULL || codec->registry == NULL || !is_confluent(bytes, size) ||
        size < CONFLUENT_HEAD)
        return 0;
    const struct schema *schema;
    char message[200];
    if (registry_find(codec->registry, confluent_id(bytes), &schema, message) != -EAGAIN)
        return 0;
    return registry_fetch(codec->registry, confluent_id(bytes));
}

/* The frame before a record of `schema`. -ENOENT: a registry is configured, and it was not
 * registered there. */
static int put_frame(struct codec *codec, const struct schema *schema, struct buf *out)
{
    if (codec->registry != NULL) {
        uint32_t id = 0;
        const int r = registry_id(codec->registry, schema, &id);
        if (r < 0)
            return r;
        id = htobe32(id);
        buf_byte(out, 0x00);
        buf_append(out, &id, sizeof id);
        return 0;
    }
    const uint64_t fingerprint = htole64(schema->fingerprint);
    buf_append(out, "\xc3\x01", 2);
    buf_append(out, &fingerprint, sizeof fingerprint);
    return 0;
}

int codec_encode(struct codec *codec, const struct bound_record *record, const void *value,
                 struct buf *out)
{
    const char *field = NULL;
    char message[300];
    const size_t start = out->size;
    int r = find_layout(codec, record) != NULL ? 0 : codec_check(codec, record, message);
    if (r < 0)
        return r;
    const struct layout *layout = find_layout(codec, record);
    r = put_frame(codec, store_find_today(codec->store, record->name), out);
    if (r == 0)
        r = encode_record(layout, value, out, &field);
    if (r < 0)
        buf_truncate(out, start);
    return r;
}

/* A topic's own record has <topic>-value; one that is beside it in the same topic says so, for under
 * one subject they would be two versions of one thing. */
static bool write_subject(const struct schema *schema, const char *topic, char subject[static 256])
{
    const char *by = json_string_value(json_object_get(schema->json, "subject"));
    const bool is_beside = by != NULL && strcmp(by, "record") == 0;
    return snprintf(subject, 256, "%s-%s", topic, is_beside ? schema->root->full_name : "value") <
           256;
}

static int register_record(struct codec *codec, const char *record_name, const char *topic,
                           const char **ret_beside, char ret_message[static 300])
{
    char subject[256];
    const struct schema *schema = store_find_today(codec->store, record_name);
    if (schema == NULL || !write_subject(schema, topic, subject)) {
        (void)snprintf(ret_message, 300,
                       "%.80s: schemas/ has no such record, or the topic's name is too long",
                       record_name);
        return -EPROTO;
    }
    *ret_beside = json_string_value(json_object_get(schema->json, "beside"));
    return registry_register(codec->registry, schema, subject, ret_message);
}

int codec_register(struct codec *codec, const char *record_name, const char *topic,
                   char ret_message[static 300])
{
    const char *beside = NULL, *none = NULL;
    if (codec->registry == NULL)
        return 0;
    const int r = register_record(codec, record_name, topic, &beside, ret_message);
    return r < 0 || beside == NULL ? r : register_record(codec, beside, topic, &none, ret_message);
}

/* Version byte and SHA-256 of the form; no other answer than the digest itself would be safe. */
static void digest_form(struct codec *codec, const struct bound_record *record,
                        enum identity_form form, const void *value,
                        uint8_t ret_digest[static CODEC_IDENTITY_SIZE])
{
    const struct layout *layout = find_layout(codec, record);
    buf_clear(&codec->canonical);
    buf_byte(&codec->canonical, 1);
    if (layout != NULL)
        identity_write(layout, form, value, &codec->canonical);
    if (layout == NULL || codec->canonical.failed) {
        (void)fputs("primaflow: an identity cannot be computed (no memory, or a struct without "
                    "schema); stopping\n",
                    stderr);
        abort();
    }
    ret_digest[0] = 1;
    digest_sha256(codec->canonical.data, codec->canonical.size, ret_digest + 1);
}

void codec_identity(struct codec *codec, const struct bound_record *record, const void *value,
                    uint8_t ret_identity[static CODEC_IDENTITY_SIZE])
{
    digest_form(codec, record, IDENTITY_WHOLE, value, ret_identity);
}

void codec_goods(struct codec *codec, const struct bound_record *record, const void *value,
                 uint8_t ret_goods[static CODEC_PART_SIZE])
{
    uint8_t digest[CODEC_IDENTITY_SIZE];
    digest_form(codec, record, IDENTITY_GOODS, value, digest);
    memcpy(ret_goods, digest, CODEC_PART_SIZE);
}

bool codec_is_personal(const struct codec *codec, const struct bound_record *record,
                       const char *field)
{
    const struct layout *layout = layout_made(&codec->layouts, NULL, record);
    const struct place *place = layout != NULL ? layout_find(layout, field) : NULL;
    return place == NULL || place->is_personal;
}

int codec_from_json(struct codec *codec, const char *record_name, const json_t *json,
                    struct buf *out, struct codec_fault *ret_fault)
{
    const size_t start = out->size;
    const struct schema *schema = store_find_today(codec->store, record_name);
    if (schema == NULL)
        return -ENOENT;
    int r = put_frame(codec, schema, out);
    if (r == 0)
        r = json_encode(schema->root, json, out, ret_fault);
    if (r < 0)
        buf_truncate(out, start);
    return r;
}

json_t *codec_to_json(struct codec *codec, const void *bytes, size_t size,
                      struct codec_fault *ret_fault)
{
    const struct schema *written;
    struct wire wire;
    const int r = open_frame(codec, bytes, size, &written, &wire, ret_fault);
    if (r == -EAGAIN)
        (void)fault_set(ret_fault, PF_E_schema_unknown, NULL, "its schema id was not fetched yet");
    json_t *json = r == 0 ? json_decode(written->root, &wire, &codec->limits, ret_fault) : NULL;
    if (json != NULL && wire_left(&wire) > 0) {
        (void)fault_set(ret_fault, PF_E_avro_trailing, NULL, "bytes follow its end");
        json_decref(json);
        json = NULL;
    }
    return json;
}

json_t *codec_struct_to_json(struct codec *codec, const struct bound_record *record,
                             const void *value)
{
    const struct layout *layout = find_layout(codec, record);
    const char *field = NULL;
    struct codec_fault fault;
    struct buf bytes;
    json_t *json = NULL;
    buf_init(&bytes, codec->limits.bytes_max);
    if (layout != NULL && encode_record(layout, value, &bytes, &field) == 0) {
        struct wire wire = {.at = (const uint8_t *)bytes.data,
                            .end = (const uint8_t *)bytes.data + bytes.size};
        json = json_decode(layout->node, &wire, &codec->limits, &fault);
    }
    buf_release(&bytes);
    return json;
}

static int run_today(struct codec *codec, const struct layout *layout, const struct buf *bytes,
                     struct arena *arena, void *ret_struct, struct codec_fault *ret_fault)
{
    const struct bound_record *record = layout->record;
    const struct schema *today = store_find_today(codec->store, record->name);
    const struct plan *plan = find_plan(codec, today, record, layout);
    void *value = arena_alloc(arena, record->size);
    struct wire wire = {.at = (const uint8_t *)bytes->data,
                        .end = (const uint8_t *)bytes->data + bytes->size};
    if (plan == NULL || value == NULL)
        return fault_set(ret_fault, PF_E_avro_too_large, NULL,
                         "more memory than a record or its schema may take");
    const int r = plan_run(plan, &wire, &codec->limits, arena, value, ret_fault);
    if (r == 0)
        memcpy(ret_struct, value, record->size);
    return r;
}

int codec_json_to_struct(struct codec *codec, const struct bound_record *record, const json_t *json,
                         struct arena *arena, void *ret_struct, struct codec_fault *ret_fault)
{
    const struct layout *layout = find_layout(codec, record);
    struct buf bytes;
    if (layout == NULL)
        return fault_set(ret_fault, PF_E_defect, NULL, "its struct was not checked at start");
    buf_init(&bytes, codec->limits.bytes_max);
    int r = json_encode(layout->node, json, &bytes, ret_fault);
    if (r == 0 && bytes.failed)
        r = -ENOMEM;
    if (r == -ENOMEM)
        r = fault_set(ret_fault, PF_E_avro_too_large, NULL, "more bytes than a record may have");
    if (r == 0)
        r = run_today(codec, layout, &bytes, arena, ret_struct, ret_fault);
    buf_release(&bytes);
    return r;
}

const char *codec_schema_id(const void *bytes, size_t size, char text[static 24])
{
    text[0] = '\0';
    if (bytes != NULL && is_confluent(bytes, size) && size >= CONFLUENT_HEAD)
        (void)snprintf(text, 24, "id:%u", confluent_id(bytes));
    else if (bytes != NULL && is_single_object(bytes, size) && size >= SINGLE_OBJECT_HEAD)
        (void)snprintf(text, 24, "fp:%016llx",
                       (unsigned long long)single_object_fingerprint(bytes));
    return text;
}
