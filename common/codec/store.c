/* Our own schemas, from files; see store.h. */
#include "codec/store.h"

#include <avro.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 }; /* of one schema; ours take 20 kB */

struct stored {
    struct schema *schema;
    bool today;
};

struct store {
    struct stored *schemas;
    size_t count;
};

static int read_file(const char *path, struct buf *out, char ret_message[static 300])
{
    char block[8192];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        const int r = -errno;
        (void)snprintf(ret_message, 300, "%.180s: %.100s", path, strerror(errno));
        return r;
    }
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0)
        buf_append(out, block, size);
    const bool whole = ferror(file) == 0 && !out->failed;
    (void)fclose(file);
    if (!whole)
        (void)snprintf(ret_message, 300, "%.180s: cannot be read, or larger than %d bytes", path,
                       FILE_MAX);
    return whole ? 0 : -EINVAL;
}

/* avro-c has the last word on what a schema is. These files are ours: the bytes of records never
 * get there. */
static int check_by_avro(const struct schema *schema, const char *path,
                         char ret_message[static 300])
{
    avro_schema_t parsed = NULL;
    if (avro_schema_from_json_length(schema->text, strlen(schema->text), &parsed) != 0) {
        (void)snprintf(ret_message, 300, "%.150s: %.140s", path, avro_strerror());
        return -EINVAL;
    }
    (void)avro_schema_decref(parsed);
    return 0;
}

static int add_schema(struct store *store, struct schema *schema, bool today, const char *path,
                      char ret_message[static 300])
{
    if (schema->root->type != SCHEMA_RECORD) {
        (void)snprintf(ret_message, 300, "%.200s: a file's schema must be a record", path);
        return -EINVAL;
    }
    if (today && store_find_today(store, schema->root->name) != NULL) {
        (void)snprintf(ret_message, 300, "%.180s: another file defines %.80s too", path,
                       schema->root->name);
        return -EINVAL;
    }
    const int r = check_by_avro(schema, path, ret_message);
    if (r < 0)
        return r;
    struct stored *schemas = reallocarray(store->schemas, store->count + 1, sizeof *schemas);
    if (schemas == NULL)
        return -ENOMEM;
    store->schemas = schemas;
    schemas[store->count++] = (struct stored){.schema = schema, .today = today};
    return 0;
}

static int add_file(struct store *store, const char *path, bool today, char ret_message[static 300])
{
    struct schema *schema = NULL;
    struct buf text;
    char reason[200] = "no memory";
    buf_init(&text, FILE_MAX);
    int r = read_file(path, &text, ret_message);
    if (r == 0) {
        r = schema_parse(text.data, text.size, &schema, reason);
        if (r < 0)
            (void)snprintf(ret_message, 300, "%.150s: %.140s", path, reason);
        else
            r = add_schema(store, schema, today, path, ret_message);
    }
    buf_release(&text);
    if (r < 0)
        schema_free(schema);
    return r;
}

static int is_schema_file(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".avsc") == 0;
}

static int add_folder(struct store *store, const char *folder, bool today,
                      char ret_message[static 300])
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_schema_file,
                              alphasort); /* sorted: errors come in the same order everywhere */
    if (count < 0) {
        (void)snprintf(ret_message, 300, "%.180s: %.100s", folder, strerror(errno));
        return today ? -ENOENT : 0;
    }
    int r = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        const int size = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (r == 0)
            r = size < (int)sizeof path ? add_file(store, path, today, ret_message) : -EINVAL;
        free(entries[i]);
    }
    free(entries);
    return r;
}

int store_open(const char *folder, struct store **ret_store, char ret_message[static 300])
{
    char history[4096];
    ret_message[0] = '\0';
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return -ENOMEM;
    int r = add_folder(store, folder, true, ret_message);
    if (r == 0 && store->count == 0) {
        (void)snprintf(ret_message, 300, "%.200s: no *.avsc file in it", folder);
        r = -ENOENT;
    }
    if (r == 0)
        r = snprintf(history, sizeof history, "%s/history", folder) < (int)sizeof history
                ? add_folder(store, history, false, ret_message)
                : -EINVAL;
    if (r < 0) {
        store_close(store);
        return r;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->count; i++)
        schema_free(store->schemas[i].schema);
    free(store->schemas);
    free(store);
}

const struct schema *store_find_fingerprint(const struct store *store, uint64_t fingerprint)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->schemas[i].schema->fingerprint == fingerprint)
            return store->schemas[i].schema;
    return NULL;
}

const struct schema *store_find_today(const struct store *store, const char *record_name)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->schemas[i].today &&
            strcmp(store->schemas[i].schema->root->name, record_name) == 0)
            return store->schemas[i].schema;
    return NULL;
}
