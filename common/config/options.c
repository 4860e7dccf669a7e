/* The workers' common command line; see options.h. */
#include "config/options.h"

#include "config/command_line.h"
#include "config/internal.h"

#include <stdlib.h>
#include <sysexits.h>

enum { OVERRIDES_MAX = 256, SLOT_MAX = 32, HELP_WIDTH = 16 };

enum { CONFIG, KEY, SLOT, HTTP, CHECK, PRINT, HELP, VERSION };
static const struct command_option known[] = {
    [CONFIG] = {"config", '\0', "FILE", "read keys from this YAML file", NULL},
    [KEY] = {NULL, 'o', "key=value",
             "set a key, over file and environment (never a secret: everybody can read a command "
             "line)",
             NULL},
    [SLOT] = {"slot", '\0', "N",
              "this process's slot: a stable name, one process each; a restart in the same slot "
              "takes over at once",
              NULL},
    [HTTP] = {"http", '\0', "ADDR",
              "serve /metrics /livez /readyz /status at address:port (:9100 is loopback, "
              "0.0.0.0:9100 everywhere)",
              NULL},
    [CHECK] = {"check", '\0', NULL, "validate the configuration and exit", NULL},
    [PRINT] = {"print-config", '\0', NULL,
               "print what is in effect and where each value came from, secrets masked, and exit",
               NULL},
    [HELP] = {"help", '\0', NULL, "print this and exit", NULL},
    [VERSION] = {"version", '\0', NULL, "print the version and exit", NULL},
};
enum { KNOWN_COUNT = sizeof known / sizeof *known };

struct command {
    const char *program, *file;
    const char *overrides[OVERRIDES_MAX];
    size_t override_count;
    bool print_config;
};

static void print_help(const char *program, const char *usage)
{
    static const enum config_key shown[] = {CFG_kafka_bootstrap_servers,
                                            CFG_redis_url,
                                            CFG_prima_url,
                                            CFG_schema_registry_url,
                                            CFG_prima_enforces_unique_order_number,
                                            CFG_worker_max_in_flight,
                                            CFG_limit_rate,
                                            CFG_log_format,
                                            CFG_log_level};
    printf("usage: %s [options]\n\n%s\n\n", program, usage);
    command_line_help(known, KNOWN_COUNT, HELP_WIDTH, stdout);
    printf("\nKeys are also read from PRIMAFLOW_<KEY>, and from KAFKA_BOOTSTRAP_SERVERS "
           "SCHEMA_REGISTRY_URL REDIS_URL PRIMA_URL.\nMost used:\n");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct config_row *row = &config_rows[shown[i]];
        const int size = row->type == CONFIG_CHOICE ? (int)strcspn(row->initial, "|")
                                                    : (int)strlen(row->initial);
        printf("  %s (%.*s)\n      %s\n", row->key, size, row->initial, row->help);
    }
    printf("\nAll: primaflow config reference\n"
           "Signals: SIGTERM drains and exits 0, a second one stops at once; SIGHUP reloads the "
           "mappings.\n"
           "Exit codes: 0 done, 64 usage, 69 a service is unavailable, 70 a defect, 78 "
           "configuration.\n");
}

static int wrong_usage(const char *program, const char *what, const char *value)
{
    (void)fprintf(stderr, "%s: %s%s; see %s --help\n", program, what, value, program);
    return EX_USAGE;
}

/* A slot's name becomes part of Kafka's transactional.id and of Redis keys. */
static bool is_slot(const char *text)
{
    const size_t size = strlen(text);
    return size > 0 && size <= SLOT_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == size;
}

/* One option. -1: go on; else the exit code. */
static int take_option(int which, const struct command_line *line, const char *usage,
                       struct command *c, struct options *o)
{
    switch (which) {
    case CONFIG:
        c->file = line->value;
        return -1;
    case KEY:
        if (c->override_count == OVERRIDES_MAX)
            return wrong_usage(c->program, "too many -o; use a file", "");
        if (strchr(line->value, '=') == NULL)
            return wrong_usage(c->program, "-o requires key=value, not ", line->value);
        c->overrides[c->override_count++] = line->value;
        return -1;
    case SLOT:
        if (!is_slot(line->value))
            return wrong_usage(c->program, "--slot requires 1 to 32 letters, digits, - or _, not ",
                               line->value);
        o->slot = line->value;
        return -1;
    case HTTP:
        o->http = line->value;
        return -1;
    case CHECK:
        o->check = true;
        return -1;
    case PRINT:
        c->print_config = true;
        return -1;
    case HELP:
        print_help(c->program, usage);
        return EX_OK;
    case VERSION:
        printf("%s %s\n", c->program, PF_VERSION);
        return EX_OK;
    case COMMAND_LINE_NO_VALUE:
        return wrong_usage(c->program, "missing value after ", line->at);
    default:
        return wrong_usage(c->program, "unknown option ", line->at);
    }
}

/* -1: go on; else the exit code. */
static int read_command(int argc, char **argv, const char *usage, struct command *c,
                        struct options *o)
{
    struct command_line line;
    int code = -1, which;
    if (command_line_init(&line, known, KNOWN_COUNT, argc, argv) < 0)
        abort();
    while (code < 0 && (which = command_line_next(&line)) != COMMAND_LINE_END)
        code = take_option(which, &line, usage, c, o);
    if (code < 0 && line.word_count > 0)
        code = wrong_usage(c->program, "unexpected argument: ", line.words[0]);
    command_line_release(&line);
    return code;
}

int options_read(int argc, char **argv, const char *usage, struct options *ret_options)
{
    struct command command = {.program = "primaflow"};
    struct options o = {.config = NULL};
    if (argc > 0) {
        const char *slash = strrchr(argv[0], '/');
        command.program = slash != NULL ? slash + 1 : argv[0];
    }
    const int code = read_command(argc, argv, usage, &command, &o);
    if (code >= 0)
        return code;
    struct config_message message;
    if (config_load(command.file, command.overrides, command.override_count, &o.config, &message) <
        0) {
        (void)fprintf(stderr, "%s: %s\n", command.program, message.text);
        return EX_CONFIG;
    }
    if (command.print_config) {
        config_print(o.config, stdout);
        config_free(o.config);
        return EX_OK;
    }
    if (o.http == NULL && config_text(o.config, CFG_http_listen)[0] != '\0')
        o.http = config_text(o.config, CFG_http_listen);
    *ret_options = o;
    return -1;
}
