/* Collects values from defaults, file, environment and command line, later ones over earlier ones;
 * see config.h. A value is checked where it is read, even if a later one replaces it: a wrong line
 * in a file must not hide behind an option. */
#include "config/internal.h"
#include "config/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

enum {
    TEXTS_MAX = 1 << 20, /* all texts of a configuration */
    KEY_TEXT_MAX = 200,
};

struct place { /* where a value stands */
    const char *source;
    const char *folder; /* that relative paths start from; NULL: the current one */
};

__attribute__((format(printf, 2, 3))) static int config_complain(struct config_message *ret_message,
                                                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ret_message->text, sizeof ret_message->text, format, args);
    va_end(args);
    return -EINVAL;
}

static int complain_memory(struct config_message *ret_message)
{
    return config_complain(ret_message,
                           "the configuration's texts need more than %d KiB; shorten them",
                           TEXTS_MAX >> 10);
}

static int complain_unknown(const struct place *place, const char *key,
                            struct config_message *ret_message)
{
    const char *nearest = config_nearest(key);
    if (nearest != NULL)
        return config_complain(ret_message, "%s: unknown key %.*s; did you mean %s?", place->source,
                               KEY_TEXT_MAX, key, nearest);
    return config_complain(ret_message,
                           "%s: unknown key %.*s; `primaflow config reference` lists them all",
                           place->source, KEY_TEXT_MAX, key);
}

static int set_rdkafka(struct config *c, const struct place *place, const char *name,
                       const char *value, struct config_message *ret_message)
{
    const char *why = config_rdkafka_owner(name);
    if (name[0] == '\0')
        return config_complain(ret_message,
                               "%s: rdkafka. lacks the property's name; write rdkafka.<property>",
                               place->source);
    if (why != NULL)
        return config_complain(ret_message, "%s: rdkafka.%s is not open to configuration: %s",
                               place->source, name, why);
    size_t i = 0;
    while (i < c->rdkafka_count && strcmp(c->rdkafka[i].name, name) != 0)
        i++;
    if (i == RDKAFKA_MAX)
        return config_complain(ret_message, "%s: more than %d rdkafka properties; delete some",
                               place->source, RDKAFKA_MAX);
    const struct config_property property = {arena_printf(c->arena, "%s", name),
                                             arena_printf(c->arena, "%s", value),
                                             arena_printf(c->arena, "%s", place->source)};
    if (property.name == NULL || property.value == NULL || property.source == NULL)
        return complain_memory(ret_message);
    c->rdkafka[i] = property;
    c->rdkafka_count += i == c->rdkafka_count;
    return 0;
}

static int set_key(struct config *c, const struct place *place, enum config_key key,
                   const char *value, struct config_message *ret_message)
{
    const struct config_row *row = &config_rows[key];
    char why[200];
    int64_t number;
    if (config_read_value(row, value, &number, why) <
        0) /* secrets are texts, which cannot be wrong: none is shown here */
        return config_complain(ret_message, "%s: %s %s; it is \"%.60s\"", place->source, row->key,
                               why, value);
    const bool relative =
        row->type == CONFIG_PATH && place->folder != NULL && value[0] != '\0' && value[0] != '/';
    struct config_value set = {.number = number,
                               .source = arena_printf(c->arena, "%s", place->source)};
    set.text = relative ? arena_printf(c->arena, "%s/%s", place->folder, value)
                        : arena_printf(c->arena, "%s", value);
    if (set.text == NULL || set.source == NULL)
        return complain_memory(ret_message);
    c->values[key] = set;
    return 0;
}

static int config_set(struct config *c, const struct place *place, const char *key,
                      const char *value, struct config_message *ret_message)
{
    if (strncmp(key, "rdkafka.", 8) == 0)
        return set_rdkafka(c, place, key + 8, value, ret_message);
    const enum config_key found = config_find(key);
    return found != CFG_COUNT ? set_key(c, place, found, value, ret_message)
                              : complain_unknown(place, key, ret_message);
}

static int set_defaults(struct config *c, struct config_message *ret_message)
{
    const struct place place = {"default", NULL};
    for (int i = 0; i < CFG_COUNT; i++) {
        char word[KEY_TEXT_MAX];
        const char *initial = config_rows[i].initial;
        if (config_rows[i].type == CONFIG_CHOICE) {
            (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(initial, "|"), initial);
            initial = word;
        }
        const int result = set_key(c, &place, (enum config_key)i, initial, ret_message);
        if (result < 0)
            return result;
    }
    return 0;
}

/* ---- file ---- */

struct walk {
    struct config *config;
    const struct yaml_tree *tree;
    const char *folder;
    struct config_message *message;
    const char *seen[CFG_COUNT]; /* where this file set the key */
};

static int take_scalar(struct walk *w, const struct yaml_node *node, const char *key)
{
    char *source = arena_printf(w->config->arena, "%s:%zu:%zu", w->config->file, yaml_line(node),
                                yaml_column(node));
    if (source == NULL)
        return complain_memory(w->message);
    const enum config_key found = config_find(key);
    if (found != CFG_COUNT) {
        if (w->seen[found] != NULL)
            return yaml_complain(w->tree, node, w->message,
                                 "%s is set a second time, first at %s; delete one", key,
                                 w->seen[found]);
        w->seen[found] = source;
    }
    const struct place place = {source, w->folder};
    return config_set(w->config, &place, key, yaml_text(node), w->message);
}

/* Nested maps and dotted keys are the same: prima: {url: x} is prima.url: x. Depth is bounded by
 * yaml_load. */
static int take_map(struct walk *w, const struct yaml_node *map, const char *prefix)
{
    const char *name;
    const struct yaml_node *node;
    for (size_t i = 0; (node = yaml_entry(map, i, &name)) != NULL; i++) {
        char key[KEY_TEXT_MAX];
        const int size =
            snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", name);
        int result = 0;
        if (size < 0 || (size_t)size >= sizeof key)
            result =
                yaml_complain(w->tree, node, w->message,
                              "a key of more than %d characters; there is none", KEY_TEXT_MAX - 1);
        else if (yaml_kind(node) == YAML_KIND_MAP)
            result = take_map(w, node, key);
        else if (yaml_kind(node) == YAML_KIND_LIST)
            result = yaml_complain(
                w->tree, node, w->message,
                "%s wants one value, not a list; where several are meant, write them with commas",
                key);
        else
            result = take_scalar(w, node, key);
        if (result < 0)
            return result;
    }
    return 0;
}

static int set_from_file(struct config *c, const char *file, struct config_message *ret_message)
{
    struct yaml_tree *tree = NULL;
    if (yaml_load(file, &tree, ret_message) < 0)
        return -EINVAL;
    const char *slash = strrchr(file, '/');
    c->file = arena_printf(c->arena, "%s", file);
    struct walk w = {.config = c, .tree = tree, .message = ret_message};
    if (slash != NULL) /* "/x.yaml" lies in "" + "/" */
        w.folder = arena_printf(c->arena, "%.*s", (int)(slash - file), file);
    int result = 0;
    if (c->file == NULL || (slash != NULL && w.folder == NULL))
        result = complain_memory(ret_message);
    else if (yaml_kind(yaml_root(tree)) != YAML_KIND_MAP)
        result = yaml_complain(tree, yaml_root(tree), ret_message,
                               "not a map of keys; write `key: value` lines");
    else
        result = take_map(&w, yaml_root(tree), "");
    yaml_unload(tree);
    return result;
}

/* ---- environment ---- */

static void variable_of(const char *key, char name[static KEY_TEXT_MAX])
{
    (void)snprintf(name, KEY_TEXT_MAX, "PRIMAFLOW_%s", key);
    for (char *p = name; *p != '\0'; p++)
        *p = (char)(*p == '.' ? '_' : toupper((unsigned char)*p));
}

/* Variables with our prefix that are no keys: of the scripts, of tests, and those that Kubernetes
 * makes of a service called primaflow-*. */
static bool is_foreign(const char *rest)
{
    static const char *const names[] = {"FAIL", "MUTANT", "BIN", "CACHE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(rest, names[i]) == 0)
            return true;
    const char *port = strstr(rest, "_PORT");
    return strncmp(rest, "TEST_", 5) == 0 || strstr(rest, "SERVICE_HOST") != NULL ||
           strstr(rest, "SERVICE_PORT") != NULL ||
           (port != NULL &&
            (port[5] == '\0' || (port[5] == '_' && isdigit((unsigned char)port[6]))));
}

/* One "PRIMAFLOW_<REST>=<value>" of the environment. */
static int take_variable(struct config *c, const char *rest, struct config_message *ret_message)
{
    char name[KEY_TEXT_MAX], source[KEY_TEXT_MAX + 32], key[KEY_TEXT_MAX] = "";
    const size_t size = strcspn(rest, "=");
    if (size >= sizeof name - 16)
        return config_complain(ret_message, "environment PRIMAFLOW_%.40s...: no key is that long",
                               rest);
    (void)snprintf(name, sizeof name, "PRIMAFLOW_%.*s", (int)size, rest);
    (void)snprintf(source, sizeof source, "environment %s", name);
    for (int i = 0; i < CFG_COUNT; i++) {
        char wanted[KEY_TEXT_MAX];
        variable_of(config_rows[i].key, wanted);
        if (strcmp(wanted, name) == 0)
            (void)snprintf(key, sizeof key, "%s", config_rows[i].key);
    }
    if (key[0] == '\0') {
        if (is_foreign(name + 10))
            return 0;
        for (size_t i = 0; i <= size;
             i++) /* librdkafka's properties have dots and no underscores */
            key[i] = (char)(i == size        ? '\0'
                            : rest[i] == '_' ? '.'
                                             : tolower((unsigned char)rest[i]));
    }
    const struct place place = {source, NULL};
    return config_set(c, &place, key, rest + size + 1, ret_message);
}

static int set_from_environment(struct config *c, struct config_message *ret_message)
{
    static const struct {
        const char *variable;
        enum config_key key;
    } known[] = {{"KAFKA_BOOTSTRAP_SERVERS", CFG_kafka_bootstrap_servers},
                 {"SCHEMA_REGISTRY_URL", CFG_schema_registry_url},
                 {"REDIS_URL", CFG_redis_url},
                 {"PRIMA_URL", CFG_prima_url}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char source[64];
        (void)snprintf(source, sizeof source, "environment %s", known[i].variable);
        const struct place place = {source, NULL};
        const char *value = getenv(known[i].variable);
        if (value != NULL && value[0] != '\0' &&
            set_key(c, &place, known[i].key, value, ret_message) < 0)
            return -EINVAL;
    }
    for (char **p = environ; p != NULL && *p != NULL; p++)
        if (strncmp(*p, "PRIMAFLOW_", 10) == 0 && strchr(*p, '=') != NULL &&
            take_variable(c, *p + 10, ret_message) < 0)
            return -EINVAL;
    return 0;
}

/* ---- command line ---- */

static int set_from_options(struct config *c, const char *const overrides[], size_t count,
                            struct config_message *ret_message)
{
    for (size_t i = 0; i < count; i++) {
        char key[KEY_TEXT_MAX], source[KEY_TEXT_MAX + 8];
        const char *equals = strchr(overrides[i], '=');
        if (equals == NULL || equals == overrides[i] ||
            (size_t)(equals - overrides[i]) >= sizeof key)
            return config_complain(ret_message, "-o %.*s: write -o key=value",
                                   (int)strcspn(overrides[i], "="), overrides[i]);
        (void)snprintf(key, sizeof key, "%.*s", (int)(equals - overrides[i]), overrides[i]);
        (void)snprintf(source, sizeof source, "-o %s", key);
        const struct place place = {source, NULL};
        if (config_set(c, &place, key, equals + 1, ret_message) < 0)
            return -EINVAL;
    }
    return 0;
}

int config_load(const char *file, const char *const overrides[], size_t override_count,
                struct config **ret_config, struct config_message *ret_message)
{
    struct config *c = calloc(1, sizeof *c);
    if (c == NULL || (c->arena = arena_new(TEXTS_MAX)) == NULL) {
        free(c);
        return complain_memory(ret_message);
    }
    int result = set_defaults(c, ret_message);
    if (result == 0 && file != NULL)
        result = set_from_file(c, file, ret_message);
    if (result == 0)
        result = set_from_environment(c, ret_message);
    if (result == 0)
        result = set_from_options(c, overrides, override_count, ret_message);
    if (result == 0)
        *ret_config = c;
    else
        config_free(c);
    return result;
}

void config_free(struct config *config)
{
    if (config != NULL)
        arena_free(config->arena);
    free(config);
}

const char *config_text(const struct config *config, enum config_key key)
{
    return config->values[key].text;
}

int64_t config_int(const struct config *config, enum config_key key)
{
    return config->values[key].number;
}

bool config_bool(const struct config *config, enum config_key key)
{
    return config->values[key].number != 0;
}

const char *config_file(const struct config *config)
{
    return config->file;
}

bool config_rdkafka(const struct config *config, size_t i, const char **ret_name,
                    const char **ret_value)
{
    if (i >= config->rdkafka_count)
        return false;
    *ret_name = config->rdkafka[i].name;
    *ret_value = config->rdkafka[i].value;
    return true;
}
