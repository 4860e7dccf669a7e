/* Options from the file of --config, then -o and the long options, the last one winning; see options.h. */
#include "options.h"

#include <errno.h>
#include <sysexits.h>

enum { OPTION_COUNT = 11, LINE_MAX_BYTES = 1000 };

enum option_id { LISTEN, ADMIN, DB, DATA, LATENCY, CAPACITY, UNIQUE, WORDING, PRICE, BALANCE, ECHO_FIELD };

static const struct {
    const char *name, *argument, *value, *help;
} table[] = {
    [LISTEN] = {"listen", "ADDR", "127.0.0.1:8080", "HOST:PORT of the SOAP service; port 0 picks a free one"},
    [ADMIN] = {"admin", "ADDR", "127.0.0.1:8081", "HOST:PORT of the admin service; keep it on loopback"},
    [DB] = {"db", "FILE", ":memory:", "the ledger, an SQLite file; made when it is not there"},
    [DATA] = {"data", "FILE", "", "JSON with depots, products, customers and orders for a new ledger; empty: the default catalogue"},
    [LATENCY] = {"latency", "DIST", "0", "how long an answer takes: 5ms, uniform:5ms-20ms, exp:50ms"},
    [CAPACITY] = {"capacity", "N[:STATUS]", "0", "requests a second; beyond it STATUS, 503 (default) or 429; 0: no limit"},
    [UNIQUE] = {"unique", "on|off", "on", "refuse a second document of the same number"},
    [WORDING] = {"wording", "STYLE", "plain", "of error texts: plain, foreign or random"},
    [PRICE] = {"price", "unit|line", "unit", "what Price on an order line means"},
    [BALANCE] = {"balance", "store|refuse", "store",
                 "an order not on hold whose balance is off: store it with its difference, or refuse it"},
    [ECHO_FIELD] = {"echo", "on|off", "off", "OrderStatus gives CustomerRef back"},
};

struct value {
    char *text;
    char origin[300];
};

static void say(const char *where, const char *what, const char *why)
{
    (void)fprintf(stderr, "prima-sandbox: %s: %s: %s\n", where, what, why);
}

static int find(const char *name, size_t size)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
            return i;
    return -1;
}

static bool set(struct value *value, const char *text, const char *origin)
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
        say("--config", path, strerror(errno));
        return EX_CONFIG;
    }
    int exit_code = -1;
    for (int number = 1; exit_code < 0 && fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        char *key = line + strspn(line, " "), *colon = strchr(key, ':');
        if (key[0] == '\0' || key[0] == '#')
            continue;
        (void)snprintf(where, sizeof where, "%.250s line %d", path, number);
        const int id = colon == NULL ? -1 : find(key, (size_t)(colon - key));
        if (id < 0) {
            say(where, key, "no such key; --help lists them");
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
        exit_code = set(&values[id], text, where) ? -1 : EX_OSERR;
    }
    (void)fclose(file);
    return exit_code;
}

static void help(void)
{
    (void)printf("usage: prima-sandbox [--listen ADDR] [--admin ADDR] [--db FILE] ...\n"
                 "A stand-in for Prima: its SOAP service at http://ADDR/wsalive/wsalive over an SQLite ledger, hostile on demand by the "
                 "admin port.\n\n");
    for (int i = 0; i < OPTION_COUNT; i++) {
        char left[40];
        (void)snprintf(left, sizeof left, "--%s %s", table[i].name, table[i].argument);
        (void)printf("  %-24s %s (default: %s)\n", left, table[i].help, table[i].value[0] == '\0' ? "none" : table[i].value);
    }
    (void)printf(
        "  %-24s the same keys as lines \"key: value\"\n  %-24s one of them\n  %-24s write the addresses there once it listens, as shell "
        "lines\n"
        "  %-24s validate and exit\n  %-24s show the effective values and where each came from\n  --help, --version\n\n"
        "Exit: 0 ended by SIGTERM or SIGINT, 64 usage, 65 data, 69 an address is taken, 74 the ledger cannot be written, 78 config.\n",
        "--config FILE", "-o KEY=VALUE", "--ports-file FILE", "--check", "--print-config");
}

static void print_config(const struct value values[static OPTION_COUNT])
{
    for (int i = 0; i < OPTION_COUNT; i++)
        (void)printf("%s: %s%*s# %s\n", table[i].name, values[i].text, (int)(strlen(values[i].text) < 24 ? 24 - strlen(values[i].text) : 1),
                     " ", values[i].origin);
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
    return *end == '\0' && capacity->per_second <= 1000000 && (capacity->status == 503 || capacity->status == 429);
}

/* From texts to values; the number of the option that is wrong, or -1. */
static int convert(struct value values[static OPTION_COUNT], struct options *o)
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
        [ECHO_FIELD] = choose(values[ECHO_FIELD].text, "on", "off", &o->echo),
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

/* One argument, or two; sets *at to the last one used. -1: go on. */
static int read_argument(int argc, char **argv, int *at, struct value values[static OPTION_COUNT], struct arguments *a)
{
    const char *name = argv[*at], *text = NULL;
    if (strcmp(name, "--help") == 0) {
        help();
        return EX_OK;
    }
    if (strcmp(name, "--version") == 0) {
        (void)printf("prima-sandbox %s\n", PF_VERSION);
        return EX_OK;
    }
    if (strcmp(name, "--check") == 0 || strcmp(name, "--print-config") == 0) {
        *(name[2] == 'c' ? &a->check : &a->print) = true;
        return -1;
    }
    const bool is_pair = strcmp(name, "-o") == 0;
    const char *equals = strncmp(name, "--", 2) == 0 ? strchr(name, '=') : NULL;
    const size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    text = equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    const char *key = is_pair ? text : name + 2, *pair = is_pair && text != NULL ? strchr(text, '=') : NULL;
    const bool is_config = size == 8 && memcmp(name, "--config", 8) == 0, is_ports = size == 12 && memcmp(name, "--ports-file", 12) == 0;
    const int id = is_pair ? (pair == NULL ? -1 : find(key, (size_t)(pair - key))) : size > 2 && name[0] == '-' ? find(key, size - 2) : -1;
    if (id < 0 && !is_config && !is_ports) {
        say(is_pair && text != NULL ? text : name, "unknown option", "see --help");
        return EX_USAGE;
    }
    if (text == NULL) {
        say(name, "an argument is missing", "see --help");
        return EX_USAGE;
    }
    if (is_config)
        a->config = text;
    else if (is_ports)
        a->ports_file = text;
    else if (!set(&values[id], is_pair ? pair + 1 : text, is_pair ? "-o" : "command line"))
        return EX_OSERR;
    return -1;
}

static int finish(struct value values[static OPTION_COUNT], const struct arguments *a, struct options *o)
{
    const int bad = convert(values, o);
    if (bad >= 0) {
        char what[100];
        (void)snprintf(what, sizeof what, "%s: %.60s", table[bad].name, values[bad].text);
        say(values[bad].origin, what, table[bad].help);
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
    int exit_code = -1;
    for (int i = 1; exit_code < 0 && i < argc; i++)
        exit_code = read_argument(argc, argv, &i, given, &a);
    for (int i = 0; exit_code < 0 && i < OPTION_COUNT; i++)
        exit_code = set(&from_file[i], table[i].value, "default") ? -1 : EX_OSERR;
    if (exit_code < 0 && a.config != NULL)
        exit_code = read_file(a.config, from_file);
    for (int i = 0; exit_code < 0 && i < OPTION_COUNT; i++)
        if (given[i].text != NULL)
            exit_code = set(&from_file[i], given[i].text, given[i].origin) ? -1 : EX_OSERR;
    if (exit_code < 0)
        exit_code = finish(from_file, &a, &o);
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
