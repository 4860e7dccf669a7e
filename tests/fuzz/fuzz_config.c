/* A configuration file as somebody may write it (common/config): refused with a place and a remedy,
 * or every value has its type and bounds; and what --print-config shows of it is a configuration
 * that means the same. */
#include "config/config.h"
#include "config/internal.h"
#include "config/yaml.h"

#include "fuzz_input.h"

static void check_refused(const char *path, const struct config_message *message)
{
    const size_t size = strlen(path);
    FUZZ_CHECK(strncmp(message->text, path, size) == 0 && message->text[size] == ':');
    FUZZ_CHECK(memchr(message->text, '\0', sizeof message->text) != NULL);
}

/* Every node has its place in the file, a map finds its own keys, a text ends where its scalar
 * does. */
static void check_node(const struct yaml_node *node, size_t depth)
{
    const char *key;
    const struct yaml_node *child;
    FUZZ_CHECK(yaml_line(node) > 0 && yaml_column(node) > 0 && depth <= 33);
    FUZZ_CHECK((yaml_text(node) != NULL) == (yaml_kind(node) == YAML_KIND_SCALAR));
    for (size_t i = 0; yaml_kind(node) == YAML_KIND_MAP && i < yaml_count(node); i++) {
        child = yaml_entry(node, i, &key);
        FUZZ_CHECK(child != NULL && yaml_get(node, key) == child);
        check_node(child, depth + 1);
    }
    for (size_t i = 0; yaml_kind(node) == YAML_KIND_LIST && i < yaml_count(node); i++)
        check_node(yaml_item(node, i), depth + 1);
    FUZZ_CHECK(yaml_item(node, yaml_count(node)) == NULL &&
               yaml_entry(node, yaml_count(node), &key) == NULL);
}

static void check_value(const struct config *config, enum config_key key)
{
    const struct config_row *row = &config_rows[key];
    const int64_t number = config_int(config, key);
    char text[32], why[200];
    FUZZ_CHECK(config_text(config, key) != NULL);
    FUZZ_CHECK((row->min == 0 && row->max == 0) || (number >= row->min && number <= row->max));
    if (row->type == CONFIG_TEXT || row->type == CONFIG_PATH || row->type == CONFIG_CHOICE)
        return;
    int64_t again = 0;
    config_format_number(row->type, number, text);
    FUZZ_CHECK(config_read_value(row, text, &again, why) == 0 && again == number);
}

static void same_value(const struct config *a, const struct config *b, enum config_key key)
{
    FUZZ_CHECK(config_int(a, key) == config_int(b, key));
    if (config_rows[key].type == CONFIG_PATH || config_rows[key].secret ||
        strstr(config_text(a, key), "://") != NULL)
        return; /* relative to its file; masked */
    if (strcmp(config_text(a, key), config_text(b, key)) != 0)
        (void)fprintf(stderr, "%s: \"%s\" is printed as \"%s\"\n", config_rows[key].key,
                      config_text(a, key), config_text(b, key));
    FUZZ_CHECK(strcmp(config_text(a, key), config_text(b, key)) == 0);
}

/* What is printed is read again as the same. */
static void check_print(const struct config *config)
{
    char *printed = NULL;
    size_t size = 0;
    struct config *again = NULL;
    struct config_message message = {""};
    FILE *out = open_memstream(&printed, &size);
    FUZZ_CHECK(out != NULL);
    config_print(config, out);
    FUZZ_CHECK(fclose(out) == 0);
    const int r = config_load(fuzz_file(1, printed, size), NULL, 0, &again, &message);
    if (r < 0)
        (void)fprintf(stderr, "%s\n%s", message.text, printed);
    FUZZ_CHECK(r == 0);
    for (int i = 0; i < CFG_COUNT; i++)
        same_value(config, again, (enum config_key)i);
    const char *name, *value, *name_again, *value_again;
    for (size_t i = 0; config_rdkafka(config, i, &name, &value); i++) {
        FUZZ_CHECK(config_rdkafka(again, i, &name_again, &value_again) &&
                   strcmp(name, name_again) == 0);
        FUZZ_CHECK(config_rdkafka_secret(name) || strstr(value, "://") != NULL ||
                   strcmp(value, value_again) == 0);
    }
    config_free(again);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL;
    struct yaml_tree *tree = NULL;
    struct config_message message = {""};
    const char *path = fuzz_file(0, data, size < 65536 ? size : 65536);
    const int r = yaml_load(path, &tree, &message);
    if (r < 0)
        check_refused(path, &message);
    else
        check_node(yaml_root(tree), 0);
    yaml_unload(tree);
    if (config_load(path, NULL, 0, &config, &message) < 0) {
        check_refused(path, &message);
        return 0;
    }
    FUZZ_CHECK(r == 0);
    for (int i = 0; i < CFG_COUNT; i++)
        check_value(config, (enum config_key)i);
    check_print(config);
    config_free(config);
    return 0;
}
