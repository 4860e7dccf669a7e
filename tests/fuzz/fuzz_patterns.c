/* A pattern file and Prima's words (common/prima/patterns.c): refused with a place and a remedy; or
 * its first row that fits decides, before every built-in one, and no text at all means nothing.
 *
 * Input: a byte for the request, the file, a NUL, the words. As in fuzz_mappings.c, patterns that
 * cost the C library hours are left aside. */
#include "config/yaml.h"
#include "prima/patterns.h"

#include "fuzz_input.h"

#include <regex.h>

static const char *const types[] = {
#define PRIMA_REQUEST(ID, id, name, ...) name,
#include "prima/requests.def"
#undef PRIMA_REQUEST
};

/* The `means` of the first row of the file for these words; NULL: none. */
static const char *first_of_file(const struct yaml_node *list, const char *type, const char *words)
{
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *row = yaml_item(list, i), *kind = yaml_get(row, "for");
        const char *wanted = kind == NULL ? "any" : yaml_text(kind);
        regex_t match;
        if (strcmp(wanted, "any") != 0 &&
            strcmp(strcmp(wanted, "MultiNewOrder") == 0 ? "NewOrder" : wanted, type) != 0)
            continue;
        FUZZ_CHECK(regcomp(&match, yaml_text(yaml_get(row, "match")),
                           REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0);
        const bool fits = regexec(&match, words, 0, NULL, 0) == 0;
        regfree(&match);
        if (fits)
            return yaml_text(yaml_get(row, "means"));
    }
    return NULL;
}

static void check_meaning(enum meaning meaning, enum pf_error code, const char *means)
{
    static const struct {
        const char *name;
        enum meaning meaning;
    } known[] = {{"exists", MEANING_EXISTS},
                 {"absent", MEANING_ABSENT},
                 {"not_accepted", MEANING_NOT_ACCEPTED},
                 {"unclassified", MEANING_NONE}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, means) == 0) {
            FUZZ_CHECK(meaning == known[i].meaning && code == PF_OK);
            return;
        }
    FUZZ_CHECK(meaning == MEANING_REFUSED && strcmp(pf_error_info(code)->name, means) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    struct fuzz_input in = {data, size < 8192 ? size : 8192};
    const enum prima_type type = (enum prima_type)fuzz_choose(&in, PRIMA_TYPE_COUNT);
    const char *file = fuzz_text(&in, arena), *words = fuzz_text(&in, arena);
    struct patterns *patterns = NULL;
    struct yaml_tree *tree = NULL;
    struct config_message message = {""};
    enum pf_error code;
    if (fuzz_is_costly(file, strlen(file)) || strlen(words) > 300) {
        arena_free(arena);
        return 0;
    }
    const char *path = fuzz_file(0, file, strlen(file));
    if (patterns_load(path, &patterns, &message) < 0) {
        FUZZ_CHECK(patterns == NULL && strncmp(message.text, path, strlen(path)) == 0);
    } else {
        FUZZ_CHECK(yaml_load(path, &tree, &message) == 0);
        FUZZ_CHECK(patterns_find(patterns, type, "", &code) == MEANING_NONE && code == PF_OK);
        const char *means = first_of_file(yaml_root(tree), types[type], words);
        const enum meaning meaning = patterns_find(patterns, type, words, &code);
        FUZZ_CHECK((code != PF_OK) == (meaning == MEANING_REFUSED));
        if (means != NULL)
            check_meaning(meaning, code, means);
        yaml_unload(tree);
        patterns_free(patterns);
    }
    arena_free(arena);
    return 0;
}
