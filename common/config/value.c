/* Texts → typed values within bounds, and back. */
#include "config/internal.h"

#include <errno.h>

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit ms_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                       {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit byte_units[] = {
    {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* "<digits><unit>". -EINVAL: something else, or beyond 64 bits. */
static int read_number(const char *text, const struct unit *units, int64_t *ret_number)
{
    const char *p = text + (text[0] == '-');
    if (*p < '0' || *p > '9')
        return -EINVAL;
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return -EINVAL;
    for (const struct unit *u = units; u->name != NULL; u++)
        if (strcmp(end, u->name) == 0) {
            int64_t product;
            if (__builtin_mul_overflow((int64_t)number, u->factor, &product))
                return -EINVAL;
            *ret_number = product;
            return 0;
        }
    return -EINVAL;
}

int config_parse_ms(const char *text, int64_t *ret_ms)
{
    int64_t ms;
    if (read_number(text, ms_units, &ms) < 0 || ms < 0)
        return -EINVAL;
    *ret_ms = ms;
    return 0;
}

void config_format_number(enum config_type type, int64_t number, char text[static 32])
{
    const struct unit *u = type == CONFIG_MS      ? ms_units
                           : type == CONFIG_BYTES ? byte_units
                                                  : no_units;
    if (type == CONFIG_BOOL) {
        (void)snprintf(text, 32, "%s", number != 0 ? "true" : "false");
        return;
    }
    while (u[1].name != NULL && (number == 0 || number % u->factor != 0))
        u++;
    (void)snprintf(text, 32, "%lld%s", (long long)(number / u->factor), u->name);
}

/* Is `text` one of the words of "a|b|c"? */
static bool is_choice(const char *choices, const char *text)
{
    const size_t size = strlen(text);
    for (const char *word = choices; size > 0;) {
        const size_t word_size = strcspn(word, "|");
        if (word_size == size && strncmp(word, text, size) == 0)
            return true;
        if (word[word_size] == '\0')
            break;
        word += word_size + 1;
    }
    return false;
}

static int read_typed(const struct config_row *row, const char *text, int64_t *ret_number,
                      char why[static 200])
{
    int64_t number = 0;
    int result = 0;
    const char *want = "";
    switch (row->type) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
        break;
    case CONFIG_INT:
        result = read_number(text, no_units, &number);
        want = "wants a whole number";
        break;
    case CONFIG_BOOL:
        number = strcmp(text, "true") == 0;
        result = number == 1 || strcmp(text, "false") == 0 ? 0 : -EINVAL;
        want = "wants true or false";
        break;
    case CONFIG_MS:
        result = config_parse_ms(text, &number);
        want = "wants a duration with its unit: 500ms, 10s, 5m, 2h or 30d";
        break;
    case CONFIG_BYTES:
        result = read_number(text, byte_units, &number);
        want = "wants a size: 512, 64k, 4m or 1g";
        break;
    case CONFIG_CHOICE:
        if (!is_choice(row->initial, text)) {
            (void)snprintf(why, 200, "wants one of %s", row->initial);
            return -EINVAL;
        }
        break;
    }
    if (result < 0) {
        (void)snprintf(why, 200, "%s", want);
        return -EINVAL;
    }
    *ret_number = number;
    return 0;
}

int config_read_value(const struct config_row *row, const char *text, int64_t *ret_number,
                      char why[static 200])
{
    int64_t number;
    if (read_typed(row, text, &number, why) < 0)
        return -EINVAL;
    const bool bounded = row->min != 0 || row->max != 0;
    if (bounded && (number < row->min || number > row->max)) {
        char least[32], most[32];
        config_format_number(row->type, row->min, least);
        config_format_number(row->type, row->max, most);
        (void)snprintf(why, 200, "is out of bounds: choose from %s to %s", least, most);
        return -EINVAL;
    }
    *ret_number = number;
    return 0;
}
