/* The bare loop's program: options, and the order of an order's steps; see bare.h. */
#include "bare.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/resource.h>

void bare_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench-bare: error: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    _Exit(70);
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void bare_committed(struct bare *b, size_t count)
{
    b->committed += count;
    if (b->committed == b->orders_max)
        uv_stop(&b->loop);
    else
        bare_pump(b);
}

/* ---- an order's steps ---- */

/* Where the worker takes random numbers and a SHA-256, bytes of the same number do: what follows
 * cannot tell. */
static void name_order(struct order *o)
{
    uint64_t x = o->number * UINT64_C(0x9e3779b97f4a7c15);
    char bytes[32 + sizeof o->goods + sizeof o->money];
    for (size_t i = 0; i < sizeof bytes; i += 8, x = (x ^ (x >> 29)) * UINT64_C(0xbf58476d1ce4e5b9))
        memcpy(bytes + i, &x, 8);
    o->identity[0] = 1;
    memcpy(o->identity + 1, bytes, 32);
    memcpy(o->token, bytes + 8, sizeof o->token);
    memcpy(o->goods, bytes + 32, sizeof o->goods);
    memcpy(o->money, bytes + 32 + sizeof o->goods, sizeof o->money);
}

void bare_pump(struct bare *b)
{
    while (b->in_flight < b->in_flight_max && b->taken < b->orders_max &&
           b->taken - b->committed < b->buffered_max) {
        struct order *o = calloc(1, sizeof *o);
        if (o == NULL)
            bare_die("no memory");
        if (!bare_kafka_take(b->kafka, o)) {
            free(o);
            return;
        }
        o->bare = b;
        o->sample = &b->samples[b->taken % b->sample_count];
        o->number = b->first_number + b->taken;
        name_order(o);
        if (b->taken++ == b->warm)
            b->warm_cpu_us = cpu_us();
        b->in_flight++;
        redis_claim_sent(b->redis, o);
    }
}

void order_sent(struct order *o)
{
    http_post(o->bare->http, o);
}

void order_posted(struct order *o)
{
    redis_finish(o->bare->redis, o);
}

void order_finished(struct order *o)
{
    struct bare *b = o->bare;
    b->finished++;
    b->in_flight--;
    bare_kafka_publish(b->kafka, o);
    bare_pump(b);
}

/* ---- the program ---- */

struct settings {
    const char *samples, *url, *redis_host, *redis_prefix;
    int redis_port;
    struct kafka_names kafka;
};

static const char usage[] =
    "usage: bench-bare --samples FILE --orders N --warm N --first NUMBER --bootstrap H:P --group G "
    "--instance I --redis-port P --url URL "
    "[--in-flight N]\n"
    "\n"
    "Takes --orders orders from orders.raw and does for each what the orders worker does in bytes "
    "on the wire, and nothing else.\n"
    "Prints how many followed the first --warm ones, and the microseconds of CPU that they took.\n"
    "FILE, and all the rest, is tests/bench/run's business.\n";

enum option_id {
    SAMPLES = 1,
    ORDERS,
    WARM,
    FIRST,
    BOOTSTRAP,
    GROUP,
    INSTANCE,
    REDIS_PORT,
    URL,
    IN_FLIGHT
};

static uint64_t number_of(const char *text)
{
    char *end;
    const unsigned long long number = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        bare_die("'%s' is not a number", text);
    return number;
}

static void read_options(int argc, char **argv, struct bare *b, struct settings *s)
{
    static const struct option options[] = {
        {"samples", required_argument, NULL, SAMPLES},
        {"orders", required_argument, NULL, ORDERS},
        {"warm", required_argument, NULL, WARM},
        {"first", required_argument, NULL, FIRST},
        {"bootstrap", required_argument, NULL, BOOTSTRAP},
        {"group", required_argument, NULL, GROUP},
        {"instance", required_argument, NULL, INSTANCE},
        {"redis-port", required_argument, NULL, REDIS_PORT},
        {"url", required_argument, NULL, URL},
        {"in-flight", required_argument, NULL, IN_FLIGHT},
        {NULL, 0, NULL, 0},
    };
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (id) {
        case SAMPLES:
            s->samples = optarg;
            break;
        case ORDERS:
            b->orders_max = number_of(optarg);
            break;
        case WARM:
            b->warm = number_of(optarg);
            break;
        case FIRST:
            b->first_number = number_of(optarg);
            break;
        case BOOTSTRAP:
            s->kafka.bootstrap = optarg;
            break;
        case GROUP:
            s->kafka.group = optarg;
            break;
        case INSTANCE:
            s->kafka.instance = optarg;
            break;
        case REDIS_PORT:
            s->redis_port = (int)number_of(optarg);
            break;
        case URL:
            s->url = optarg;
            break;
        case IN_FLIGHT:
            b->in_flight_max = (size_t)number_of(optarg);
            break;
        default:
            (void)fputs(usage, stderr);
            exit(64);
        }
    }
    if (s->samples == NULL || b->orders_max == 0 || s->kafka.bootstrap == NULL ||
        s->kafka.group == NULL || s->kafka.instance == NULL || s->url == NULL ||
        s->redis_port == 0) {
        (void)fputs(usage, stderr);
        exit(64);
    }
}

int main(int argc, char **argv)
{
    struct bare b = {.in_flight_max = 64, .buffered_max = 2000};
    struct settings s = {
        .redis_host = "127.0.0.1",
        .redis_prefix = "pb", /* as long as the worker's */
        .kafka = {.topic = "orders.raw", .results = "orders.results", .ledger = "orders.ledger"}};
    read_options(argc, argv, &b, &s);
    if (uv_loop_init(&b.loop) != 0)
        bare_die("no loop");
    b.samples = samples_read(s.samples, &b.sample_count);
    b.redis = redis_link_new(&b, s.redis_host, s.redis_port, s.redis_prefix);
    b.http = http_new(&b, s.url, b.in_flight_max);
    b.kafka = bare_kafka_new(&b, &s.kafka);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    (void)printf("%" PRIu64 " %" PRIu64 "\n", b.committed - b.warm, cpu_us() - b.warm_cpu_us);
    bare_kafka_free(b.kafka);
    http_free(b.http);
    redis_link_free(b.redis);
    return b.committed == b.orders_max ? 0 : 70;
}
