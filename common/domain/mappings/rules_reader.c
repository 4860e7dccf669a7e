/* Maps of mapping files onto structs; see rules_reader.h. */
#include "domain/mappings/rules_reader.h"

#include <errno.h>

bool rules_list_has(const struct rules_texts *texts, const char *text)
{
    for (size_t i = 0; text != NULL && i < texts->count; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

static const struct rules_field *find_field(const struct rules_field fields[], size_t count,
                                            const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

/* "a, b or c", for complaints. */
static const char *list_choices(const char *const choices[], char *text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; choices[i] != NULL && used < room; i++) {
        const char *before = i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ";
        used += (size_t)snprintf(text + used, room - used, "%s%s", before, choices[i]);
    }
    return text;
}

static const char *list_keys(const struct rules_field fields[], size_t count, char *text,
                             size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < count && used < room; i++)
        used +=
            (size_t)snprintf(text + used, room - used, "%s%s", i == 0 ? "" : ", ", fields[i].key);
    return text;
}

int rules_parse_date(const char *text, int32_t *ret_date)
{
    static const char shape[] = "dddd-dd-dd";
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t date = 0;
    for (size_t i = 0; i < sizeof shape; i++) {
        if (shape[i] != 'd') {
            if (text[i] != shape[i])
                return -EINVAL;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return -EINVAL;
        date = date * 10 + (text[i] - '0');
    }
    const int year = date / 10000, month = date / 100 % 100, day = date % 100;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
        (month == 2 && day == 29 && !leap))
        return -EINVAL;
    *ret_date = date;
    return 0;
}

static int parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
        return -EINVAL;
    *ret_value = value;
    return 0;
}

static int read_texts(const struct rules_reader *reader, const struct rules_field *field,
                      const struct yaml_node *node, struct rules_texts *ret_texts)
{
    if (yaml_kind(node) != YAML_KIND_LIST)
        return yaml_complain(reader->tree, node, reader->message,
                             "%s: a list of texts is needed, as in [a, b]", field->key);
    const size_t count = yaml_count(node);
    const char **items = arena_alloc(reader->arena, count * sizeof *items);
    if (items == NULL)
        return yaml_complain(reader->tree, node, reader->message, "%s: the mappings are too large",
                             field->key);
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = yaml_item(node, i);
        items[i] = yaml_text(item);
        if (items[i] == NULL || *items[i] == '\0')
            return yaml_complain(reader->tree, item, reader->message,
                                 "%s: each item must be a text that is not empty", field->key);
    }
    *ret_texts = (struct rules_texts){items, count};
    return 0;
}

static int read_scalar(const struct rules_reader *reader, const struct rules_field *field,
                       const struct yaml_node *node, char *member)
{
    const char *text = yaml_text(node);
    if (text == NULL || *text == '\0')
        return yaml_complain(reader->tree, node, reader->message,
                             "%s: a value is needed; leave the key out for none", field->key);
    char choices[200];
    switch (field->kind) {
    case RULES_INT:
        if (parse_int(text, field->min, field->max, (int64_t *)(void *)member) < 0)
            return yaml_complain(reader->tree, node, reader->message,
                                 "%s: '%.40s' is not a whole number from %lld to %lld", field->key,
                                 text, (long long)field->min, (long long)field->max);
        return 0;
    case RULES_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return yaml_complain(reader->tree, node, reader->message,
                                 "%s: '%.40s' is neither true nor false", field->key, text);
        *(bool *)(void *)member = *text == 't';
        return 0;
    case RULES_CHOICE:
        for (int i = 0; field->choices[i] != NULL; i++)
            if (strcmp(field->choices[i], text) == 0) {
                *(int *)(void *)member = i;
                return 0;
            }
        return yaml_complain(reader->tree, node, reader->message, "%s: '%.40s' is not one of %s",
                             field->key, text,
                             list_choices(field->choices, choices, sizeof choices));
    case RULES_DATE:
        if (rules_parse_date(text, (int32_t *)(void *)member) < 0)
            return yaml_complain(reader->tree, node, reader->message,
                                 "%s: '%.40s' is not a date; write 2026-11-23", field->key, text);
        return 0;
    default:
        *(const char **)(void *)member = text;
        return 0;
    }
}

int rules_read_map(const struct rules_reader *reader, const struct yaml_node *map,
                   const struct rules_field fields[], size_t field_count, void *ret_struct)
{
    if (yaml_kind(map) != YAML_KIND_MAP)
        return yaml_complain(reader->tree, map, reader->message,
                             "a map of keys and values is needed here");
    for (size_t i = 0; i < yaml_count(map); i++) {
        const char *key = NULL;
        const struct yaml_node *node = yaml_entry(map, i, &key);
        const struct rules_field *field = find_field(fields, field_count, key);
        char known[400];
        if (field == NULL)
            return yaml_complain(reader->tree, node, reader->message,
                                 "'%.40s' is no key here; known are %s", key,
                                 list_keys(fields, field_count, known, sizeof known));
        char *member = (char *)ret_struct + field->offset;
        int r = 0;
        if (field->kind == RULES_NODE)
            *(const struct yaml_node **)(void *)member = node;
        else if (field->kind == RULES_TEXTS)
            r = read_texts(reader, field, node, (struct rules_texts *)(void *)member);
        else
            r = read_scalar(reader, field, node, member);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < field_count; i++)
        if (fields[i].required && yaml_get(map, fields[i].key) == NULL)
            return yaml_complain(reader->tree, map, reader->message, "the key '%s' is missing",
                                 fields[i].key);
    return 0;
}

int rules_read_list(const struct rules_reader *reader, const struct yaml_node *list,
                    const struct rules_field fields[], size_t field_count, const void *defaults,
                    size_t size, void **ret_items, size_t *ret_count)
{
    if (list != NULL && yaml_kind(list) != YAML_KIND_LIST)
        return yaml_complain(reader->tree, list, reader->message,
                             "a list is needed here: one item a line, each begun by '- '");
    const size_t count = list == NULL ? 0 : yaml_count(list);
    char *items = arena_alloc(reader->arena, count * size);
    if (items == NULL)
        return yaml_complain(reader->tree, list, reader->message, "the mappings are too large");
    for (size_t i = 0; i < count; i++) {
        memcpy(items + i * size, defaults, size);
        const int r =
            rules_read_map(reader, yaml_item(list, i), fields, field_count, items + i * size);
        if (r < 0)
            return r;
    }
    *ret_items = items;
    *ret_count = count;
    return 0;
}
