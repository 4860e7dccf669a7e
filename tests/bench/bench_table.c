/* What a table of the ledger costs: how long a process reads it at its start, how much memory each
 * order takes, how fast groups are looked up. It fills a topic of its own, or reads one; one thread,
 * as in a worker. tests/bench/run has the figures. */
#include <getopt.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "kafka/admin.h"
#include "table/ktable.h"

enum {
    PARTITIONS_MAX = 64,
    WINDOW = 64,        /* lookups at a time */
    CREDITED_EACH = 10, /* of so many orders one has a credit */
    ENTRY_BYTES = 620,  /* of a ledger entry with three lines, as bench/run samples them */
    CREDIT_BYTES = 180,
    ORDER_STEP = 7919 /* which order is looked up next: far from the one before */
};

struct bench {
    struct host host;
    struct ktable *table;
    const char *topic, *bootstrap;
    uint64_t orders;
    int partitions;
    double seconds; /* of lookups */

    uint64_t asked, answered, wrong;
    unsigned waiting;
    int64_t until_ms;
    bool is_warm;
};

static struct config_message message;

static _Noreturn void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench-table: error: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    (void)fflush(stdout);
    _Exit(70);
}

/* ---- orders ---- */

static const char *order_key(uint64_t number, char key[static 60])
{
    (void)snprintf(key, 60, "acme/webshop/main/%" PRIu64, 5000000000 + number);
    return key;
}

static int32_t order_partition(const struct bench *b, uint64_t number)
{
    return (int32_t)(number % (uint64_t)b->partitions);
}

static bool has_credit(uint64_t number)
{
    return number / PARTITIONS_MAX % CREDITED_EACH == 0;
}

static size_t group_of_order(const void *key, size_t size)
{
    const char *at = key, *end = at + size;
    for (int slashes = 0; at < end; at++)
        if (*at == '/' && ++slashes == 4)
            break;
    return (size_t)(at - (const char *)key);
}

/* ---- filling ---- */

static void fill_bytes(char *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++, seed = seed * 6364136223846793005U + 1442695040888963407U)
        bytes[i] = i % 3 == 0 ? (char)(seed >> 56) : (char)('0' + i % 10); /* lz4 halves it */
}

static void produce(const struct bench *b, rd_kafka_t *rk, uint64_t number, const char *key,
                    size_t size)
{
    char bytes[ENTRY_BYTES];
    fill_bytes(bytes, size, number + size);
    while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(b->topic),
                             RD_KAFKA_V_PARTITION(order_partition(b, number)),
                             RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_VALUE(bytes, size),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        (void)rd_kafka_poll(rk, 10);
    (void)rd_kafka_poll(rk, 0);
}

static void make_topic(const struct bench *b)
{
    const struct kafka_setting setting = {.name = "cleanup.policy", .value = "compact"};
    const struct kafka_topic topic = {b->topic, b->partitions, 1, &setting, 1};
    struct kafka_words words;
    struct kafka_admin *admin;
    bool is_created = false;
    if (kafka_admin_new(b->host.config, &admin, words.text) < 0 ||
        kafka_topics_create(admin, &topic, 1, &is_created, words.text) < 0)
        die("%s", words.text);
    kafka_admin_free(admin);
    if (!is_created)
        die("topic %s is there already", b->topic);
}

static void fill(const struct bench *b)
{
    make_topic(b);
    const char *const properties[][2] = {
        {"bootstrap.servers", b->bootstrap},
        {"compression.type", "lz4"},
        {"linger.ms", "20"},
        {"batch.size", "65536"}, /* as transactions of workers are */
        {"enable.idempotence", "true"}};
    char words[300], key[60], credit[90];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], words, sizeof words) !=
            RD_KAFKA_CONF_OK)
            die("%s", words);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (rk == NULL)
        die("%s", words);
    for (uint64_t i = 0; i < b->orders; i++) {
        produce(b, rk, i, order_key(i, key), ENTRY_BYTES);
        if (!has_credit(i))
            continue;
        (void)snprintf(credit, sizeof credit, "%s/%" PRIu64, key, 900000000 + i);
        produce(b, rk, i, credit, CREDIT_BYTES);
    }
    if (rd_kafka_flush(rk, 120000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("Kafka does not take it");
    rd_kafka_destroy(rk);
}

/* ---- restoring ---- */

static long resident_kib(const char *name)
{
    char line[200];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL)
        die("no /proc");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            (void)sscanf(line + strlen(name), ": %ld", &kib);
    (void)fclose(file);
    return kib;
}

static double cpu_s(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void restore(struct bench *b)
{
    const int64_t began_ms = clock_monotonic_ms();
    const long before_kib = resident_kib("VmRSS");
    struct ktable_progress now;
    char words[KAFKA_TEXT_MAX];
    if (ktable_new(&b->host, b->topic, group_of_order, &b->table, words) < 0)
        die("%s", words);
    for (int32_t i = 0; i < b->partitions; i++)
        ktable_follow(b->table, i);
    do {
        (void)uv_run(&b->host.loop, UV_RUN_ONCE);
        ktable_progress(b->table, &now);
        if (clock_monotonic_ms() - began_ms > 300000)
            die("not restored within five minutes: %zu of %zu partitions", now.restored,
                now.partitions);
    } while (now.restored < now.partitions);
    const int64_t ms = clock_monotonic_ms() - began_ms;
    (void)printf("{\"keys\": %" PRId64 ", \"restore_s\": %.3f, \"restore_cpu_s\": %.3f, "
                 "\"rss_kib\": %ld, \"hwm_kib\": %ld, \"index_bytes\": %zu, \"cache_bytes\": %zu",
                 now.keys, (double)ms / 1e3, cpu_s(), resident_kib("VmRSS") - before_kib,
                 resident_kib("VmHWM") - before_kib, now.index_bytes, now.cache_bytes);
}

/* ---- looking up ---- */

static void ask(struct bench *b);

static void on_found(void *user, const struct ktable_answer *answer)
{
    struct bench *b = user;
    b->waiting--;
    b->answered++;
    if (answer->how != KTABLE_FOUND)
        die("%s", answer->why);
    if (answer->count < 1 || answer->records[0].value_size != ENTRY_BYTES)
        b->wrong++;
}

/* Warm: the last ones that were written, which the cache has. */
static void ask(struct bench *b)
{
    char key[60];
    const uint64_t recent = 1000 < b->orders ? 1000 : b->orders;
    const uint64_t number =
        b->is_warm ? b->orders - 1 - b->asked % recent : b->asked * ORDER_STEP % b->orders;
    b->asked++;
    b->waiting++;
    ktable_find(b->table, order_partition(b, number), order_key(number, key), on_found, b);
}

static void look_up(struct bench *b, bool is_warm)
{
    const int64_t began_ms = clock_monotonic_ms();
    const double cpu = cpu_s();
    b->until_ms = began_ms + (int64_t)(b->seconds * 1e3);
    b->is_warm = is_warm;
    b->asked = b->answered = 0;
    while (clock_monotonic_ms() < b->until_ms) {
        for (int i = 0; i < WINDOW && b->waiting < WINDOW; i++)
            ask(b);
        (void)uv_run(&b->host.loop, b->waiting > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
    while (b->waiting > 0)
        (void)uv_run(&b->host.loop, UV_RUN_ONCE);
    const double seconds = (double)(clock_monotonic_ms() - began_ms) / 1e3;
    if (b->wrong > 0)
        die("%" PRIu64 " of %" PRIu64 " answers are not what was written", b->wrong, b->answered);
    (void)printf(", \"%s_rate\": %.0f, \"%s_cpu_us\": %.1f", is_warm ? "warm" : "cold",
                 (double)b->answered / seconds, is_warm ? "warm" : "cold",
                 (cpu_s() - cpu) / (double)b->answered * 1e6);
}

/* ---- the program ---- */

static const char usage[] =
    "usage: bench-table --bootstrap H:P --topic T --partitions P --orders N [--fill] [--seconds "
    "S]\n"
    "\n"
    "--fill makes the topic and writes N orders into it, one in ten with a credit. Else it\n"
    "reads them into a table, looks some of them up, and prints what that took as JSON.\n";

static void read_options(int argc, char **argv, struct bench *b, bool *ret_fills)
{
    static const struct option options[] = {{"bootstrap", required_argument, NULL, 'b'},
                                            {"topic", required_argument, NULL, 't'},
                                            {"partitions", required_argument, NULL, 'p'},
                                            {"orders", required_argument, NULL, 'o'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"fill", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (id) {
        case 'b':
            b->bootstrap = optarg;
            break;
        case 't':
            b->topic = optarg;
            break;
        case 'p':
            b->partitions = (int)strtol(optarg, NULL, 10);
            break;
        case 'o':
            b->orders = strtoull(optarg, NULL, 10);
            break;
        case 's':
            b->seconds = strtod(optarg, NULL);
            break;
        case 'f':
            *ret_fills = true;
            break;
        default:
            (void)fputs(usage, stderr);
            exit(64);
        }
    }
    if (b->bootstrap == NULL || b->topic == NULL || b->partitions < 1 ||
        b->partitions > PARTITIONS_MAX || b->orders == 0) {
        (void)fputs(usage, stderr);
        exit(64);
    }
}

int main(int argc, char **argv)
{
    static struct bench b = {.seconds = 3};
    struct config *config;
    char option[200];
    bool fills = false;
    read_options(argc, argv, &b, &fills);
    const char *options[] = {option};
    (void)snprintf(option, sizeof option, "kafka.bootstrap.servers=%s", b.bootstrap);
    if (config_load(NULL, options, 1, &config, &message) < 0)
        die("%s", message.text);
    b.host.config = config;
    if (fills) {
        fill(&b);
        return 0;
    }
    if (uv_loop_init(&b.host.loop) != 0)
        die("no loop");
    timers_init(&b.host.timers, &b.host.loop);
    restore(&b);
    look_up(&b, true);
    look_up(&b, false);
    (void)printf(", \"cpu_s\": %.3f}\n", cpu_s());
    return 0;
}
