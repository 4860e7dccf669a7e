/* The pattern table; see patterns.h. POSIX regular expressions of the C library: the patterns are
 * the operator's, the texts at most 300 bytes. */
#include "prima/patterns.h"

#include "config/yaml.h"

#include <errno.h>
#include <regex.h>

enum {
    FILE_ROWS_MAX = 400,
    ROWS_MAX = FILE_ROWS_MAX + 100 /* built-in ones, with room */,
    ANY_TYPE = PRIMA_TYPE_COUNT
};

struct row {
    regex_t match;
    int type; /* enum prima_type, or ANY_TYPE */
    enum meaning meaning;
    enum pf_error code;
};

struct patterns {
    size_t count;
    struct row rows[ROWS_MAX];
};

static bool find_type(const char *name, int *ret_type)
{
    *ret_type = ANY_TYPE;
    if (name == NULL || strcmp(name, "any") == 0)
        return true;
    if (strcmp(name, "MultiNewOrder") == 0) /* the same request under its other name */
        name = prima_type_name(PRIMA_NEW_ORDER);
    for (int type = 0; type < PRIMA_TYPE_COUNT; type++)
        if (strcmp(name, prima_type_name((enum prima_type)type)) == 0) {
            *ret_type = type;
            return true;
        }
    return false;
}

/* The refusals are the catalogue's rows that Prima's words may give; codes of the protocol and of
 * the world are not for words to say. */
static bool find_meaning(const char *name, struct row *row)
{
    static const struct {
        const char *name;
        enum meaning meaning;
        enum pf_error code;
    } meanings[] = {
        {"exists", MEANING_EXISTS, PF_OK},
        {"absent", MEANING_ABSENT, PF_OK},
        {"not_accepted", MEANING_NOT_ACCEPTED, PF_OK},
        {"unclassified", MEANING_NONE, PF_OK},
        {"prima_unknown_product", MEANING_REFUSED, PF_E_prima_unknown_product},
        {"prima_unknown_customer", MEANING_REFUSED, PF_E_prima_unknown_customer},
        {"prima_period_closed", MEANING_REFUSED, PF_E_prima_period_closed},
        {"prima_invalid", MEANING_REFUSED, PF_E_prima_invalid},
    };
    for (size_t i = 0; name != NULL && i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(name, meanings[i].name) == 0) {
            row->meaning = meanings[i].meaning;
            row->code = meanings[i].code;
            return true;
        }
    return false;
}

/* Compiles the pattern into the next row, which has the rest. 0, or -EINVAL with the reason. */
static int patterns_add(struct patterns *p, struct row row, const char *match, char why[static 120])
{
    const int result = regcomp(&row.match, match, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (result != 0) {
        (void)regerror(result, &row.match, why, 120);
        return -EINVAL;
    }
    if (regexec(&row.match, "", 0, NULL, 0) == 0) {
        regfree(&row.match);
        (void)snprintf(why, 120, "it matches every text; write what the text contains");
        return -EINVAL;
    }
    p->rows[p->count++] = row;
    return 0;
}

static int add_built_in(struct patterns *p, struct config_message *ret_message)
{
    static const struct {
        const char *type, *means, *match;
    } rows[] = {
#define PRIMA_PATTERN(type, means, match) {type, means, match},
#include "prima/patterns.def"
#undef PRIMA_PATTERN
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct row row = {.type = 0};
        char why[120];
        if (!find_type(rows[i].type, &row.type) || !find_meaning(rows[i].means, &row) ||
            patterns_add(p, row, rows[i].match, why) < 0) {
            (void)snprintf(ret_message->text, sizeof ret_message->text,
                           "patterns.def: \"%s\" is not usable", rows[i].match);
            return -EINVAL;
        }
    }
    return 0;
}

static int add_item(struct patterns *p, const struct yaml_tree *tree, const struct yaml_node *item,
                    struct config_message *ret_message)
{
    const char *key;
    const struct yaml_node *value;
    for (size_t i = 0; (value = yaml_entry(item, i, &key)) != NULL; i++) {
        if (strcmp(key, "for") != 0 && strcmp(key, "match") != 0 && strcmp(key, "means") != 0)
            return yaml_complain(tree, value, ret_message,
                                 "unknown key \"%.60s\"; a pattern has for, match and means", key);
        if (yaml_kind(value) != YAML_KIND_SCALAR)
            return yaml_complain(tree, value, ret_message, "%s wants a text", key);
    }
    const struct yaml_node *type = yaml_get(item, "for"), *match = yaml_get(item, "match"),
                           *means = yaml_get(item, "means");
    if (match == NULL || means == NULL)
        return yaml_complain(tree, item, ret_message, "a pattern wants both match and means");
    struct row row = {.type = 0};
    if (!find_type(type != NULL ? yaml_text(type) : NULL, &row.type))
        return yaml_complain(tree, type, ret_message,
                             "for: \"%.60s\" is no request; use any, NewOrder, OrderStatus, "
                             "CustomerSearch, NewCustomer or MultiAvailableToSell",
                             yaml_text(type));
    if (!find_meaning(yaml_text(means), &row))
        return yaml_complain(tree, means, ret_message,
                             "means: \"%.60s\" is not known; use exists, absent, not_accepted, "
                             "unclassified, prima_unknown_product, "
                             "prima_unknown_customer, prima_period_closed or prima_invalid",
                             yaml_text(means));
    char why[120];
    if (patterns_add(p, row, yaml_text(match), why) < 0)
        return yaml_complain(
            tree, match, ret_message,
            "match: \"%.60s\" is not usable (a POSIX extended regular expression): %s",
            yaml_text(match), why);
    return 0;
}

static int add_file(struct patterns *p, const char *path, struct config_message *ret_message)
{
    struct yaml_tree *tree;
    int result = yaml_load(path, &tree, ret_message);
    if (result < 0)
        return -EINVAL;
    const struct yaml_node *list = yaml_root(tree);
    if (yaml_kind(list) != YAML_KIND_LIST)
        result = yaml_complain(
            tree, list, ret_message,
            "wants a list: - {for: OrderStatus, match: \"^no such order\", means: absent}");
    for (size_t i = 0; result == 0 && i < yaml_count(list); i++) {
        const struct yaml_node *item = yaml_item(list, i);
        if (yaml_kind(item) != YAML_KIND_MAP)
            result = yaml_complain(tree, item, ret_message,
                                   "a pattern is a map of for, match and means");
        else if (p->count >= FILE_ROWS_MAX)
            result = yaml_complain(tree, item, ret_message,
                                   "more than %d patterns; join some with |", FILE_ROWS_MAX);
        else
            result = add_item(p, tree, item, ret_message);
    }
    yaml_unload(tree);
    return result;
}

int patterns_load(const char *path, struct patterns **ret_patterns,
                  struct config_message *ret_message)
{
    struct patterns *p = calloc(1, sizeof *p);
    if (p == NULL) {
        (void)snprintf(ret_message->text, sizeof ret_message->text, "out of memory");
        return -ENOMEM;
    }
    int result = path[0] != '\0' ? add_file(p, path, ret_message) : 0;
    if (result == 0)
        result = add_built_in(p, ret_message);
    if (result < 0) {
        patterns_free(p);
        return result;
    }
    *ret_patterns = p;
    return 0;
}

void patterns_free(struct patterns *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        regfree(&p->rows[i].match);
    free(p);
}

enum meaning patterns_find(const struct patterns *p, enum prima_type type, const char *words,
                           enum pf_error *ret_code)
{
    *ret_code = PF_OK;
    for (size_t i = 0; i < p->count; i++) {
        const struct row *row = &p->rows[i];
        if ((row->type != (int)type && row->type != ANY_TYPE) ||
            regexec(&row->match, words, 0, NULL, 0) != 0)
            continue;
        *ret_code = row->code;
        return row->meaning;
    }
    return MEANING_NONE;
}
