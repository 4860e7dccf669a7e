/* What the codec's tests share; see codec_support.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/schema.h"
#include "codec_support.h"

const struct codec_limits codec_test_limits = {
    .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
char codec_test_message[200];

struct codec *codec_test_open(const char *schema_folder)
{
    struct codec *codec = NULL;
    char message[300] = "";
    const int r = codec_open(schema_folder, NULL, codec_test_limits, &codec, message);
    if (r != 0)
        print_message("%s\n", message);
    assert_int_equal(r, 0);
    return codec;
}

json_t *codec_test_json(const char *name)
{
    char path[200];
    json_error_t error;
    (void)snprintf(path, sizeof path, "tests/fixtures/codec/%s", name);
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL)
        print_message("%s: %s\n", path, error.text);
    assert_non_null(json);
    return json;
}

void codec_test_hex(const char *name, struct buf *ret_bytes)
{
    char path[200];
    unsigned byte;
    (void)snprintf(path, sizeof path, "tests/fixtures/codec/%s", name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    buf_init(ret_bytes, 1 << 20);
    while (fscanf(file, " %2x", &byte) == 1)
        buf_byte(ret_bytes, (uint8_t)byte);
    (void)fclose(file);
    assert_false(ret_bytes->failed);
    assert_true(ret_bytes->size > 10);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *codec_test_folder(const char *today, const char *older)
{
    char history[200];
    char *folder = strdup("/tmp/primaflow-codec-XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    write_file(folder, "test.avsc", today);
    if (older != NULL) {
        (void)snprintf(history, sizeof history, "%s/history", folder);
        assert_int_equal(mkdir(history, 0700), 0);
        write_file(history, "test.avsc", older);
    }
    return folder;
}

void codec_test_folder_remove(char *folder)
{
    static const char *const parts[] = {"history/test.avsc", "history", "test.avsc"};
    char path[200];
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        (void)remove(path); /* there need not be a history */
    }
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

void codec_test_frame(struct codec *codec, const char *record_name, const json_t *json,
                      struct buf *ret_bytes)
{
    struct codec_fault fault = {.message = ""};
    buf_init(ret_bytes, 1 << 20);
    const int r = codec_from_json(codec, record_name, json, ret_bytes, &fault);
    if (r != 0)
        print_message("%s\n", fault.message);
    assert_int_equal(r, 0);
}

void codec_test_frame_of(const char *schema_text, struct buf *ret_bytes)
{
    struct schema *schema = NULL;
    char message[200];
    assert_int_equal(schema_parse(schema_text, strlen(schema_text), &schema, message), 0);
    buf_init(ret_bytes, 1 << 20);
    buf_append(ret_bytes, "\xc3\x01", 2);
    for (int i = 0; i < 8; i++)
        buf_byte(ret_bytes, (uint8_t)(schema->fingerprint >> 8 * i));
    schema_free(schema);
}

enum pf_error codec_test_decode(struct codec *codec, const struct bound_record *record,
                                const void *bytes, size_t size, struct arena *arena,
                                void *ret_struct)
{
    struct codec_fault fault = {.code = PF_OK, .message = ""};
    char unfit[300];
    assert_int_equal(codec_check(codec, record, unfit), 0);
    const int r = codec_decode(codec, record, bytes, size, arena, ret_struct, &fault);
    (void)snprintf(codec_test_message, sizeof codec_test_message, "%s", fault.message);
    assert_true(r == 0 || r == -EBADMSG);
    assert_true((r == 0) == (fault.code == PF_OK));
    return fault.code;
}

void codec_test_set(json_t *json, const char *path, const char *text)
{
    char name[64];
    const char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        json = json_is_array(json) ? json_array_get(json, (size_t)strtoul(name, NULL, 10))
                                   : json_object_get(json, name);
        assert_non_null(json);
        path = dot + 1;
    }
    if (text == NULL) {
        assert_int_equal(json_object_del(json, path), 0);
        return;
    }
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_int_equal(json_object_set_new(json, path, value), 0);
}
