/* The workers' common command line; see options.h. */
#include "config/options.h"

#include "config/internal.h"

#include <getopt.h>
#include <sysexits.h>

enum { OVERRIDES_MAX = 256, SLOT_MAX = 32 };

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
    printf(
        "usage: %s [options]\n\n%s\n\n"
        "  --config FILE    read keys from this YAML file\n"
        "  -o key=value     set a key, over file and environment (never a secret: everybody can read a command line)\n"
        "  --slot N         this process's slot: a stable name, one process each; a restart in the same slot takes over at once\n"
        "  --http ADDR      serve /metrics /livez /readyz /status at address:port (:9100 is loopback, 0.0.0.0:9100 everywhere)\n"
        "  --check          validate the configuration and exit\n"
        "  --print-config   print what is in effect and where each value came from, secrets masked, and exit\n"
        "  --help, --version\n\n"
        "Keys are also read from PRIMAFLOW_<KEY>, and from KAFKA_BOOTSTRAP_SERVERS SCHEMA_REGISTRY_URL REDIS_URL PRIMA_URL.\nMost used:\n",
        program, usage);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct config_row *row = &config_rows[shown[i]];
        const int size = row->type == CONFIG_CHOICE ? (int)strcspn(row->initial, "|") : (int)strlen(row->initial);
        printf("  %s (%.*s)\n      %s\n", row->key, size, row->initial, row->help);
    }
    printf("\nAll: primaflow config reference\n"
           "Signals: SIGTERM drains and exits 0, a second one stops at once; SIGHUP reloads the mappings.\n"
           "Exit: 0 done, 64 usage, 69 a service is unavailable, 70 a defect, 78 configuration.\n");
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
    return size > 0 && size <= SLOT_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == size;
}

/* -1: go on; else the exit code. */
static int read_command(int argc, char **argv, const char *usage, struct command *c, struct options *o)
{
    enum { CONFIG = 256, CHECK, PRINT, SLOT, HTTP, HELP, VERSION };
    static const struct option known[] = {{"config", required_argument, NULL, CONFIG}, {"check", no_argument, NULL, CHECK},
                                          {"print-config", no_argument, NULL, PRINT},  {"slot", required_argument, NULL, SLOT},
                                          {"http", required_argument, NULL, HTTP},     {"help", no_argument, NULL, HELP},
                                          {"version", no_argument, NULL, VERSION},     {NULL, 0, NULL, 0}};
    optind = 0; /* glibc: start over, also after an earlier call */
    opterr = 0;
    for (int which; (which = getopt_long(argc, argv, ":o:", known, NULL)) != -1;) {
        switch (which) {
        case CONFIG:
            c->file = optarg;
            break;
        case 'o':
            if (c->override_count == OVERRIDES_MAX)
                return wrong_usage(c->program, "too many -o; use a file", "");
            if (strchr(optarg, '=') == NULL)
                return wrong_usage(c->program, "-o wants key=value, not ", optarg);
            c->overrides[c->override_count++] = optarg;
            break;
        case SLOT:
            if (!is_slot(optarg))
                return wrong_usage(c->program, "--slot wants 1 to 32 letters, digits, - or _, not ", optarg);
            o->slot = optarg;
            break;
        case HTTP:
            o->http = optarg;
            break;
        case CHECK:
            o->check = true;
            break;
        case PRINT:
            c->print_config = true;
            break;
        case HELP:
            print_help(c->program, usage);
            return EX_OK;
        case VERSION:
            printf("%s %s\n", c->program, PF_VERSION);
            return EX_OK;
        case ':':
            return wrong_usage(c->program, "a value is missing after ", argv[optind - 1]);
        default:
            return wrong_usage(c->program, "there is no option ", argv[optind - 1]);
        }
    }
    return optind < argc ? wrong_usage(c->program, "no argument is expected: ", argv[optind]) : -1;
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
    if (config_load(command.file, command.overrides, command.override_count, &o.config, &message) < 0) {
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
