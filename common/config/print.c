/* Configuration as text for people: effective values, secrets masked, and the reference of all
 * keys. */
#include "config/internal.h"

#include "base/buf.h"

const char *config_masked(struct arena *arena, const char *value, bool secret)
{
    const char *scheme = strstr(value, "://"), *at = strrchr(value, '@');
    if (scheme == NULL)
        return secret && value[0] != '\0' ? "***" : value;
    const char *user = scheme + 3;
    if (at == NULL || at < user) /* nothing before the host; a query may still hold something */
        return secret && strchr(value, '?') != NULL ? "***" : value;
    const char *colon = memchr(user, ':', (size_t)(at - user));
    const char *shown_end = colon != NULL ? colon + 1 : user;
    const char *masked = arena_printf(arena, "%.*s***%s", (int)(shown_end - value), value, at);
    return masked != NULL ? masked : "***";
}

/* The character at `p`, if it is beyond ASCII and one that YAML breaks lines at or takes only
 * escaped; else 0. */
static unsigned special_character(const unsigned char *p, size_t *ret_size)
{
    *ret_size = p[0] == 0xc2 ? 2 : 3;
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1 controls, next line among them */
        return p[1];
    if (p[0] == 0xe2 && p[1] == 0x80 &&
        (p[2] == 0xa8 || p[2] == 0xa9)) /* line and paragraph separator */
        return 0x2028U + p[2] - 0xa8U;
    if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) /* byte order mark */
        return 0xfeffU;
    if (p[0] == 0xef && p[1] == 0xbf && (p[2] == 0xbe || p[2] == 0xbf)) /* no characters */
        return 0xfffeU + p[2] - 0xbeU;
    return 0;
}

/* A YAML double-quoted text. */
static void print_quoted(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        size_t size;
        const unsigned special = special_character(p, &size);
        if (special != 0) {
            (void)fprintf(out, "\\u%04x", special);
            p += size - 1;
        } else if (*p == '"' || *p == '\\')
            (void)fprintf(out, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            (void)fprintf(out, "\\x%02x", *p);
        else
            (void)fputc(*p, out);
    }
    (void)fputc('"', out);
}

static void print_line(FILE *out, const char *prefix, const char *key, const char *value,
                       bool quoted, const char *source)
{
    (void)fprintf(out, "%s%s: ", prefix, key);
    if (quoted)
        print_quoted(out, value);
    else
        (void)fputs(value, out);
    (void)fprintf(out, " # %s\n", source);
}

void config_print(const struct config *config, FILE *out)
{
    struct arena *arena = arena_new(1 << 20);
    if (arena == NULL)
        return;
    for (int i = 0; i < CFG_COUNT; i++) {
        const struct config_value *v = &config->values[i];
        const enum config_type type = config_rows[i].type;
        print_line(out, "", config_rows[i].key,
                   config_masked(arena, v->text, config_rows[i].secret),
                   type == CONFIG_TEXT || type == CONFIG_PATH || type == CONFIG_CHOICE, v->source);
    }
    for (size_t i = 0; i < config->rdkafka_count; i++) {
        const struct config_property *p = &config->rdkafka[i];
        print_line(out, "rdkafka.", p->name,
                   config_masked(arena, p->value, config_rdkafka_secret(p->name)), true, p->source);
    }
    arena_free(arena);
}

size_t config_print_overruled(const struct config *config, FILE *out)
{
    size_t count = 0;
    for (size_t i = 0; i < config->rdkafka_count; i++) {
        const struct config_property *p = &config->rdkafka[i];
        const char *why = config_rdkafka_overrules(p->name);
        if (why == NULL)
            continue;
        (void)fprintf(out, "note: rdkafka.%s (%s) is overruled: %s; remove it\n", p->name,
                      p->source, why);
        count++;
    }
    return count;
}

/* A table's cell: a bar would end it. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void print_reference_row(FILE *out, const struct config_row *row)
{
    static const char *const types[] = {"text", "number", "true / false", "duration",
                                        "size", "path",   "one of"};
    (void)fprintf(out, "| `%s` | %s", row->key, types[row->type]);
    if (row->type == CONFIG_CHOICE) {
        (void)fputc(' ', out);
        print_cell(out, row->initial);
    }
    if (row->min != 0 || row->max != 0) {
        char least[32], most[32];
        config_format_number(row->type, row->min, least);
        config_format_number(row->type, row->max, most);
        (void)fprintf(out, ", %s to %s", least, most);
    }
    const int size =
        row->type == CONFIG_CHOICE ? (int)strcspn(row->initial, "|") : (int)strlen(row->initial);
    (void)fprintf(out, size > 0 ? " | `%.*s` | " : " | %.*s| ", size, row->initial);
    print_cell(out, row->help);
    (void)fputs(row->secret ? " (secret: from a file or the environment, never `-o`) |\n" : " |\n",
                out);
}

void config_reference(FILE *out)
{
    (void)fputs(
        "# Configuration\n\n"
        "Each key is read, in rising order of precedence, from its default, the file of "
        "`--config` (YAML; nested or dotted keys),\n"
        "the environment (`PRIMAFLOW_<KEY>`, in capitals and with underscores for dots: "
        "`PRIMAFLOW_REDIS_URL`) and `-o key=value`.\n"
        "`--print-config` shows what is in effect and where it came from, secrets masked; "
        "`--check` validates and exits.\n"
        "Durations have a unit: `500ms` `10s` `5m` `2h` `30d`. Sizes may: `64k` `4m` `1g`. "
        "Paths in a file are relative to that file.\n"
        "Secrets belong in a file or the environment: what stands on a command line, "
        "everybody on the machine can read.\n"
        "`rdkafka.<property>` passes through to librdkafka, for every client of every program, "
        "except the properties that exactly-once depends on:\n"
        "most are refused, the others overruled, which `--check` says.\n\n"
        "| key | type | default | what it does |\n|---|---|---|---|\n",
        out);
    for (int i = 0; i < CFG_COUNT; i++)
        print_reference_row(out, &config_rows[i]);
}
