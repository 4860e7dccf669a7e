/* Options from the file of --config, then -o and the long options, the last one winning; see
 * options.h. */
#include "options.h"

#include "config/command_line.h"

#include <errno.h>
#include <sysexits.h>

enum { LINE_MAX_BYTES = 1000, HELP_WIDTH = 24 };

/* The first ones are keys, in a file and behind -o too. */
enum option_id {
    LISTEN,
    ADMIN,
    DB,
    DATA,
    LATENCY,
    CAPACITY,
    UNIQUE,
    WORDING,
    PRICE,
    BALANCE,
    RESTOCKS,
    ECHO_FIELD,
    PARCELS,
    OPTION_COUNT,
    CONFIG_FILE = OPTION_COUNT,
    PAIR,
    PORTS_FILE,
    CHECK,
    PRINT_CONFIG,
    HELP,
    VERSION,
    ROW_COUNT
};

static const struct command_option table[ROW_COUNT] = {
    [LISTEN] = {"listen", '\0', "ADDR", "HOST:PORT of the SOAP service; port 0 picks a free one",
                "127.0.0.1:8080"},
    [ADMIN] = {"admin", '\0', "ADDR", "HOST:PORT of the admin service; keep it on loopback",
               "127.0.0.1:8081"},
    [DB] = {"db", '\0', "FILE", "the ledger, an SQLite file; made when it is not there",
            ":memory:"},
    [DATA] = {"data", '\0', "FILE",
              "JSON with depots, products, customers and orders for a new ledger; empty: the "
              "default catalogue",
              ""},
    [LATENCY] = {"latency", '\0', "DIST",
                 "how long an answer takes: 5ms, uniform:5ms-20ms, exp:50ms", "0"},
    [CAPACITY] = {"capacity", '\0', "N[:STATUS]",
                  "requests a second; beyond it STATUS, 503 (default) or 429; 0: no limit", "0"},
    [UNIQUE] = {"unique", '\0', "on|off", "refuse a second document of the same number", "on"},
    [WORDING] = {"wording", '\0', "STYLE", "of error texts: plain, foreign or random", "plain"},
    [PRICE] = {"price", '\0', "unit|line", "what Price on an order line means", "unit"},
    [BALANCE] =
        {"balance", '\0', "store|refuse",
         "an order not on hold whose balance is off: store it with its difference, or refuse it",
         "store"},
    [RESTOCKS] =
        {"restocks", '\0', "on|off",
         "a credit note puts goods with Restock back on hand; off: the warehouse's receipt "
         "does",
         "on"},
    [ECHO_FIELD] = {"echo", '\0', "on|off", "OrderStatus gives CustomerRef back", "off"},
    [PARCELS] = {"parcels", '\0', "on|off", "OrderStatus tells what left, parcel by parcel", "on"},
    [CONFIG_FILE] = {"config", '\0', "FILE", "the same keys as lines \"key: value\"", NULL},
    [PAIR] = {NULL, 'o', "KEY=VALUE", "one of them", NULL},
    [PORTS_FILE] = {"ports-file", '\0', "FILE",
                    "write the addresses there once it listens, as shell lines", NULL},
    [CHECK] = {"check", '\0', NULL, "validate and exit", NULL},
    [PRINT_CONFIG] = {"print-config", '\0', NULL,
                      "show the effective values and where each came from", NULL},
    [HELP] = {"help", '\0', NULL, "print this and exit", NULL},
    [VERSION] = {"version", '\0', NULL, "print the version and exit", NULL},
};

struct value {
    char *text;
    char origin[300];
};

static void options_say(const char *where, const char *what, const char *why)
{
    (void)fprintf(stderr, "prima-sandbox: %s: %s: %s\n", where, what, why);
}

static int options_find(const char *name, size_t size)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
            return i;
    return -1;
}

static bool options_set(struct value *value, const char *text, const char *origin)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return false;
    free(value->text);
    value->text = copy;
    (void)snprintf(value->origin, sizeof value->origin, "%s", origin);
    return true;
}

/* "key: value" a line, # for comments: as much of YAML as eleven plain values need. */
static int read_file(const char *path, struct value values[static OPTION_COUNT])
{
    char line[LINE_MAX_BYTES], where[300];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        options_say("--config", path, strerror(errno));
        return EX_CONFIG;
    }
    int exit_code = -1;
    for (int number = 1; exit_code < 0 && fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        char *key = line + strspn(line, " "), *colon = strchr(key, ':');
        if (key[0] == '\0' || key[0] == '#')
            continue;
        (void)snprintf(where, sizeof where, "%.250s line %d", path, number);
        const int id = colon == NULL ? -1 : options_find(key, (size_t)(colon - key));
        if (id < 0) {
            options_say(where, key, "unknown key; --help lists them");
            exit_code = EX_CONFIG;
            break;
        }
        char *text = colon + 1 + strspn(colon + 1, " "), *comment = strstr(text, " #");
        if (comment != NULL)
            *comment = '\0';
        for (size_t size = strlen(text); size > 0 && text[size - 1] == ' ';)
            text[--size] = '\0';
        const size_t size = strlen(text);
        if (size >= 2 && (text[0] == '"' || text[0] == '\'') && text[size - 1] == text[0]) {
            text[size - 1] = '\0';
            text++;
        }
        exit_code = options_set(&values[id], text, where) ? -1 : EX_OSERR;
    }
    (void)fclose(file);
    return exit_code;
}

static void help(void)
{
    (void)printf("usage: prima-sandbox [--listen ADDR] [--admin ADDR] [--db FILE] ...\n"
                 "A stand-in for Prima: its SOAP service at http://ADDR/wsalive/wsalive over an "
                 "SQLite ledger, hostile on demand by the "
                 "admin port.\n\n");
    command_line_help(table, ROW_COUNT, HELP_WIDTH, stdout);
    (void)printf("\nExit: 0 ended by SIGTERM or SIGINT, 64 usage, 65 data, 69 an address is taken, "
                 "74 the ledger cannot be written, 78 config.\n");
}

static void print_config(const struct value values[static OPTION_COUNT])
{
    for (int i = 0; i < OPTION_COUNT; i++)
        (void)printf("%s: %s%*s# %s\n", table[i].name, values[i].text,
                     (int)(strlen(values[i].text) < 24 ? 24 - strlen(values[i].text) : 1), " ",
                     values[i].origin);
}

static bool choose(const char *text, const char *yes, const char *no, bool *ret)
{
    *ret = strcmp(text, yes) == 0;
    return *ret || strcmp(text, no) == 0;
}

static bool read_capacity(const char *text, struct capacity *capacity)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    capacity->per_second = strtoll(text, &end, 10);
    capacity->status = *end == ':' ? (int)strtol(end + 1, &end, 10) : 503;
    return *end == '\0' && capacity->per_second <= 1000000 &&
           (capacity->status == 503 || capacity->status == 429);
}

/* From texts to values; the number of the option that is wrong, or -1. */
static int options_convert(struct value values[static OPTION_COUNT], struct options *o)
{
    const bool good[OPTION_COUNT] = {
        [LISTEN] = values[LISTEN].text[0] != '\0',
        [ADMIN] = values[ADMIN].text[0] != '\0',
        [DB] = values[DB].text[0] != '\0',
        [DATA] = true,
        [LATENCY] = latency_parse(values[LATENCY].text, &o->latency) == 0,
        [CAPACITY] = read_capacity(values[CAPACITY].text, &o->capacity),
        [UNIQUE] = choose(values[UNIQUE].text, "on", "off", &o->unique),
        [WORDING] = wording_style_find(values[WORDING].text, &o->wording) == 0,
        [PRICE] = choose(values[PRICE].text, "line", "unit", &o->price_of_line),
        [BALANCE] = choose(values[BALANCE].text, "refuse", "store", &o->refuse_off_balance),
        [RESTOCKS] = choose(values[RESTOCKS].text, "on", "off", &o->restocks),
        [ECHO_FIELD] = choose(values[ECHO_FIELD].text, "on", "off", &o->echo),
        [PARCELS] = choose(values[PARCELS].text, "on", "off", &o->parcels),
    };
    for (int i = 0; i < OPTION_COUNT; i++)
        if (!good[i])
            return i;
    return -1;
}

struct arguments {
    const char *config, *ports_file;
    bool check, print;
};

static int take_pair(const char *text, struct value values[static OPTION_COUNT])
{
    const char *equals = strchr(text, '=');
    const int id = equals == NULL ? -1 : options_find(text, (size_t)(equals - text));
    if (id < 0) {
        options_say(text, "unknown option", "see --help");
        return EX_USAGE;
    }
    return options_set(&values[id], equals + 1, "-o") ? -1 : EX_OSERR;
}

/* One option. -1: go on; else the exit code. */
static int take_option(int which, const struct command_line *line,
                       struct value values[static OPTION_COUNT], struct arguments *a)
{
    switch (which) {
    case CONFIG_FILE:
        a->config = line->value;
        return -1;
    case PAIR:
        return take_pair(line->value, values);
    case PORTS_FILE:
        a->ports_file = line->value;
        return -1;
    case CHECK:
        a->check = true;
        return -1;
    case PRINT_CONFIG:
        a->print = true;
        return -1;
    case HELP:
        help();
        return EX_OK;
    case VERSION:
        (void)printf("prima-sandbox %s\n", PF_VERSION);
        return EX_OK;
    case COMMAND_LINE_NO_VALUE:
        options_say(line->at, "an argument is missing", "see --help");
        return EX_USAGE;
    case COMMAND_LINE_UNKNOWN:
    case COMMAND_LINE_ONE_VALUE:
        options_say(line->at, "unknown option", "see --help");
        return EX_USAGE;
    default:
        return options_set(&values[which], line->value, "command line") ? -1 : EX_OSERR;
    }
}

static int read_arguments(int argc, char **argv, struct value values[static OPTION_COUNT],
                          struct arguments *a)
{
    struct command_line line;
    int exit_code = command_line_init(&line, table, ROW_COUNT, argc, argv) < 0 ? EX_OSERR : -1,
        which;
    while (exit_code < 0 && (which = command_line_next(&line)) != COMMAND_LINE_END)
        exit_code = take_option(which, &line, values, a);
    if (exit_code < 0 && line.word_count > 0) {
        options_say(line.words[0], "unknown option", "see --help");
        exit_code = EX_USAGE;
    }
    command_line_release(&line);
    return exit_code;
}

static int options_finish(struct value values[static OPTION_COUNT], const struct arguments *a,
                          struct options *o)
{
    const int bad = options_convert(values, o);
    if (bad >= 0) {
        char what[100];
        (void)snprintf(what, sizeof what, "%s: %.60s", table[bad].name, values[bad].text);
        options_say(values[bad].origin, what, table[bad].help);
        return strcmp(values[bad].origin, "command line") == 0 ? EX_USAGE : EX_CONFIG;
    }
    if (a->print) {
        print_config(values);
        return EX_OK;
    }
    char **const texts[] = {&o->listen, &o->admin, &o->db, &o->data};
    for (int i = LISTEN; i <= DATA; i++) {
        *texts[i] = values[i].text;
        values[i].text = NULL;
    }
    if (o->data[0] == '\0') {
        free(o->data);
        o->data = NULL;
    }
    o->check = a->check;
    o->ports_file = a->ports_file == NULL ? NULL : strdup(a->ports_file);
    return -1;
}

int options_read(int argc, char **argv, struct options *ret_options)
{
    struct value from_file[OPTION_COUNT] = {{0}}, given[OPTION_COUNT] = {{0}};
    struct arguments a = {0};
    struct options o = {0};
    int exit_code = read_arguments(argc, argv, given, &a);
    for (int i = 0; exit_code < 0 && i < OPTION_COUNT; i++)
        exit_code = options_set(&from_file[i], table[i].initial, "default") ? -1 : EX_OSERR;
    if (exit_code < 0 && a.config != NULL)
        exit_code = read_file(a.config, from_file);
    for (int i = 0; exit_code < 0 && i < OPTION_COUNT; i++)
        if (given[i].text != NULL)
            exit_code = options_set(&from_file[i], given[i].text, given[i].origin) ? -1 : EX_OSERR;
    if (exit_code < 0)
        exit_code = options_finish(from_file, &a, &o);
    for (int i = 0; i < OPTION_COUNT; i++) {
        free(from_file[i].text);
        free(given[i].text);
    }
    if (exit_code < 0)
        *ret_options = o;
    else
        options_release(&o);
    return exit_code;
}

void options_release(struct options *o)
{
    free(o->listen);
    free(o->admin);
    free(o->db);
    free(o->data);
    free(o->ports_file);
    *o = (struct options){0};
}
